/** Short messages at the edge, which go by themselves. */

import { announce, el } from "../dom.js";
import { isLost } from "../focus.js";
import { icon } from "../icons.js";

const SECONDS = 5;
const IMAGES = { info: "info", good: "check", bad: "alert" };

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
  let from = null; // what had the focus before this had it
  const end = (after) => {
    if (!element.isConnected) return;
    const focused = element.contains(document.activeElement);
    clearTimeout(timer);
    element.remove();
    after?.();
    if (!focused) return;
    for (const place of [from, document.querySelector("[role=tab][aria-selected=true]")]) {
      if (isLost()) place?.focus();
    }
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => end(onGone), seconds * 1000);
  };
  const element = el(
    "div",
    { class: `toast ${kind}` },
    icon(IMAGES[kind]),
    el("span", {}, text),
    action && button({ t: action.label }, () => end(action.run)),
    button({ label: "app.close", quiet: true }, () => end(onGone), icon("close")),
  );
  const stay = () => clearTimeout(timer);
  const handlers = { pointerenter: stay, focusin: stay, pointerleave: wait, focusout: wait };
  for (const [event, handler] of Object.entries(handlers)) element.addEventListener(event, handler);
  element.addEventListener("focusin", ({ relatedTarget }) => {
    if (!element.contains(relatedTarget)) from = relatedTarget;
  });
  document.getElementById("toasts").append(element);
  announce(text);
  wait();
  return { close: () => end(onGone) };
}

function button({ quiet, ...words }, click, image) {
  const look = quiet ? "button small quiet icon-only" : "button small";
  return el("button", { class: look, type: "button", ...words, on: { click } }, image);
}
