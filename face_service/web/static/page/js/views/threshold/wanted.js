/** What a person accepts: one stranger of how many; and the threshold that follows. */

import { el, setText } from "../../dom.js";
import { KINDS } from "../../threshold_math.js";
import { thresholdText } from "./words.js";

const LEAST = 2;
const MOST = 1_000_000;
const OFFERED = [100, 1000, 10_000];

let fields = 0;

/**
 * @param {object} how
 * @param {(rate: number) => void} how.onWanted another rate is wanted
 * @param {() => void} how.onMove the line shall go to the suggestion
 */
export function wantedCard({ onWanted, onMove }) {
  fields += 1;
  const ids = { list: `threshold-offers-${fields}`, wrong: `threshold-invalid-${fields}` };
  const words = el("span");
  const told = { class: "threshold-invalid", id: ids.wrong, hidden: true };
  const wrong = el("p", { ...told, t: "threshold.wanted.invalid" });
  const field = numberField(ids);
  const offers = el("datalist", { id: ids.list }, ...OFFERED.map((value) => el("option", { value })));
  const suggestion = el("p", { "aria-live": "polite" });
  const look = { class: "button small", type: "button", t: "threshold.wanted.move" };
  const move = el("button", { ...look, on: { click: onMove } });
  field.addEventListener("change", () => {
    const valid = field.value !== "" && field.validity.valid;
    wrong.hidden = valid;
    field.setAttribute("aria-invalid", String(!valid));
    if (valid) onWanted(1 / Number(field.value));
  });
  const element = el(
    "section",
    { class: "card threshold-wanted" },
    el("h3", { t: "threshold.wanted" }),
    el("label", { class: "field" }, words, field),
    offers,
    wrong,
    el("div", { class: "threshold-suggestion" }, suggestion, move),
  );
  function draw({ answer, kind, index }) {
    const { threshold } = answer[kind];
    setText(words, `threshold.wanted.${kind}`);
    if (document.activeElement !== field) field.value = Math.round(1 / answer.wanted[KINDS[kind].wanted]);
    setText(suggestion, ["threshold.wanted.suggestion", { value: thresholdText(threshold) }]);
    move.disabled = answer.curve.thresholds[index] === threshold;
  }
  return { element, draw };
}

function numberField(ids) {
  const how = { type: "number", inputMode: "numeric", min: LEAST, max: MOST };
  const field = el("input", { ...how, "aria-describedby": ids.wrong });
  field.setAttribute("list", ids.list); // as a property it can only be read
  return field;
}
