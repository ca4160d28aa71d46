/** Rates in words. */

import { formatNumber, formatPercent, t } from "../../i18n.js";
import { asPeople, KINDS, rateAt } from "../../threshold_math.js";

const THRESHOLD_DIGITS = 3;

/** A threshold as it is written everywhere. */
export const thresholdText = (value) => formatNumber(value, THRESHOLD_DIGITS, true);

/** A rate as percent, with as many digits as tell something. */
export function percentText(value) {
  if (value === 0 || value >= 0.1) return formatPercent(value, 1);
  return formatPercent(value, value >= 0.01 ? 2 : value >= 0.0001 ? 3 : 4);
}

/**
 * What one of the rates says, such as "Of 1,000 strangers, 3 would be let in."
 * @param {"verification"|"identification"} kind
 * @param {"wrong"|"missed"} side
 * @param {import("../../threshold_math.js").Rate|null} rate
 */
export function rateSentence(kind, side, rate) {
  if (!rate) return t("threshold.missed.unknown");
  const { of, count } = asPeople(rate);
  return t(`threshold.${kind}.${side}.${count ? "some" : "none"}`, { of, count });
}

/** How far a rate can be trusted, and what was counted. */
export function boundsSentence(rate) {
  const { low, high } = asPeople(rate);
  return t("threshold.bounds", { low, high, errors: rate.errors, trials: rate.trials });
}

/** What the slider's value means, for a screen reader. */
export function sliderText(answer, kind, index) {
  const { wrong, missed } = KINDS[kind];
  return t("threshold.value", {
    value: thresholdText(answer.curve.thresholds[index]),
    wrong: rateSentence(kind, "wrong", rateAt(answer.curve, wrong, index)),
    missed: rateSentence(kind, "missed", rateAt(answer.curve, missed, index)),
  });
}
