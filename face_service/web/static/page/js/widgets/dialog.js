/** Dialogs: the browser's own element keeps the focus inside and closes on Escape. */

import { el } from "../dom.js";
import { icon } from "../icons.js";

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
 * @returns {Promise<any>} the value; null when it was closed without one
 */
export function openDialog({ title, body, actions, onSubmit }) {
  return new Promise((answer) => {
    let value = null;
    const finish = (found) => {
      if (found === undefined) return;
      value = found;
      dialog.close();
    };
    const buttons = actions.map((action) => button(action, finish));
    const head = el("h2", { t: title, id: "dialog-title" });
    const close = { class: "button quiet icon-only", type: "button", label: "app.close" };
    const form = el(
      "form",
      { method: "dialog", class: "dialog-form" },
      el(
        "div",
        { class: "dialog-head" },
        head,
        el("button", { ...close, on: { click: () => finish(null) } }, icon("close")),
      ),
      el("div", { class: "dialog-body" }, ...body),
      el("div", { class: "dialog-actions" }, ...buttons),
    );
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (onSubmit) finish(onSubmit());
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(value);
    });
    document.body.append(dialog);
    dialog.showModal();
    // The browser would begin with the first thing there is, which closes the dialog.
    const first = actions.findIndex((action) => action.first);
    (form.querySelector(FIELDS) ?? buttons.at(first)).focus();
  });
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
