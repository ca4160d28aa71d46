/** What a calibration says at a threshold: rates, words for them, and whether they can be trusted. */

// The least number of false matches expected, below which a rate is a guess (as the server has it).
const LEAST_EXPECTED = 1;
// How many people a rate is told of: as few as show at least one of them.
const GROUPS = [100, 1000, 10_000, 100_000, 1_000_000];
const GAP = 0.1; // free room beside the outermost bars, distance

/**
 * @typedef {object} Rate
 * @property {number} value 0..1
 * @property {number} low the lower 95 % bound
 * @property {number} high the upper one
 * @property {number} errors
 * @property {number} trials
 */

/**
 * The members of an answer of /v1/calibrate for comparisons 1:1 and searches 1:N.
 * `wrong` and `missed` are rates, `target` the wanted one, `wanted` and `option` name options.
 */
export const KINDS = {
  verification: {
    wrong: "far",
    missed: "frr",
    target: "target_far",
    wanted: "far",
    option: "threshold",
  },
  identification: {
    wrong: "fpir",
    missed: "fnir",
    target: "target_fpir",
    wanted: "fpir",
    option: "identifyThreshold",
  },
};

/**
 * @param {object} curve of an answer of /v1/calibrate
 * @param {"far"|"frr"|"fpir"|"fnir"} name
 * @param {number} index of one of the curve's thresholds
 * @returns {Rate|null} null where there is nothing to measure it on
 */
export function rateAt(curve, name, index) {
  const columns = curve[name];
  if (!columns) return null;
  const { trials } = columns;
  const errors = columns.errors[index];
  return { value: errors / trials, low: columns.low[index], high: columns.high[index], errors, trials };
}

// What is much worse: so many times the rate, or so much more of it.
const MUCH_WORSE = { times: 2, more: 0.1 };

/**
 * @param {Rate} before
 * @param {Rate} after
 * @returns {boolean} whether a rate becomes much worse, by more than chance explains
 */
export function isMuchWorse(before, after) {
  const { times, more } = MUCH_WORSE;
  const grows = after.value >= times * before.value || after.value - before.value >= more;
  return grows && after.low > before.high;
}

/** The index of the threshold that is nearest; of two as near the smaller, the safer one. */
export function nearestIndex(thresholds, threshold) {
  let best = 0;
  for (let index = 1; index < thresholds.length; index += 1) {
    if (Math.abs(thresholds[index] - threshold) < Math.abs(thresholds[best] - threshold)) best = index;
  }
  return best;
}

/**
 * A rate as people out of a round number of them.
 * @param {Rate} rate
 * @returns {{of: number, count: number, low: number, high: number}} `count` of `of` people, with
 *   its bounds; whole numbers, the bounds rounded outwards
 */
export function asPeople(rate) {
  const shows = rate.errors ? rate.value : rate.high;
  const of = GROUPS.find((size) => shows * size >= 1) ?? GROUPS.at(-1);
  const low = Math.floor(rate.low * of);
  const high = Math.ceil(rate.high * of);
  return { of, count: Math.min(high, Math.max(low, Math.round(rate.value * of))), low, high };
}

/**
 * @param {object} answer of /v1/calibrate
 * @param {"verification"|"identification"} kind
 * @returns {{enough: boolean, trials: number, needed: number}} whether the wanted rate can be
 *   measured, on so many trials, of which so many are needed: without, the server applies nothing
 */
export function evidence(answer, kind) {
  const { wrong, target } = KINDS[kind];
  const wanted = answer[kind][target];
  const { trials } = answer[kind][wrong];
  return {
    enough: wanted * trials >= LEAST_EXPECTED,
    trials,
    needed: Math.ceil(LEAST_EXPECTED / wanted - 1e-9), // 1 / 0.001 is 1000, and not a little more
  };
}

/** How many people, with one picture each, give so many pairs of different people. */
export function peopleForPairs(pairs) {
  return Math.ceil((1 + Math.sqrt(1 + 8 * pairs)) / 2);
}

/**
 * The part of the distances that is worth drawing.
 * @param {object[]} histograms {edges, counts}
 * @param {number[]} thresholds that must lie in it
 * @returns {[number, number]} within 0..2, on tenths
 */
export function shownRange(histograms, thresholds) {
  const marks = [...thresholds];
  for (const { edges, counts } of histograms) {
    const first = counts.findIndex((count) => count > 0);
    if (first < 0) continue;
    marks.push(edges[first], edges[counts.findLastIndex((count) => count > 0) + 1]);
  }
  const low = Math.floor(10 * (Math.min(...marks) - GAP) + 1e-9) / 10;
  const high = Math.ceil(10 * (Math.max(...marks) + GAP) - 1e-9) / 10;
  return [Math.max(0, low), Math.min(2, high)];
}

/** The share of a histogram's pairs in each bin; zeros where there are none. */
export function shares({ counts, total }) {
  return counts.map((count) => count / Math.max(1, total));
}

/**
 * The indexes at which a table shows the rates: every 0.05 in the range, and those named.
 * @param {number[]} thresholds
 * @param {[number, number]} range
 * @param {number[]} always
 */
export function tableRows(thresholds, [low, high], always) {
  const coarse = (value) => Math.abs(20 * value - Math.round(20 * value)) < 1e-9;
  return thresholds.flatMap((value, index) =>
    always.includes(index) || (value >= low && value <= high && coarse(value)) ? [index] : [],
  );
}

/**
 * Cautions that matter where only one of the two thresholds is looked at.
 * @param {object[]} cautions {code, values}
 * @param {"verification"|"identification"} kind
 */
export function cautionsFor(cautions, kind) {
  const rate = kind === "verification" ? "FAR" : "FPIR";
  const searching = new Set(["GROWS_WITH_GALLERY", "PART_DRAWN"]);
  return cautions.filter(({ code, values }) => {
    if (values.rate) return values.rate === rate;
    return kind === "identification" || !searching.has(code);
  });
}
