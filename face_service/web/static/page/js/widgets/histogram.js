/** Two histograms over one axis, and a line across them that is dragged or moved by keys. */

import { el } from "../dom.js";
import { formatNumber, formatPercent } from "../i18n.js";
import { nearestIndex, shares } from "../threshold_math.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 14, right: 14, top: 34, bottom: 26 }; // CSS pixels
const MARK_ROWS = [18, 36]; // where labels of marks lie below the upper margin
const LABEL_ROOM = 110; // a label nearer to the right edge goes to the line's left
const MOST_LINES = 4; // of the grid
const FAR_KEY = 10; // thresholds that Page up and Page down pass
const DIGITS = 3;
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: FAR_KEY, PageDown: -FAR_KEY };

let charts = 0; // clip paths are named for the whole page

/**
 * Where shares lie between the lower and the upper end of the bars, 0..1.
 * @param {number[]} all every share that is drawn
 * @param {boolean} logarithmic
 * @returns {{place: (share: number) => number, lines: number[]}} `lines` for the grid
 */
export function barScale(all, logarithmic) {
  const most = Math.max(...all, Number.MIN_VALUE);
  if (logarithmic) {
    const positive = all.filter((share) => share > 0);
    const low = Math.floor(Math.log10(Math.min(...positive, most))) - 1;
    const high = Math.log10(most);
    const place = (share) => (share > 0 ? Math.max(0, (Math.log10(share) - low) / (high - low)) : 0);
    const decades = Array.from({ length: Math.ceil(high) - low }, (_, at) => 10 ** (low + at + 1));
    return { place, lines: decades.filter((line) => line <= most).slice(-MOST_LINES) };
  }
  const rough = most / MOST_LINES;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * decade).find((one) => one >= rough);
  const lines = Array.from({ length: MOST_LINES }, (_, at) => (at + 1) * step);
  return { place: (share) => share / most, lines: lines.filter((line) => line <= most) };
}

/** The outline of bars as an SVG path, closed along the foot. */
export function barPath(edges, heights, x, y) {
  const steps = heights.map((height, at) => `V${y(height)}H${x(edges[at + 1])}`);
  return `M${x(edges[0])},${y(0)}${steps.join("")}V${y(0)}Z`;
}

/**
 * @param {object} how
 * @param {(index: number) => void} how.onMove the line was moved to another threshold
 * @returns {{element: HTMLElement, slider: HTMLElement, draw: (shown: Shown) => void}}
 *
 * @typedef {object} Shown
 * @property {{edges: number[], counts: number[], total: number}} genuine
 * @property {{edges: number[], counts: number[], total: number}} impostor
 * @property {number[]} thresholds
 * @property {[number, number]} range of the axis
 * @property {number} index of the threshold that the line is at
 * @property {boolean} logarithmic
 * @property {{kind: string, value: number, text: string}[]} marks further lines, at most two
 */
export function histogram({ onMove }) {
  charts += 1;
  const svg = make("svg", { class: "histogram-bars", "aria-hidden": "true", focusable: "false" });
  const knob = el("span", { class: "histogram-knob", "aria-hidden": "true" });
  const slider = el(
    "div",
    { class: "histogram-line", role: "slider", tabIndex: 0, "aria-orientation": "horizontal" },
    knob,
  );
  const element = el("div", { class: "histogram" }, svg, slider);
  const chart = { svg, knob, slider, element, id: charts, shown: null, onMove };
  listen(chart);
  new ResizeObserver(() => chart.shown && render(chart)).observe(element);
  function draw(shown) {
    chart.shown = shown;
    render(chart);
  }
  return { element, slider, draw };
}

function listen(chart) {
  const { element, slider } = chart;
  element.addEventListener("pointerdown", (event) => {
    if (event.button || !chart.shown) return;
    element.setPointerCapture(event.pointerId);
    slider.focus({ preventScroll: true });
    moveToPointer(chart, event);
    event.preventDefault(); // no text is selected on the way
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) moveToPointer(chart, event);
  });
  slider.addEventListener("keydown", (event) => {
    const next = chart.shown && afterKey(chart.shown, event);
    if (next === null) return;
    event.preventDefault();
    move(chart, next);
  });
}

/** The index that a key moves the line to, null for keys that are not about it. */
function afterKey({ index, thresholds, range }, { key, altKey, ctrlKey, metaKey }) {
  if (altKey || ctrlKey || metaKey) return null;
  if (key === "Home") return nearestIndex(thresholds, range[0]);
  if (key === "End") return nearestIndex(thresholds, range[1]);
  return key in STEPS ? index + STEPS[key] : null;
}

function moveToPointer(chart, { clientX }) {
  const { left, width } = chart.element.getBoundingClientRect();
  const [low, high] = chart.shown.range;
  const share = (clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
  move(chart, nearestIndex(chart.shown.thresholds, low + share * (high - low)));
}

/** The first and the last threshold match nobody and everybody: the line stays between. */
function move({ shown, onMove }, wanted) {
  const { thresholds, range } = shown;
  const first = Math.max(1, thresholds.findIndex((value) => value >= range[0]));
  const last = Math.min(thresholds.length - 2, thresholds.findLastIndex((value) => value <= range[1]));
  const index = Math.max(first, Math.min(last, wanted));
  if (index !== shown.index) onMove(index);
}

function render(chart) {
  const { svg, knob, slider, element, shown, id } = chart;
  const { clientWidth: width, clientHeight: height } = element;
  if (!width) return; // not in the page yet: the observer calls again
  const [low, high] = shown.range;
  const foot = height - MARGIN.bottom;
  const x = (value) => MARGIN.left + ((value - low) / (high - low)) * (width - MARGIN.left - MARGIN.right);
  const bars = { genuine: shares(shown.genuine), impostor: shares(shown.impostor) };
  const scale = barScale([...bars.genuine, ...bars.impostor], shown.logarithmic);
  const y = (share) => foot - scale.place(share) * (foot - MARGIN.top);
  const at = x(shown.thresholds[shown.index]);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    clip(`histogram-left-${id}`, 0, at, height),
    clip(`histogram-right-${id}`, at, width - at, height),
    ...gridLines(scale.lines, y, width),
    ...areas(shown, bars, { x, y, id }),
    ...axis(shown.range, x, foot, width),
    ...shown.marks.flatMap((mark, row) => markLine(mark, { at: x(mark.value), line: at, foot, row, width })),
  );
  slider.style.left = `${at}px`;
  slider.setAttribute("aria-valuemin", String(low));
  slider.setAttribute("aria-valuemax", String(high));
  slider.setAttribute("aria-valuenow", String(shown.thresholds[shown.index]));
  knob.textContent = formatNumber(shown.thresholds[shown.index], DIGITS, true);
}

/** Each series twice: pale as a whole, and strong where the line puts it on the wrong side. */
function areas({ genuine, impostor }, bars, { x, y, id }) {
  const path = (kind, { edges }) => {
    const d = barPath(edges, bars[kind], x, y);
    const side = kind === "impostor" ? "left" : "right";
    const clipped = { "clip-path": `url(#histogram-${side}-${id})` };
    return [
      make("path", { class: `histogram-${kind}`, d }),
      make("path", { class: `histogram-${kind} wrong`, d, ...clipped }),
    ];
  };
  return [...path("impostor", impostor), ...path("genuine", genuine)];
}

function clip(id, x, width, height) {
  const path = make("clipPath", { id });
  path.append(make("rect", { x, y: 0, width: Math.max(0, width), height }));
  return path;
}

function gridLines(lines, y, width) {
  return lines.flatMap((share) => {
    const ends = { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(share), y2: y(share) };
    const label = make("text", { class: "histogram-tick", x: width - MARGIN.right, y: y(share) - 4 });
    label.setAttribute("text-anchor", "end");
    label.textContent = formatPercent(share, Math.max(0, -2 - Math.floor(Math.log10(share) + 1e-9)));
    return [make("line", { class: "histogram-grid", ...ends }), label];
  });
}

function axis([low, high], x, foot, width) {
  const wide = (x(high) - x(low)) / (high - low); // pixels of a distance of 1
  const step = [0.1, 0.2, 0.5].find((one) => one * wide > 44) ?? 1;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  const ticks = Array.from({ length: count }, (_, at) => (first + at) * step);
  const labels = ticks.map((value) => {
    const label = make("text", { class: "histogram-tick", x: x(value), y: foot + 18 });
    label.setAttribute("text-anchor", "middle");
    label.textContent = formatNumber(value, 1, true);
    return label;
  });
  const ends = { x1: MARGIN.left, x2: width - MARGIN.right, y1: foot, y2: foot };
  return [make("line", { class: "histogram-axis", ...ends }), ...labels];
}

/** The label stands on the side that is away from the line, if there is room. */
function markLine({ kind, text }, { at, line, foot, row, width }) {
  const toLeft = at > width - LABEL_ROOM || (at < line && at > LABEL_ROOM);
  const y = MARGIN.top + MARK_ROWS[row];
  const label = make("text", { class: `histogram-mark ${kind}`, x: at + (toLeft ? -6 : 6), y });
  label.setAttribute("text-anchor", toLeft ? "end" : "start");
  label.textContent = text;
  return [make("line", { class: `histogram-mark ${kind}`, x1: at, x2: at, y1: MARGIN.top, y2: foot }), label];
}

function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
