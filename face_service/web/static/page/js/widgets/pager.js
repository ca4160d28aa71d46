/** Back and on through a long list. */

import { el, setText } from "../dom.js";
import { icon } from "../icons.js";

/**
 * @param {object} how
 * @param {() => void} how.onBack
 * @param {() => void} how.onOn
 * @returns {{element: HTMLElement, show: (where: {first: number, shown: number, total: number,
 *   more: boolean}) => void}} `first` counts from 0
 */
export function pager({ onBack, onOn }) {
  const button = (label, image, click) =>
    el("button", { class: "button quiet icon-only", type: "button", label, on: { click } }, icon(image));
  const back = button("pager.back", "back", onBack);
  const on = button("pager.on", "next", onOn);
  const words = el("span", { class: "pager-words numbers" });
  const element = el("nav", { class: "pager", label: "pager.label" }, back, words, on);
  const show = ({ first, shown, total, more }) => {
    element.hidden = shown === 0;
    back.hidden = on.hidden = first === 0 && !more;
    back.disabled = first === 0;
    on.disabled = !more;
    setText(words, ["pager.where", { from: first + 1, to: first + shown, total }]);
  };
  return { element, show };
}
