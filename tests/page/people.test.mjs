import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../face_service/web/static/page/js/answers.js";
import { nearest } from "../../face_service/web/static/page/js/focus.js";
import { Removals } from "../../face_service/web/static/page/js/removals.js";
import {
  countFiles,
  isClutter,
  makeBatches,
  subjectOf,
} from "../../face_service/web/static/page/js/views/people/batches.js";
import { BulkRun } from "../../face_service/web/static/page/js/views/people/bulk_run.js";
import { measuresOf } from "../../face_service/web/static/page/js/views/people/measures.js";
import { initialsOf } from "../../face_service/web/static/page/js/views/people/thumbs.js";

const file = (path, size = 10) => ({
  name: path.split("/").at(-1),
  webkitRelativePath: path.includes("/") ? path : "",
  size,
});
const names = (batches) => batches.map(({ files }) => files.map(({ name }) => name).join(" "));

test("a file shows whom its folder is named after", () => {
  assert.equal(subjectOf(file("people/ann/1.jpg")), "ann");
  assert.equal(subjectOf(file("ann/1.jpg")), "ann");
  assert.equal(subjectOf(file("1.jpg")), null);
});

test("what archivers and desktops leave behind is no picture", () => {
  const found = ["a/.DS_Store", "__MACOSX/a/1.jpg", ".git/x.jpg", "a/Thumbs.db", "a/1.jpg"];
  assert.deepEqual(found.map((path) => isClutter(file(path))), [true, true, true, true, false]);
});

test("people, pictures, loose ones and ZIPs are counted", () => {
  const files = ["a/1.jpg", "a/2.jpg", "b/1.jpg", "me.png", "all.zip"].map((path) => file(path));
  assert.deepEqual(countFiles(files), { people: 2, pictures: 4, loose: 1, zips: 1 });
});

test("a request holds no more than so many files and bytes", () => {
  const files = ["a/1", "a/2", "a/3", "b/4", "b/5"].map((path) => file(path));
  assert.deepEqual(names(makeBatches(files, null, { mostFiles: 2 })), ["1 2", "3 4", "5"]);
  assert.deepEqual(names(makeBatches(files, null, { mostBytes: 30 })), ["1 2 3", "4 5"]);
  assert.deepEqual(names(makeBatches([file("a/big", 99)], null, { mostBytes: 30 })), ["big"]);
});

test("loose files go by the name that was given, others and ZIPs by their folders", () => {
  const files = ["a/1", "2", "3", "all.zip", "b/4"].map((path) => file(path));
  const batches = makeBatches(files, "cid");
  assert.deepEqual(names(batches), ["1", "2 3", "all.zip", "4"]);
  assert.deepEqual(batches.map(({ subject }) => subject), [null, "cid", null, null]);
});

const line = (path, status = "enrolled") => ({ file: path, subject: "a", status });

/** Run two batches of two against an API that answers each call by the next of `answers`. */
async function running(answers, watch = () => undefined) {
  const files = ["a/1", "a/2", "a/3", "a/4"].map((path) => file(path));
  const results = [];
  const progress = [];
  const waits = [];
  const api = {
    calls: 0,
    async bulk(sent, subject, onResult) {
      api.calls += 1;
      const answer = answers.shift() ?? sent.map(({ webkitRelativePath: path }) => line(path));
      answer.filter((one) => !(one instanceof Error)).forEach(onResult);
      const error = answer.find((one) => one instanceof Error);
      if (error) throw error;
    },
  };
  const run = new BulkRun({
    api,
    batches: makeBatches(files, null, { mostFiles: 2 }),
    force: false,
    onResult: (result) => {
      results.push(`${result.file} ${result.status} ${result.code ?? ""}`.trim());
      watch(run);
    },
    onProgress: (done) => progress.push(done),
    sleep: async (ms) => waits.push(ms),
  });
  await run.run();
  return { results, progress, waits, counts: run.counts, calls: api.calls };
}

test("each file's result is told and counted, and how far it is", async () => {
  const { results, progress, counts } = await running([[line("a/1"), line("a/2", "refused")]]);
  assert.deepEqual(results, ["a/1 enrolled", "a/2 refused", "a/3 enrolled", "a/4 enrolled"]);
  assert.deepEqual(progress, [2, 4]);
  assert.deepEqual(counts, { enrolled: 3, refused: 1, failed: 0 });
});

test("a busy server is asked again when it said", async () => {
  const busy = new ApiError({ status: 503, code: "BUSY", retryAfter: 3 });
  const { waits, counts } = await running([[busy], [busy]]);
  assert.deepEqual(waits, [3000, 3000]);
  assert.deepEqual(counts, { enrolled: 4, refused: 0, failed: 0 });
});

test("after some results a batch is not sent again: its others have failed", async () => {
  const broken = new ApiError({ status: 503, code: "BUSY" });
  const { results, calls } = await running([[line("a/1"), broken]]);
  assert.deepEqual(results.slice(0, 2), ["a/1 enrolled", "a/2 failed BUSY"]);
  assert.equal(calls, 2);
});

test("what the server refuses as a whole has failed for each of its files", async () => {
  const refusal = new ApiError({ status: 413, code: "TOO_LARGE" });
  const { results, counts } = await running([[refusal]]);
  assert.deepEqual(results.slice(0, 2), ["a/1 failed TOO_LARGE", "a/2 failed TOO_LARGE"]);
  assert.deepEqual(counts, { enrolled: 2, refused: 0, failed: 2 });
});

test("a run that is stopped sends nothing more and blames no file", async () => {
  const { results, calls } = await running([], (run) => run.stop());
  assert.deepEqual(results, ["a/1 enrolled", "a/2 enrolled"]);
  assert.equal(calls, 1);
});

function removing() {
  const sent = [];
  const removals = new Removals(async (item, how) => sent.push([item.subject, item.id, how]));
  return { removals, sent };
}

test("what is to be deleted is hidden, and sent only when it is meant", async () => {
  const { removals, sent } = removing();
  const item = { subject: "ann", id: null };
  removals.add(item);
  assert.equal(removals.hides("ann"), true);
  assert.equal(removals.hides("ann", "f1"), true);
  assert.equal(removals.hides("bob"), false);
  assert.deepEqual(sent, []);
  assert.equal(await removals.commit(item), true);
  assert.deepEqual(sent, [["ann", null, {}]]);
  assert.equal(removals.hides("ann"), false);
});

test("what is taken back is never sent", async () => {
  const { removals, sent } = removing();
  const item = { subject: "ann", id: "f1" };
  removals.add(item);
  assert.equal(removals.hides("ann"), false);
  assert.equal(removals.samplesHidden("ann"), 1);
  assert.equal(removals.undo(item), true);
  assert.equal(await removals.commit(item), false);
  removals.flush();
  assert.deepEqual(sent, []);
});

test("when the page goes, what waits is sent by requests that outlive it", () => {
  const { removals, sent } = removing();
  removals.add({ subject: "ann", id: null });
  removals.add({ subject: "bob", id: "f2" });
  assert.equal(removals.people, 1);
  removals.flush();
  removals.flush();
  assert.equal(removals.undo({ subject: "ann", id: null }), false);
  assert.deepEqual(sent, [
    ["ann", null, { keepalive: true }],
    ["bob", "f2", { keepalive: true }],
  ]);
});

test("before something else is written, what waits is sent and can be taken back no longer", async () => {
  const answers = [];
  const sent = [];
  const removals = new Removals(async ({ subject }) => {
    sent.push(subject);
    await new Promise((answer) => answers.push(answer));
  });
  const told = [];
  const ann = { subject: "ann", id: null, onSettle: () => told.push("ann") };
  const bob = { subject: "bob", id: "f2" };
  removals.add(ann);
  removals.add(bob);
  const onItsWay = removals.commit(bob);
  let settled = false;
  const settling = removals.settle().then(() => (settled = true));
  assert.deepEqual(sent, ["bob", "ann"]);
  assert.deepEqual(told, ["ann"]);
  assert.equal(removals.undo(ann), false);
  answers[1]();
  await new Promise((later) => setImmediate(later));
  assert.equal(settled, false); // not before the other, which was on its way
  answers[0]();
  await settling;
  assert.equal(await onItsWay, true);
  assert.equal(removals.hides("ann"), false);
  assert.equal(await removals.commit(ann), false);
  assert.deepEqual(sent, ["bob", "ann"]);
});

test("what is not deleted keeps from writing, but for what somebody else deleted", async () => {
  const errors = [
    new ApiError({ status: 404, code: "SUBJECT_NOT_FOUND" }),
    new ApiError({ status: 503, code: "BUSY" }),
  ];
  const removals = new Removals(async () => {
    throw errors.shift();
  });
  removals.add({ subject: "ann", id: null });
  await removals.settle();
  removals.add({ subject: "bob", id: null });
  await assert.rejects(removals.settle(), /BUSY/);
  assert.equal(removals.hides("bob"), false);
});

test("the focus goes to what stood behind, else before, of the same kind", () => {
  const keys = ["do:a", "row:1", "row:2", "row:3"];
  assert.deepEqual(nearest(keys, 2), ["row:2", "row:3", "row:1"]);
  assert.deepEqual(nearest(keys, 0), ["do:a"]);
});

test("a deletion that the server refuses is shown again", async () => {
  const removals = new Removals(async () => {
    throw new ApiError({ status: 503, code: "BUSY" });
  });
  const item = { subject: "ann", id: null };
  removals.add(item);
  await assert.rejects(removals.commit(item), /BUSY/);
  assert.equal(removals.hides("ann"), false);
});

const QUALITY = { pixels: 39.6, sharpness: 80, brightness: 230, yaw: -3, pitch: 12.2, roll: 0 };
const LIMITS = {
  min_pixels: 40, min_sharpness: 35, min_brightness: 40, max_brightness: 220,
  max_yaw: 40, max_pitch: 10, max_roll: 30,
};

test("measures are held against what the gate asks for", () => {
  assert.deepEqual(measuresOf(QUALITY, LIMITS), [
    { name: "pixels", value: 40, good: false },
    { name: "sharpness", value: 80, good: true },
    { name: "brightness", value: 230, good: false },
    { name: "angle", value: 12, good: false },
  ]);
  assert.ok(measuresOf(QUALITY, null).every(({ good }) => good));
  assert.deepEqual(measuresOf({}, LIMITS), []);
});

test("initials are those of the first and the last word", () => {
  const of = ["Ann Lee", "jean-luc picard", "bob", "李雷", "x", "司马相如", "Özil Mesut"];
  assert.deepEqual(of.map(initialsOf), ["AL", "JP", "BO", "李雷", "X", "相如", "ÖM"]);
});
