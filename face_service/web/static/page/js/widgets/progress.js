/** A bar that fills. */

import { el, setText } from "../dom.js";

/**
 * @param {string|[string, object]} [label] what is going on, a text's key
 * @returns {{element: HTMLElement, set: (share: number|null, label?: string|[string, object]) =>
 *   void}} `set` takes 0..1, or null while nobody knows
 */
export function progressBar(label = "app.progress") {
  const fill = el("div", { class: "progress-fill" });
  const words = el("span", { class: "progress-label", t: label });
  const bar = el(
    "div",
    { class: "progress-bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, label },
    fill,
  );
  const element = el("div", { class: "progress" }, words, bar);
  const set = (share, text) => {
    bar.classList.toggle("unknown", share === null);
    fill.style.width = share === null ? "" : `${100 * share}%`;
    if (share === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    if (!text) return;
    setText(words, text);
    setText(bar, text, "label");
  };
  set(null);
  return { element, set };
}
