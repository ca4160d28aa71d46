/** Dialogs: the browser's own element keeps the focus inside and closes on Escape. */

import { el } from "../dom.js";
import { icon } from "../icons.js";
import { problemNote } from "./notes.js";

const FIELDS = ".dialog-body :is(input, select, textarea)";

/**
 * Show a dialog until it is answered.
 * @param {object} what
 * @param {string|[string, object]} what.title a text's key
 * @param {(Node|string)[]} what.body
 * @param {{label: string|[string, object], value: any, look?: string, first?: boolean}[]}
 *   what.actions buttons from left to right; `value` is a function of nothing, or what the dialog
 *   answers; where there is no field, the focus begins at the `first`, else at the last
 * @param {() => any} [what.onSubmit] what Enter in a field answers
 *   (a function that returns undefined leaves the dialog open)
 * @param {(value: any) => Promise<any>} [what.attempt] made with a value before the dialog closes;
 *   the dialog answers what it returns, and where it throws stays open and says why
 * @returns {Promise<any>} the value; null when it was closed without one
 */
export function openDialog({ title, body, actions, onSubmit, attempt }) {
  return new Promise((answer) => {
    let value = null;
    const finish = (found) => {
      if (found === undefined) return;
      value = found;
      dialog.close();
    };
    const trial = trialOf(attempt, finish);
    const buttons = actions.map((action) => button(action, trial.choose));
    // Another may be open beneath: one that waits while the key is asked for.
    const id = `dialog-title-${document.querySelectorAll("dialog").length}`;
    const form = el(
      "form",
      { method: "dialog", class: "dialog-form" },
      headOf(title, id, () => finish(null)),
      el("div", { class: "dialog-body" }, ...body, trial.problem),
      el("div", { class: "dialog-actions" }, ...buttons),
    );
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (onSubmit) trial.choose(onSubmit());
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      // Closed while it was tried: what came of that counts all the same.
      answer(trial.running?.catch(() => null) ?? value);
    });
    document.body.append(dialog);
    dialog.showModal();
    // The browser would begin with the first thing there is, which closes the dialog.
    const first = actions.findIndex((action) => action.first);
    (form.querySelector(FIELDS) ?? buttons.at(first)).focus();
  });
}

function headOf(title, id, onClose) {
  const close = { class: "button quiet icon-only", type: "button", label: "app.close" };
  return el(
    "div",
    { class: "dialog-head" },
    el("h2", { t: title, id }),
    el("button", { ...close, on: { click: onClose } }, icon("close")),
  );
}

/** Finishes with what an attempt returns; where it throws, `problem` says why. One at a time. */
function trialOf(attempt, finish) {
  const problem = el("div", { class: "dialog-problem", role: "alert" });
  const trial = { problem, running: null };
  trial.choose = async (found) => {
    if (trial.running || found === undefined) return;
    if (!attempt || found === null) return finish(found);
    trial.running = attempt(found);
    try {
      finish(await trial.running);
    } catch (error) {
      problem.replaceChildren(problemNote(error));
      problem.closest("form")?.querySelector("input")?.select();
    } finally {
      trial.running = null;
    }
  };
  return trial;
}

function button({ label, value, look = "" }, finish) {
  const click = () => finish(typeof value === "function" ? value() : value);
  return el("button", { class: `button ${look}`, type: "button", t: label, on: { click } });
}

/**
 * Ask for a yes.
 * @param {object} what
 * @param {string|[string, object]} what.title
 * @param {string|[string, object]} what.text
 * @param {string|[string, object]} what.action the word for yes
 * @param {boolean} [what.danger]
 * @returns {Promise<boolean>}
 */
export async function askToConfirm({ title, text, action, danger = false }) {
  const answer = await openDialog({
    title,
    body: [el("p", { t: text })],
    actions: [
      { label: "app.cancel", value: false, first: danger },
      { label: action, value: true, look: danger ? "danger" : "primary" },
    ],
  });
  return answer === true;
}
