/** What the line means: who would be let in, who turned away; and using it from now on. */

import { el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { KINDS, evidence, peopleForPairs, rateAt } from "../../threshold_math.js";
import { note } from "../../widgets/notes.js";
import { boundsSentence, percentText, rateSentence, thresholdText } from "./words.js";

/**
 * @param {object} how
 * @param {() => void} how.onApply
 * @param {() => void} how.onReset
 * @returns {{element: HTMLElement, draw: (state: import("./chart.js").State) => void}}
 */
export function outcomeCard({ onApply, onReset }) {
  const title = el("h3");
  const rates = el("div", { class: "threshold-rates" });
  const apply = el("button", { class: "button primary", type: "button", on: { click: onApply } });
  const reset = el("button", {
    class: "button",
    type: "button",
    t: "threshold.reset",
    on: { click: onReset },
  });
  const why = el("div", {});
  const now = el("p", { class: "threshold-now" });
  const actions = el("div", { class: "actions" }, apply, reset);
  const element = el("section", { class: "card threshold-outcome" }, title, rates, now, why, actions);
  function draw(state) {
    const { answer, kind, index } = state;
    const { threshold, source } = answer.in_force[kind];
    const value = thresholdText(answer.curve.thresholds[index]);
    setText(title, ["threshold.at", { value }]);
    rates.replaceChildren(...["wrong", "missed"].map((side) => rateRow(state, side)));
    now.replaceChildren(
      el("span", { t: ["threshold.now", { value: thresholdText(threshold) }] }),
      el("span", { class: "badge", t: `threshold.source.${source}` }),
    );
    const hindrance = hindranceOf(state);
    why.hidden = !hindrance;
    why.replaceChildren(...(hindrance ? [note(...hindrance)] : []));
    const used = index === state.now;
    setText(apply, used ? "threshold.used" : [`threshold.use.${kind}`, { value }]);
    apply.disabled = used || hindrance !== null;
    reset.hidden = source !== "calibrated"; // beside the other's badge it would say nothing true
  }
  return { element, draw };
}

function rateRow({ answer, kind, index }, side) {
  const rate = rateAt(answer.curve, KINDS[kind][side], index);
  return el(
    "div",
    { class: `threshold-rate ${side}` },
    el("h4", { t: `threshold.${kind}.${side}` }),
    el("p", { class: "threshold-figure" }, rate ? percentText(rate.value) : t("threshold.unknown")),
    el("p", { class: "threshold-words" }, rateSentence(kind, side, rate)),
    rate && el("p", { class: "hint" }, boundsSentence(rate)),
  );
}

/** Why the line cannot be used: a note's kind and text, or null. */
function hindranceOf({ answer, kind }) {
  if (answer.in_force[kind].source === "setting") return ["info", `threshold.fixed.${kind}`];
  const { enough, trials, needed } = evidence(answer, kind);
  if (enough) return null;
  return ["warn", [`threshold.few.${kind}`, { trials, needed, people: peopleForPairs(needed) }]];
}
