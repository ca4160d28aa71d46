/** A distance on a line, with the threshold: which side, and by how much. */

import { el, setText } from "../dom.js";
import { formatNumber } from "../i18n.js";

// Strangers lie around 1.3 to 1.5, and hardly any pair beyond.
const SHOWN = 1.6;
const DIGITS = 3;

/**
 * @param {number} distance of two faces, 0..2
 * @param {number} threshold
 * @returns {{end: number, distance: number, threshold: number}} the value at the line's end, and
 *   where on it the two lie, in percent
 */
export function layOut(distance, threshold) {
  const end = Math.max(SHOWN, Math.ceil(10 * Math.max(distance, threshold)) / 10);
  return { end, distance: (100 * distance) / end, threshold: (100 * threshold) / end };
}

/**
 * @param {object} what
 * @param {number} what.distance
 * @param {number} what.threshold
 * @param {boolean} what.match
 * @returns {HTMLElement} the line for those who see it, a sentence for all
 */
export function distanceScale({ distance, threshold, match }) {
  const at = layOut(distance, threshold);
  const look = match ? "good" : "bad";
  const words = el("p", { class: "scale-words" });
  const element = el(
    "div",
    { class: "scale" },
    marks("above", mark(at.distance, look, "scale.distance", distance)),
    line(at, look),
    marks("below", mark(at.threshold, "", "scale.threshold", threshold)),
    el(
      "div",
      { class: "scale-ends", "aria-hidden": "true" },
      el("span", { t: "scale.same" }),
      el("span", { t: "scale.other" }),
    ),
    words,
  );
  const key = match ? "scale.words.below" : "scale.words.above";
  setText(words, [key, { distance: shown(distance), threshold: shown(threshold) }]);
  return element;
}

function line(at, look) {
  return el(
    "div",
    { class: "scale-line", "aria-hidden": "true" },
    el("div", { class: "scale-same", style: { width: `${at.threshold}%` } }),
    el("div", { class: "scale-limit", style: { left: `${at.threshold}%` } }),
    el("div", { class: `scale-dot ${look}`, style: { left: `${at.distance}%` } }),
  );
}

/** A number where it lies, shifted back by as much as it is along: at the ends it stays inside. */
function mark(left, look, key, value) {
  const style = { left: `${left}%`, transform: `translateX(-${left}%)` };
  return el("span", { class: `scale-mark ${look}`, style, t: [key, { value: shown(value) }] });
}

const marks = (where, label) =>
  el("div", { class: `scale-marks ${where}`, "aria-hidden": "true" }, label);
const shown = (value) => formatNumber(value, DIGITS, true);
