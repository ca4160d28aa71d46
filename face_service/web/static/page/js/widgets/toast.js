/** Short messages at the edge, which go by themselves. */

import { announce, el } from "../dom.js";
import { icon } from "../icons.js";

const SECONDS = 5;

/**
 * @param {string} text
 * @param {object} [how]
 * @param {"info"|"good"|"bad"} [how.kind]
 * @param {number} [how.seconds] how long it stays; it waits while the pointer or focus is on it
 * @param {{label: string, run: () => void}} [how.action] a button, its label a text's key
 * @param {() => void} [how.onGone] called when it goes by itself or is closed, not after the action
 * @returns {{close: () => void}}
 */
export function toast(text, { kind = "info", seconds = SECONDS, action, onGone } = {}) {
  let timer = null;
  const end = (after) => {
    if (!element.isConnected) return;
    clearTimeout(timer);
    element.remove();
    after?.();
  };
  const wait = () => (timer = setTimeout(() => end(onGone), seconds * 1000));
  const element = el(
    "div",
    { class: `toast ${kind}` },
    icon(kind === "good" ? "check" : kind === "bad" ? "alert" : "info"),
    el("span", {}, text),
    action && el("button", {
      class: "button small",
      type: "button",
      t: action.label,
      on: { click: () => end(action.run) },
    }),
    el(
      "button",
      { class: "button quiet icon-only small", type: "button", label: "app.close", on: { click: () => end(onGone) } },
      icon("close"),
    ),
  );
  for (const event of ["pointerenter", "focusin"]) {
    element.addEventListener(event, () => clearTimeout(timer));
  }
  for (const event of ["pointerleave", "focusout"]) {
    element.addEventListener(event, () => {
      clearTimeout(timer);
      wait();
    });
  }
  document.getElementById("toasts").append(element);
  announce(text);
  wait();
  return { close: () => end(onGone) };
}
