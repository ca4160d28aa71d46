/** Asking before a threshold counts for everybody. */

import { el } from "../../dom.js";
import { t } from "../../i18n.js";
import { KINDS, rateAt } from "../../threshold_math.js";
import { askToConfirm, openDialog } from "../../widgets/dialog.js";
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
  const chosen = await openDialog({
    title: ["threshold.confirm.title", { value }],
    body: [table, el("p", { t: "threshold.confirm.about" })],
    actions: [
      { label: "app.cancel", value: false },
      { label: "threshold.confirm.apply", value: true, look: "primary" },
    ],
  });
  return chosen === true;
}

/** @returns {Promise<boolean>} */
export const confirmReset = () =>
  askToConfirm({
    title: "threshold.reset.title",
    text: "threshold.reset.about",
    action: "threshold.reset",
  });
