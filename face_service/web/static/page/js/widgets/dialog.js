/** Dialogs: the browser's own element keeps the focus inside and closes on Escape. */

import { el } from "../dom.js";
import { icon } from "../icons.js";

/**
 * Show a dialog until it is answered.
 * @param {object} what
 * @param {string|[string, object]} what.title a text's key
 * @param {(Node|string)[]} what.body
 * @param {{label: string|[string, object], value: any, look?: string}[]} what.actions buttons from
 *   left to right; `value` is a function of nothing, or what the dialog answers
 * @param {() => any} [what.onSubmit] what Enter in a field answers
 * @returns {Promise<any>} the value; null when it was closed without one
 */
export function openDialog({ title, body, actions, onSubmit }) {
  return new Promise((answer) => {
    let value = null;
    const finish = (found) => {
      value = found;
      dialog.close();
    };
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
      el("div", { class: "dialog-actions" }, ...actions.map((action) => button(action, finish))),
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
      { label: "app.cancel", value: false },
      { label: action, value: true, look: danger ? "danger" : "primary" },
    ],
  });
  return answer === true;
}
