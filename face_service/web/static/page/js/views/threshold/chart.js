/** The chart: the distances of all pairs, the line, and the same numbers as a table. */

import { el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { KINDS, rateAt, shownRange, tableRows } from "../../threshold_math.js";
import { histogram } from "../../widgets/histogram.js";
import { segments } from "../../widgets/segments.js";
import { percentText, sliderText, thresholdText } from "./words.js";

/**
 * @param {object} how
 * @param {(index: number) => void} how.onMove
 * @returns {{element: HTMLElement, draw: (state: State) => void}}
 *
 * @typedef {object} State
 * @property {object} answer of /v1/calibrate
 * @property {"verification"|"identification"} kind
 * @property {number} index of the curve's threshold that the line is at
 * @property {number} now the index of the threshold in force
 */
export function chartCard({ onMove }) {
  let logarithmic = false;
  let state = null;
  const bars = histogram({ onMove });
  const scales = segments({
    label: "threshold.scales",
    options: { linear: "threshold.scale.linear", log: "threshold.scale.log" },
    onChange: (chosen) => {
      logarithmic = chosen === "log";
      if (state) drawBars(bars, state, logarithmic);
    },
  });
  const legend = el("ul", { class: "threshold-legend" });
  const basis = el("p", { class: "hint" });
  const scrolled = { tabIndex: 0, role: "region", label: "threshold.table" };
  const table = el("div", { class: "threshold-table", ...scrolled });
  const details = el("details", {}, el("summary", { t: "threshold.table" }), table);
  details.addEventListener("toggle", () => details.open && state && fillTable(table, state));
  const head = el("div", { class: "threshold-chart-head" }, legend, scales.element);
  const brief = el("dl", { class: "threshold-brief numbers", "aria-hidden": "true" });
  const figure = el("figure", { role: "group", label: "threshold.chart" }, bars.element);
  const axis = el("p", { class: "threshold-axis-name", "aria-hidden": "true", t: "threshold.axis" });
  const how = el("p", { class: "hint", t: "threshold.how" });
  const best = el("p", { class: "hint", t: "threshold.pairs" });
  const about = el("div", { class: "threshold-about" }, how, basis, best);
  const element = el("div", { class: "card threshold-chart" }, head, figure, axis, brief, about, details);
  function draw(next) {
    state = next;
    const { answer } = state;
    legend.replaceChildren(...["genuine", "impostor"].map((kind) => legendItem(kind, answer)));
    setText(basis, ["threshold.basis", { faces: answer.faces, people: answer.subjects }]);
    best.hidden = state.kind !== "identification";
    brief.replaceChildren(...["wrong", "missed"].map((side) => briefRate(state, side)));
    drawBars(bars, state, logarithmic);
    if (details.open) fillTable(table, state);
  }
  return { element, draw };
}

function legendItem(kind, answer) {
  const key = [`threshold.${kind}`, { count: answer[kind].total }];
  return el("li", {}, el("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), el("span", { t: key }));
}

/** On a phone the rates lie below the chart: these stay in sight while the line is dragged. */
function briefRate({ answer, kind, index }, side) {
  const rate = rateAt(answer.curve, KINDS[kind][side], index);
  const value = el("dd", {}, rate ? percentText(rate.value) : t("threshold.unknown"));
  return el("div", { class: side }, el("dt", { t: `threshold.${kind}.${side}` }), value);
}

function rangeOf({ answer }) {
  const now = [answer.in_force.verification.threshold, answer.in_force.identification.threshold];
  return shownRange([answer.genuine, answer.impostor], now);
}

function drawBars(bars, state, logarithmic) {
  const { answer, kind, index } = state;
  const mark = (name, value) => {
    const text = t(`threshold.mark.${name}`, { value: thresholdText(value) });
    return { kind: name, value, text };
  };
  bars.draw({
    genuine: answer.genuine,
    impostor: answer.impostor,
    thresholds: answer.curve.thresholds,
    range: rangeOf(state),
    index,
    logarithmic,
    marks: [
      mark("now", answer.in_force[kind].threshold),
      mark("wanted", answer[kind].threshold),
    ],
  });
  bars.slider.setAttribute("aria-label", t("threshold.slider"));
  bars.slider.setAttribute("aria-valuetext", sliderText(answer, kind, index));
}

function fillTable(table, state) {
  const { answer, kind, index, now } = state;
  const { wrong, missed } = KINDS[kind];
  const { thresholds } = answer.curve;
  const rows = tableRows(thresholds, rangeOf(state), [index, now]).map((at) => {
    const tags = [at === index && "line", at === now && "now"].filter(Boolean);
    return el(
      "tr",
      { class: at === index ? "is-line" : "" },
      el("th", { scope: "row" }, thresholdText(thresholds[at]), ...tags.map(tag)),
      ...[wrong, missed].map((name) => el("td", {}, ...rateCell(rateAt(answer.curve, name, at)))),
    );
  });
  const heads = ["threshold.table.threshold", `threshold.${kind}.wrong`, `threshold.${kind}.missed`];
  const head = el("tr", {}, ...heads.map((key) => el("th", { scope: "col", t: key })));
  table.replaceChildren(el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)));
}

const tag = (name) => el("span", { class: "badge", t: `threshold.table.${name}` });

function rateCell(rate) {
  if (!rate) return [t("threshold.unknown")];
  const bounds = { low: percentText(rate.low), high: percentText(rate.high) };
  return [percentText(rate.value), el("small", { t: ["threshold.table.bounds", bounds] })];
}
