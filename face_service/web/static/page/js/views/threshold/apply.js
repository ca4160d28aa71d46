/** Asking before a threshold counts for everybody. */

import { el } from "../../dom.js";
import { t } from "../../i18n.js";
import { KINDS, isMuchWorse, rateAt } from "../../threshold_math.js";
import { askToConfirm, openDialog } from "../../widgets/dialog.js";
import { note } from "../../widgets/notes.js";
import { percentText, thresholdText } from "./words.js";

/**
 * Show what changes, and ask.
 * @param {import("./chart.js").State} state
 * @returns {Promise<boolean>}
 */
export async function confirmThreshold(state) {
  const { answer, kind, index, now } = state;
  const value = thresholdText(answer.curve.thresholds[index]);
  const row = (key, write) => {
    const cells = [now, index].map((at) => el("td", { class: "number" }, write(at)));
    return el("tr", {}, el("th", { scope: "row", t: key }), ...cells);
  };
  const rate = (side) => (at) => {
    const found = rateAt(answer.curve, KINDS[kind][side], at);
    return found ? percentText(found.value) : t("threshold.unknown");
  };
  const heads = ["threshold.confirm.change", "threshold.confirm.old", "threshold.confirm.new"];
  const look = (at) => (at ? "number" : "");
  const cells = heads.map((key, at) => el("th", { scope: "col", class: look(at), t: key }));
  const table = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...cells)),
    el(
      "tbody",
      {},
      row("threshold.confirm.threshold", (at) => thresholdText(answer.curve.thresholds[at])),
      row(`threshold.${kind}.wrong`, rate("wrong")),
      row(`threshold.${kind}.missed`, rate("missed")),
    ),
  );
  const warnings = warningsOf(state);
  const chosen = await openDialog({
    title: ["threshold.confirm.title", { value }],
    body: [table, ...warnings, el("p", { t: "threshold.confirm.about" })],
    actions: [
      { label: "app.cancel", value: false, first: warnings.length > 0 },
      { label: "threshold.confirm.apply", value: true, look: warnings.length ? "danger" : "primary" },
    ],
  });
  return chosen === true;
}

/** A note for each of the two rates that gets much worse. */
function warningsOf({ answer, kind, index, now }) {
  return ["wrong", "missed"].flatMap((side) => {
    const [before, after] = [now, index].map((at) => rateAt(answer.curve, KINDS[kind][side], at));
    if (!before || !isMuchWorse(before, after)) return [];
    const values = { before: percentText(before.value), after: percentText(after.value) };
    return [note("warn", [`threshold.worse.${kind}.${side}`, values])];
  });
}

/**
 * Say which thresholds the server forgets, and ask.
 * @param {import("./chart.js").State} state
 * @returns {Promise<boolean>}
 */
export function confirmReset({ answer }) {
  const chosen = Object.keys(KINDS).filter((kind) => answer.in_force[kind].source === "calibrated");
  return askToConfirm({
    title: "threshold.reset.title",
    text: `threshold.forgets.${chosen.length > 1 ? "both" : chosen[0]}`,
    action: "threshold.reset",
  });
}
