import assert from "node:assert/strict";
import { test } from "node:test";

import {
  canForce,
  hintsOf,
  mostPressing,
  Pace,
  Steady,
} from "../../face_service/web/static/page/js/guide.js";
import { layOut } from "../../face_service/web/static/page/js/widgets/scale.js";

const reason = (code) => ({ code, value: 1, limit: 2 });
const states = (hints) => Object.fromEntries(hints.map(({ name, state }) => [name, state]));

test("each reason of the gate speaks against one hint, the others are fine", () => {
  const found = states(hintsOf([reason("BLURRED"), reason("TOO_BRIGHT")]));
  assert.deepEqual(found, {
    face: "good",
    alone: "good",
    size: "good",
    level: "good",
    bright: "bad",
    sharp: "bad",
  });
});

test("without a face nothing else is known", () => {
  const { face, ...others } = states(hintsOf([reason("NO_FACE")]));
  assert.equal(face, "bad");
  assert.deepEqual(new Set(Object.values(others)), new Set(["unknown"]));
});

test("before the first answer nothing is known", () => {
  assert.deepEqual(new Set(hintsOf(null).map(({ state }) => state)), new Set(["unknown"]));
});

test("a live face is a hint only where it is asked for", () => {
  assert.equal(states(hintsOf([reason("NOT_LIVE")], true)).live, "bad");
  assert.ok(!("live" in states(hintsOf([]))));
});

test("the first thing to say is what hides the others", () => {
  const found = mostPressing([reason("BLURRED"), reason("FACE_TOO_SMALL"), reason("TOO_DARK")]);
  assert.equal(found.code, "FACE_TOO_SMALL");
  assert.equal(mostPressing([reason("NEW_ONE"), reason("BLURRED")]).code, "BLURRED");
  assert.equal(mostPressing([]), null);
});

test("a missing face and one that is not live cannot be insisted on", () => {
  assert.equal(canForce([reason("BLURRED"), reason("EXTREME_POSE")]), true);
  assert.equal(canForce([reason("BLURRED"), reason("NO_FACE")]), false);
  assert.equal(canForce([reason("NOT_LIVE")]), false);
});

test("a picture is taken when all has been well for a moment, then there is a rest", () => {
  const steady = new Steady({ holdMs: 1000, restMs: 2000 });
  assert.deepEqual(steady.feed(true, 0), { share: 0, take: false });
  assert.deepEqual(steady.feed(true, 500), { share: 0.5, take: false });
  assert.deepEqual(steady.feed(true, 1000), { share: 1, take: true });
  assert.deepEqual(steady.feed(true, 2900), { share: 0, take: false });
  assert.deepEqual(steady.feed(true, 3000), { share: 0, take: false });
  assert.deepEqual(steady.feed(true, 4000), { share: 1, take: true });
});

test("one poor frame begins the moment anew", () => {
  const steady = new Steady({ holdMs: 1000, restMs: 0 });
  steady.feed(true, 0);
  assert.deepEqual(steady.feed(false, 900), { share: 0, take: false });
  assert.deepEqual(steady.feed(true, 1000), { share: 0, take: false });
  assert.deepEqual(steady.feed(true, 1900), { share: 0.9, take: false });
});

test("frames are sent every so often, at once where the answer took longer", () => {
  const pace = new Pace({ periodMs: 700 });
  assert.equal(pace.answered(200), 500);
  assert.equal(pace.answered(900), 0);
});

test("a busy server is asked less and less often, and never before it said", () => {
  const pace = new Pace({ periodMs: 700, mostMs: 5000 });
  assert.equal(pace.failed({ status: 503, retryAfter: 1 }), 1400);
  assert.equal(pace.failed({ status: 429, retryAfter: 30 }), 30_000);
  assert.equal(pace.failed({ status: 0, retryAfter: null }), 5000);
  pace.answered(0);
  assert.equal(pace.failed({ status: 503, retryAfter: null }), 1400);
});

test("what another try cannot mend is not tried again", () => {
  assert.equal(new Pace().failed({ status: 403 }), null);
  assert.equal(new Pace().failed({ status: 415 }), null);
});

test("a distance and its threshold lie on one line", () => {
  assert.deepEqual(layOut(0.8, 1.2), { end: 1.6, distance: 50, threshold: 75 });
  assert.equal(layOut(1.91, 1.05).end, 2);
});

test("after a picture there is a rest that can be asked for", () => {
  const steady = new Steady({ holdMs: 1000, restMs: 2000 });
  assert.equal(steady.resting(0), false);
  steady.rest(0);
  assert.equal(steady.resting(1999), true);
  assert.equal(steady.resting(2000), false);
});
