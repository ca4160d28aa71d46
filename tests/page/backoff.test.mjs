import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff, isTemporary, Loop, Meter } from "../../face_service/web/static/page/js/backoff.js";

const busy = (status = 503, retryAfter = null) => ({ status, code: "BUSY", retryAfter });

test("what may pass is told from what will not", () => {
  for (const status of [429, 502, 503, 504]) assert.ok(isTemporary({ status, code: "X" }));
  assert.ok(isTemporary({ status: 0, code: "UNREACHABLE" }));
  for (const status of [400, 401, 403, 409, 500]) assert.ok(!isTemporary({ status, code: "X" }));
});

test("waits double, are never shorter than the server says, and begin anew after success", () => {
  const backoff = new Backoff();
  assert.equal(backoff.failed(busy()), 500);
  assert.equal(backoff.failed(busy()), 1000);
  assert.equal(backoff.failed(busy(503, 7)), 7000);
  assert.equal(backoff.failed(busy(503, 1)), 4000);
  backoff.succeeded();
  assert.equal(backoff.failed(busy()), 500);
});

test("waits of one's own end at half a minute", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 12 }, () => backoff.failed(busy()));
  assert.equal(waits.at(-1), 30_000);
  assert.equal(backoff.failed(busy(503, 60)), 60_000);
});

test("the meter counts what came in its window", () => {
  const meter = new Meter(1000);
  assert.equal(meter.rate(0), 0);
  for (const time of [0, 100, 200, 300, 400]) meter.count(time);
  assert.equal(meter.rate(400), 10);
  assert.equal(meter.rate(1300), 10); // 300 and 400 are left
  assert.equal(meter.rate(1401), 0);
  meter.reset();
  assert.equal(meter.rate(1401), 0);
});

/** A loop on a clock that only waiting moves. */
function makeLoop(outcomes) {
  const log = [];
  let now = 0;
  let inWork = 0;
  const loop = new Loop({
    clock: () => now,
    pause: async (ms) => {
      now += ms;
    },
    step: async () => {
      assert.equal(inWork, 0, "two requests at once");
      inWork += 1;
      log.push(["ask", now]);
      await null;
      now += 10;
      inWork -= 1;
      const outcome = outcomes.shift();
      if (outcome) throw outcome;
      if (!outcomes.length) loop.stop();
    },
    onWait: (error, ms) => log.push(["wait", error.status, ms]),
    onFailure: (error) => log.push(["failure", error.status]),
  });
  return { loop, log };
}

/** Let all that is promised happen. */
const settle = () => new Promise((done) => setTimeout(done, 20));

test("one request follows the other, and after a refusal the wait", async () => {
  const { loop, log } = makeLoop([null, busy(503, 2), null]);
  loop.start();
  loop.start();
  await settle();
  assert.deepEqual(log, [["ask", 0], ["ask", 10], ["wait", 503, 2000], ["ask", 2020]]);
  assert.ok(!loop.running);
});

test("a failure that stays ends the loop", async () => {
  const { loop, log } = makeLoop([busy(403), null]);
  loop.start();
  await settle();
  assert.deepEqual(log, [["ask", 0], ["failure", 403]]);
  assert.ok(!loop.running);
});

test("after a limit on the requests of a minute they come more slowly", async () => {
  const { loop, log } = makeLoop([null, null, busy(429, 5), null, null]);
  loop.start();
  await settle();
  const asked = log.filter(([what]) => what === "ask").map(([, at]) => at);
  assert.equal(asked[3] - asked[2], 22_000); // three in a minute were too many
  assert.equal(asked[4] - asked[3], 22_000);
});

test("a stopped loop breaks its request off and tells nobody", async () => {
  const log = [];
  const loop = new Loop({
    step: (signal) =>
      new Promise((_, fail) => signal.addEventListener("abort", () => fail(new Error("aborted")))),
    onWait: () => log.push("wait"),
    onFailure: () => log.push("failure"),
  });
  loop.start();
  loop.stop();
  await settle();
  assert.deepEqual(log, []);
  assert.ok(!loop.running);
});
