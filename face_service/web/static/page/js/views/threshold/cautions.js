/** What to know before trusting the numbers. */

import { el } from "../../dom.js";
import { hasText } from "../../i18n.js";
import { icon } from "../../icons.js";
import { cautionsFor } from "../../threshold_math.js";

/** @returns {{element: HTMLElement, draw: (state: import("./chart.js").State) => void}} */
export function cautionsCard() {
  const list = el("ul", { class: "threshold-cautions" });
  const title = el("h3", { t: "threshold.cautions" });
  const element = el("section", { class: "card threshold-notes" }, title, list);
  function draw({ answer, kind }) {
    const found = cautionsFor(answer.cautions, kind);
    element.hidden = !found.length;
    list.replaceChildren(...found.map(item));
  }
  return { element, draw };
}

function item({ code, message, values }) {
  const key = `threshold.caution.${code}`;
  const count = values.pairs ?? values.subjects;
  // A server that is newer than this page may know more.
  const words = hasText(key)
    ? el("span", { t: [key, { ...values, expected: rounded(values.expected), count }] })
    : el("span", {}, message);
  return el("li", { data: { code } }, icon(code === "GROWS_WITH_GALLERY" ? "info" : "alert"), words);
}

const rounded = (value) => (value === undefined ? value : Number(value.toPrecision(2)));
