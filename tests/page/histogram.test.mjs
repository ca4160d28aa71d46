import assert from "node:assert/strict";
import { test } from "node:test";

import { barPath, barScale } from "../../face_service/web/static/page/js/widgets/histogram.js";

test("linear bars reach the top with the largest, over round lines", () => {
  const { place, lines } = barScale([0, 0.02, 0.08], false);
  assert.deepEqual([0, 0.02, 0.08].map(place), [0, 0.25, 1]);
  assert.deepEqual(lines, [0.02, 0.04, 0.06, 0.08]);
});

test("logarithmic bars show the smallest, and decades as lines", () => {
  const { place, lines } = barScale([0, 0.001, 0.1], true);
  assert.equal(place(0), 0);
  assert.ok(place(0.001) > 0.2 && place(0.001) < 0.5, String(place(0.001)));
  assert.equal(place(0.1), 1);
  assert.deepEqual(lines.map((line) => line.toPrecision(1)), ["0.001", "0.01", "0.1"]);
});

test("without any pairs nothing is drawn, and nothing breaks", () => {
  for (const logarithmic of [false, true]) {
    assert.equal(barScale([0, 0], logarithmic).place(0), 0);
  }
});

test("bars are one outline, closed along the foot", () => {
  const path = barPath([0, 1, 2], [3, 0], (value) => 10 * value, (height) => 100 - height);
  assert.equal(path, "M0,100V97H10V100H20V100Z");
});
