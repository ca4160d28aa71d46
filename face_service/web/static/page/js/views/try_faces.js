/** The faces of the view «try»: a row each, the chosen one with all its measures. */

import { el, setText } from "../dom.js";
import { formatNumber, formatPercent, t } from "../i18n.js";
import { judge, poseWords } from "../measures.js";

const THUMB = 112; // pixels, shown at half of it
const MARGIN = 0.25; // of the box, around it

/**
 * @param {object} how
 * @param {ImageBitmap} how.bitmap
 * @param {object[]} how.faces of /v1/detect
 * @param {(index: number) => void} how.onChoose
 * @returns {{element: HTMLElement, choose: (index: number) => void}}
 */
export function faceList({ bitmap, faces, onChoose }) {
  const rows = faces.map((face, index) => {
    const details = el("div", { class: "face-details", id: `face-${index}` }, ...measures(face));
    const button = el(
      "button",
      {
        class: "face-row",
        type: "button",
        "aria-controls": `face-${index}`,
        on: { click: () => onChoose(index) },
      },
      thumbnail(bitmap, face.box),
      el(
        "span",
        { class: "face-words" },
        el("strong", { t: ["try.face", { number: index + 1 }] }),
        el("span", {
          class: "hint",
          t: ["try.score", { score: formatNumber(face.score, 2, true) }],
        }),
      ),
      badgeOf(face),
    );
    return { element: el("li", {}, button, details), button, details };
  });
  const choose = (chosen) => {
    rows.forEach(({ button, details }, index) => {
      button.setAttribute("aria-expanded", String(index === chosen));
      details.hidden = index !== chosen;
    });
  };
  return { element: el("ul", { class: "faces" }, ...rows.map(({ element }) => element)), choose };
}

function thumbnail(bitmap, { x1, y1, x2, y2 }) {
  const canvas = el("canvas", {
    class: "face-thumb",
    width: THUMB,
    height: THUMB,
    "aria-hidden": "true",
  });
  const side = Math.max(x2 - x1, y2 - y1) * (1 + 2 * MARGIN);
  const from = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2, side, side];
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, ...from, 0, 0, THUMB, THUMB);
  return canvas;
}

/** The first thing that would be held against the face, or that nothing would be. */
function badgeOf(face) {
  if (face.liveness && !face.liveness.live)
    return el("span", { class: "badge bad", t: "measure.notlive" });
  const fault = judge(face).find(({ good }) => !good);
  return fault
    ? el("span", { class: "badge warn", t: fault.words })
    : el("span", { class: "badge good", t: "measure.good" });
}

function measures(face) {
  const rows = judge(face).map((verdict) => row(verdict, face));
  if (face.liveness) rows.push(livenessRow(face.liveness));
  if (face.landmarks) rows.push(landmarksRow(face.landmarks.length));
  return [el("dl", { class: "measures" }, ...rows)];
}

function row({ name, value, good, words }, face) {
  const saying = name === "pose" ? poseSaying(face.pose, good) : el("span", { t: words });
  return el(
    "div",
    { class: `measure ${good ? "good" : "warn"}`, "data-measure": name },
    el("dt", { t: `measure.${name}` }),
    el("dd", {}, saying, el("span", { class: "hint numbers" }, figure(name, value, face))),
  );
}

/** How the head is held, and whether that is too far. */
function poseSaying(pose, good) {
  const words = poseWords(pose);
  const saying = words.map((key, index) => el("span", { t: key, class: index ? "also" : "" }));
  if (!good) saying.push(el("span", { t: "measure.pose.turned", class: "also" }));
  return el("span", { class: "saying" }, ...saying);
}

function figure(name, value, { pose, quality }) {
  if (name === "score") return formatNumber(value, 2, true);
  if (name === "pixels") return textSpan("try.pixels", { value: Math.round(value) });
  if (name === "pose") return textSpan("pose.angles", rounded(pose));
  if (name === "sharpness") return formatNumber(value, 0);
  return el("span", {}, formatNumber(value, 0), " / 255", contrastOf(quality));
}

const textSpan = (key, params) => el("span", { t: [key, params] });
const rounded = (pose) =>
  Object.fromEntries(Object.entries(pose).map(([name, angle]) => [name, Math.round(angle) + 0]));

function contrastOf({ contrast }) {
  const label = el("span", { class: "also", t: "measure.contrast" });
  return el("span", {}, label, ` ${formatNumber(contrast, 0)}`);
}

function livenessRow({ score, live }) {
  const words = live ? "measure.live" : "measure.notlive";
  return el(
    "div",
    { class: `measure ${live ? "good" : "bad"}`, "data-measure": "liveness" },
    el("dt", { t: "measure.liveness" }),
    el(
      "dd",
      {},
      el("span", { t: words }),
      el("span", { class: "hint numbers" }, formatPercent(score, 0)),
    ),
  );
}

function landmarksRow(count) {
  return el(
    "div",
    { class: "measure", "data-measure": "landmarks" },
    el("dt", { t: "measure.landmarks" }),
    el("dd", {}, el("span", { t: ["try.points", { count }] })),
  );
}

/** Say how many faces there are, for the picture's label. */
export function describe(canvas, faces) {
  setText(canvas, ["try.marked", { count: faces.length }], "label");
  return t("try.found", { count: faces.length });
}
