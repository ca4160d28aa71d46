/** A distance on a line, with the threshold: which side, and by how much. */

import { el, setText } from "../dom.js";
import { formatNumber, onLanguage, t } from "../i18n.js";

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
 * @returns {HTMLElement}
 */
export function distanceScale({ distance, threshold, match }) {
  const at = layOut(distance, threshold);
  const words = el("p", { class: "scale-words" });
  const line = el(
    "div",
    { class: "scale-line", "aria-hidden": "true" },
    el("div", { class: "scale-same", style: { width: `${at.threshold}%` } }),
    el("div", { class: "scale-limit", style: { left: `${at.threshold}%` } }),
    el("div", { class: `scale-dot ${match ? "good" : "bad"}`, style: { left: `${at.distance}%` } }),
  );
  const mark = (left, cls, key, value) => {
    // Shifted back by as much as it is along: at the ends it stays inside.
    const style = { left: `${left}%`, transform: `translateX(-${left}%)` };
    const label = el("span", { class: `scale-mark ${cls}`, style });
    setText(label, [key, { value: formatNumber(value, DIGITS, true) }]);
    return label;
  };
  const ends = el(
    "div",
    { class: "scale-ends", "aria-hidden": "true" },
    el("span", { t: "scale.same" }),
    el("span", { t: "scale.other" }),
  );
  const marks = (cls, label) => el("div", { class: `scale-marks ${cls}`, "aria-hidden": "true" }, label);
  const element = el(
    "div",
    { class: "scale" },
    marks("above", mark(at.distance, match ? "good" : "bad", "scale.distance", distance)),
    line,
    marks("below", mark(at.threshold, "", "scale.threshold", threshold)),
    ends,
    words,
  );
  const write = () => {
    const key = match ? "scale.words.below" : "scale.words.above";
    const shown = (value) => formatNumber(value, DIGITS, true);
    words.textContent = t(key, { distance: shown(distance), threshold: shown(threshold) });
  };
  write();
  const stop = onLanguage(() => (element.isConnected ? write() : stop()));
  return element;
}
