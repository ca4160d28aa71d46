import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asPeople,
  cautionsFor,
  evidence,
  isMuchWorse,
  nearestIndex,
  peopleForPairs,
  rateAt,
  shares,
  shownRange,
  tableRows,
} from "../../face_service/web/static/page/js/threshold_math.js";

const CURVE = {
  thresholds: [0.9, 1.0, 1.05, 1.1],
  far: { trials: 1000, errors: [0, 1, 3, 40], low: [0, 0, 0.001, 0.03], high: [0.004, 0.006, 0.009, 0.053] },
  frr: null,
};

test("a rate is the errors of the trials, with the bounds of its threshold", () => {
  assert.deepEqual(rateAt(CURVE, "far", 2), { value: 0.003, low: 0.001, high: 0.009, errors: 3, trials: 1000 });
  assert.equal(rateAt(CURVE, "frr", 2), null);
});

test("the nearest threshold is found, of two the smaller", () => {
  assert.equal(nearestIndex(CURVE.thresholds, 1.06), 2);
  assert.equal(nearestIndex(CURVE.thresholds, 0.95), 0);
  assert.equal(nearestIndex(CURVE.thresholds, -1), 0);
  assert.equal(nearestIndex(CURVE.thresholds, 2), 3);
});

test("a rate is told of as many people as show one", () => {
  const of = (index) => asPeople(rateAt(CURVE, "far", index));
  assert.deepEqual(of(3), { of: 100, count: 4, low: 3, high: 6 });
  assert.deepEqual(of(2), { of: 1000, count: 3, low: 1, high: 9 });
  assert.deepEqual(of(0), { of: 1000, count: 0, low: 0, high: 4 });
});

test("all and none are told as they are", () => {
  const all = { value: 1, low: 0.97, high: 1, errors: 120, trials: 120 };
  assert.deepEqual(asPeople(all), { of: 100, count: 100, low: 97, high: 100 });
  const rare = { value: 0, low: 0, high: 1e-9, errors: 0, trials: 4e9 };
  assert.deepEqual(asPeople(rare), { of: 1_000_000, count: 0, low: 0, high: 1 });
});

const answer = (target, trials) => ({ verification: { target_far: target, far: { trials } } });

test("there is evidence from one expected false match on", () => {
  assert.deepEqual(evidence(answer(0.001, 999), "verification"), { enough: false, trials: 999, needed: 1000 });
  assert.deepEqual(evidence(answer(0.001, 1000), "verification"), { enough: true, trials: 1000, needed: 1000 });
});

test("so many people make so many pairs", () => {
  assert.equal(peopleForPairs(1), 2);
  assert.equal(peopleForPairs(3), 3);
  assert.equal(peopleForPairs(4), 4);
  assert.equal(peopleForPairs(1000), 46); // 46 * 45 / 2 = 1035, 45 * 44 / 2 = 990
});

const histogram = (counts, total) => ({ edges: [0.4, 0.5, 0.6, 0.7, 0.8], counts, total });

test("the range holds all pairs and the thresholds, with room beside them", () => {
  assert.deepEqual(shownRange([histogram([0, 2, 1, 0], 3), histogram([0, 0, 0, 0], 0)], []), [0.4, 0.8]);
  assert.deepEqual(shownRange([histogram([0, 2, 1, 0], 3)], [1.05]), [0.4, 1.2]);
  assert.deepEqual(shownRange([], [0.02, 1.99]), [0, 2]);
});

test("shares are of the pairs there are", () => {
  assert.deepEqual(shares(histogram([1, 2, 1, 0], 4)), [0.25, 0.5, 0.25, 0]);
  assert.deepEqual(shares(histogram([0, 0, 0, 0], 0)), [0, 0, 0, 0]);
});

test("a table has a row for every 0.05 shown, and for what is named", () => {
  const thresholds = [0.9, 0.95, 0.97, 1.0, 1.05];
  assert.deepEqual(tableRows(thresholds, [0.92, 1.02], []), [1, 3]);
  assert.deepEqual(tableRows(thresholds, [0.92, 1.02], [0, 2]), [0, 1, 2, 3]);
});

test("only the cautions of what is looked at are told", () => {
  const cautions = [
    { code: "RATE_UNCERTAIN", values: { rate: "FAR" } },
    { code: "RATE_UNCERTAIN", values: { rate: "FPIR" } },
    { code: "FEW_SUBJECTS", values: { subjects: 3 } },
    { code: "GROWS_WITH_GALLERY", values: {} },
  ];
  assert.deepEqual(cautionsFor(cautions, "verification"), [cautions[0], cautions[2]]);
  assert.deepEqual(cautionsFor(cautions, "identification"), [cautions[1], cautions[2], cautions[3]]);
});

test("a rate is much worse when it doubles or rises by a tenth, beyond its bounds", () => {
  const rate = (value, low, high) => ({ value, low, high });
  const few = rate(0.001, 0.0008, 0.0012);
  assert.equal(isMuchWorse(few, rate(0.002, 0.0017, 0.0023)), true);
  assert.equal(isMuchWorse(few, rate(0.0019, 0.0016, 0.0022)), false); // not twice
  assert.equal(isMuchWorse(few, rate(0.01, 0.0011, 0.05)), false); // may be chance
  assert.equal(isMuchWorse(rate(0, 0, 0.01), rate(0.4, 0.3, 0.5)), true);
  assert.equal(isMuchWorse(rate(0.5, 0.45, 0.55), rate(0.75, 0.7, 0.8)), true);
  assert.equal(isMuchWorse(rate(0.4, 0.3, 0.5), few), false);
});
