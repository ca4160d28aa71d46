/** Boxes with a message: what went wrong, what to know. */

import { el, setText } from "../dom.js";
import { onLanguage } from "../i18n.js";
import { icon } from "../icons.js";
import { problemText, reasonText } from "../problems.js";

/**
 * A box that says what went wrong, in the language of the page also when that changes.
 * @param {Error} error
 * @param {() => void} [onRetry] offers to try again
 * @returns {HTMLElement}
 */
export function problemNote(error, onRetry) {
  const words = el("p");
  const list = el("ul", { hidden: !error.reasons?.length });
  const body = el("div", { class: "note-body" }, words, list);
  if (onRetry) {
    const button = {
      class: "button small",
      type: "button",
      t: "app.retry",
      on: { click: onRetry },
    };
    body.append(el("button", button));
  }
  const note = el("div", { class: "note bad", "data-code": error.code ?? "" }, icon("alert"), body);
  const write = () => {
    words.textContent = problemText(error);
    list.replaceChildren(
      ...(error.reasons ?? []).map((reason) => el("li", {}, reasonText(reason))),
    );
  };
  write();
  whileShown(note, write);
  return note;
}

/**
 * A box with a text of the page.
 * @param {"info"|"good"|"warn"|"bad"} kind
 * @param {string|[string, object]} key
 */
export function note(kind, key) {
  const words = el("p");
  setText(words, key);
  const image = { info: "info", good: "check", warn: "alert", bad: "alert" }[kind];
  return el(
    "div",
    { class: `note ${kind}` },
    icon(image),
    el("div", { class: "note-body" }, words),
  );
}

/** Call `write` after each change of the language until the element has left the page. */
function whileShown(element, write) {
  let seen = false;
  const stop = onLanguage(() => {
    seen ||= element.isConnected;
    if (seen && !element.isConnected) stop();
    else write();
  });
}
