/** One sample of a person: its picture, its measures, and its bin. */

import { el, setPlainText, setText } from "../../dom.js";
import { formatDate, t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { measuresOf } from "./measures.js";

const THUMBNAIL = 384; // pixels, twice the size on the screen

/**
 * @param {object} face as the API has it
 * @param {object} how
 * @param {string} how.subject
 * @param {number} how.number counted from 1
 * @param {object|null} how.limits the enrolment gate's
 * @param {import("./thumbs.js").Thumbs} how.thumbs
 * @param {() => void} how.onRemove
 * @returns {HTMLElement}
 */
export function sampleCard(face, { subject, number, limits, thumbs, onRemove }) {
  const place = el("div", { class: "sample-picture" }, icon("face"));
  const alt = t("people.sample.of", { number, name: subject });
  if (face.picture) {
    queueMicrotask(() => thumbs.fill(place, { subject, id: face.face_id, size: THUMBNAIL }, alt));
  }
  const remove = { class: "button quiet icon-only small", type: "button", on: { click: onRemove } };
  const bin = el("button", { ...remove, data: { keep: `sample:${face.face_id}` } }, icon("trash"));
  setText(bin, ["people.sample.remove", { number }], "label");
  const source = t(`people.source.${["api", "bulk"].includes(face.source) ? face.source : "other"}`);
  const about = el("p", { class: "hint" });
  setPlainText(about, `${formatDate(face.time)} · ${source}`);
  return el(
    "li",
    { class: "sample", data: { face: face.face_id } },
    place,
    el(
      "div",
      { class: "sample-body" },
      el("div", { class: "sample-head" }, el("h4", { t: ["people.sample", { number }] }), bin),
      about,
      measures(face.quality, limits),
      forced(face.forced),
    ),
  );
}

/** What the gate measured, each with whether it is what the gate asks for now. */
function measures(quality, limits) {
  const found = measuresOf(quality, limits);
  if (!found.length) return el("p", { class: "hint", t: "people.measure.none" });
  const rows = found.map(({ name, value, good }) => {
    const words = el("dd", { class: good ? "" : "poor" }, t(`people.unit.${name}`, { value }));
    if (!good) words.append(icon("alert"), el("span", { class: "visually-hidden", t: "people.measure.poor" }));
    return el("div", {}, el("dt", { t: `people.measure.${name}` }), words);
  });
  return el("dl", { class: "measures numbers" }, ...rows);
}

function forced(codes) {
  if (!codes.length) return null;
  const names = codes.map((code) => t(`people.forced.${code}`)).join(", ");
  return el("p", { class: "badge warn" }, icon("alert"), t("people.forced", { names }));
}
