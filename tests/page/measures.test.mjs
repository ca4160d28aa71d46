import assert from "node:assert/strict";
import { test } from "node:test";

import { GATE, judge, poseWords } from "../../face_service/web/static/page/js/measures.js";
import { partsOf } from "../../face_service/web/static/page/js/widgets/times.js";

const GOOD = {
  score: 0.9,
  quality: { pixels: 200, sharpness: 80, brightness: 120, contrast: 40 },
  pose: { yaw: 2, pitch: -3, roll: 0 },
};
const faults = (face) =>
  judge(face)
    .filter(({ good }) => !good)
    .map(({ words }) => words);

test("a good face has no fault", () => {
  assert.deepEqual(faults(GOOD), []);
  assert.deepEqual(
    judge(GOOD).map(({ name }) => name),
    ["score", "pixels", "sharpness", "brightness", "pose"],
  );
});

test("a measure at its limit passes, as at the gate", () => {
  const quality = { pixels: GATE.minPixels, sharpness: GATE.minSharpness, brightness: 220 };
  const pose = { yaw: -GATE.maxYaw, pitch: GATE.maxPitch, roll: GATE.maxRoll };
  assert.deepEqual(faults({ score: GATE.minScore, quality, pose }), []);
});

for (const [change, words] of [
  [{ score: 0.49 }, "measure.score.low"],
  [{ quality: { ...GOOD.quality, pixels: 39 } }, "measure.pixels.small"],
  [{ quality: { ...GOOD.quality, sharpness: 34 } }, "measure.sharpness.blurred"],
  [{ quality: { ...GOOD.quality, brightness: 39 } }, "measure.brightness.dark"],
  [{ quality: { ...GOOD.quality, brightness: 221 } }, "measure.brightness.bright"],
  [{ pose: { yaw: -41, pitch: 0, roll: 0 } }, "measure.pose.turned"],
]) {
  test(`a fault is named: ${words}`, () => {
    assert.deepEqual(faults({ ...GOOD, ...change }), [words]);
  });
}

test("a face without landmarks is judged by its score", () => {
  assert.deepEqual(judge({ score: 0.9, quality: null, pose: null }).length, 1);
});

test("a pose is said in words", () => {
  assert.deepEqual(poseWords({ yaw: 9, pitch: -9, roll: 3 }), ["pose.straight"]);
  assert.deepEqual(poseWords({ yaw: 20, pitch: 20, roll: 20 }), [
    "pose.right",
    "pose.up",
    "pose.clockwise",
  ]);
  assert.deepEqual(poseWords({ yaw: -20, pitch: -20, roll: -20 }), [
    "pose.left",
    "pose.down",
    "pose.anticlockwise",
  ]);
});

test("the parts of a time are the stages, the server's rest and the way", () => {
  const stages = [
    { name: "decode", ms: 5 },
    { name: "detect", ms: 20 },
  ];
  assert.deepEqual(partsOf({ stages, total: 30, roundTrip: 50 }), [
    ...stages,
    { name: "rest", ms: 5 },
    { name: "network", ms: 20 },
  ]);
});

test("stages side by side may exceed the whole: then there is no rest", () => {
  const stages = [
    { name: "landmarks", ms: 20 },
    { name: "liveness", ms: 15 },
  ];
  assert.deepEqual(partsOf({ stages, total: 22, roundTrip: 22 }), stages);
});
