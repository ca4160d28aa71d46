/** How long each stage of a request took: a bar of its shares and a table. */

import { el } from "../dom.js";
import { formatNumber, hasText } from "../i18n.js";

// Stages keep their colours, whichever of them a request passes.
const STAGES = ["decode", "detect", "crop", "landmarks", "embed", "liveness", "match"];
const UNNAMED = "rest";

/**
 * The parts of a request's time, in order. Graphs may run side by side, so that the stages can add
 * up to more than the whole.
 * @param {{stages: {name: string, ms: number}[], total: number|null, roundTrip: number}} timings
 * @returns {{name: string, ms: number}[]} the stages, then "rest" and "network" where there are any
 */
export function partsOf({ stages, total, roundTrip }) {
  const inStages = stages.reduce((sum, { ms }) => sum + ms, 0);
  const inServer = Math.max(total ?? inStages, 0);
  const parts = [
    ...stages,
    { name: UNNAMED, ms: inServer - inStages },
    { name: "network", ms: roundTrip - inServer },
  ];
  return parts.filter(({ ms }) => ms > 0);
}

/**
 * @param {object} timings see partsOf(); what Api's answers carry
 * @returns {HTMLElement}
 */
export function stageTimes(timings) {
  const parts = partsOf(timings);
  const sum = parts.reduce((total, { ms }) => total + ms, 0);
  const segments = parts.map(({ name, ms }) =>
    el("span", { class: `series ${seriesOf(name)}`, style: { "flex-grow": ms / sum } }),
  );
  return el(
    "div",
    { class: "times" },
    el("div", { class: "times-bar", "aria-hidden": "true" }, ...segments),
    el(
      "table",
      {},
      el("thead", { class: "visually-hidden" }, headRow()),
      el("tbody", {}, ...parts.map(({ name, ms }) => row(name, ms))),
      el("tfoot", {}, row("total", timings.roundTrip)),
    ),
  );
}

function headRow() {
  const head = (key) => el("th", { scope: "col", t: key });
  return el("tr", {}, head("stage.name"), head("stage.time"));
}

function row(name, ms) {
  const key = `stage.${name}`;
  const words = hasText(key) ? el("span", { t: key }) : el("span", {}, name);
  const dot = el("span", { class: `dot ${seriesOf(name)}`, "aria-hidden": "true" });
  const time = { class: "number", t: ["stage.ms", { ms: formatNumber(ms, 1, true) }] };
  return el("tr", {}, el("th", { scope: "row" }, dot, words), el("td", time));
}

function seriesOf(name) {
  const place = STAGES.indexOf(name);
  return place >= 0 ? `series-${place + 1}` : `series-${name}`;
}
