import assert from "node:assert/strict";
import { test } from "node:test";

import { Seen } from "../../face_service/web/static/page/js/seen.js";
import { overlap, Tracker } from "../../face_service/web/static/page/js/tracker.js";

const box = (x, y = 0, side = 100) => ({ x1: x, y1: y, x2: x + side, y2: y + side });
const face = (x, name = null) => ({ box: box(x), name });
const names = (tracks) => tracks.map(({ id, name }) => [id, name]);

test("overlap is the share of the union", () => {
  assert.equal(overlap(box(0), box(0)), 1);
  assert.equal(overlap(box(0), box(50)), 1 / 3);
  assert.equal(overlap(box(0), box(100)), 0);
  assert.equal(overlap(box(0), box(0, 0, 50)), 0.25);
});

test("a face keeps its track while it moves, another begins one", () => {
  const tracker = new Tracker();
  tracker.update([face(0, "ann")], 0);
  tracker.update([face(300, "bob"), face(30, "ann")], 100);
  const tracks = tracker.update([face(60, "ann"), face(310, "bob")], 200);
  assert.deepEqual(names(tracks), [[1, "ann"], [2, "bob"]]);
  assert.equal(tracks[0].answers, 3);
});

test("each face takes the track that fits it best", () => {
  const tracker = new Tracker();
  tracker.update([face(0, "ann"), face(60, "bob")], 0);
  const tracks = tracker.update([face(58, "bob"), face(4, "ann")], 100);
  assert.deepEqual(names(tracks), [[1, "ann"], [2, "bob"]]);
});

test("a fast face is followed by where its speed takes it", () => {
  const tracker = new Tracker();
  for (const [step, x] of [0, 60, 140, 220].entries()) tracker.update([face(x)], 100 * step);
  // Without its speed the last jump would be to a box that does not touch the one before.
  assert.equal(tracker.update([face(330)], 400).length, 1);
});

test("a face is gone only after some time without it, and some answers", () => {
  const tracker = new Tracker();
  tracker.update([face(0, "ann")], 0);
  assert.equal(tracker.update([], 5000).length, 1); // a slow server: one answer without it
  assert.equal(tracker.update([], 5100).length, 0);
  tracker.update([face(0, "ann")], 6000);
  assert.equal(tracker.update([], 6100).length, 1);
  assert.equal(tracker.update([], 6200).length, 1);
  assert.equal(tracker.update([], 6950).length, 0);
});

test("a face that comes back in time is the same", () => {
  const tracker = new Tracker();
  tracker.update([face(0, "ann")], 0);
  tracker.update([], 100);
  assert.deepEqual(names(tracker.update([face(10, "ann")], 200)), [[1, "ann"]]);
});

test("one answer of another opinion does not change a name, a clear majority does", () => {
  const tracker = new Tracker();
  const after = (name, time) => tracker.update([face(0, name)], time)[0].name;
  assert.equal(after("ann", 0), "ann");
  assert.equal(after(null, 100), "ann");
  assert.equal(after("ann", 200), "ann");
  for (const time of [300, 400]) assert.equal(after("bob", time), "ann");
  assert.equal(after("bob", 500), "ann"); // bob 3, ann 2
  assert.equal(after("bob", 600), "bob");
});

test("a name that comes after doubt is taken when it leads by two", () => {
  const tracker = new Tracker();
  const after = (name, time) => tracker.update([face(0, name)], time)[0].name;
  assert.equal(after(null, 0), null);
  assert.equal(after("ann", 100), null);
  assert.equal(after("ann", 200), null);
  assert.equal(after("ann", 300), "ann");
});

test("a drawn box glides to where the face should be, and no further", () => {
  const tracker = new Tracker();
  tracker.update([face(0)], 0);
  const [track] = tracker.update([face(50)], 100);
  const first = track.draw(100).x1;
  assert.ok(first > 0 && first < 50, String(first));
  const later = track.draw(200).x1;
  assert.ok(later > first);
  // 0.5 a millisecond, moved on for 350 ms at most.
  let last = later;
  for (let now = 300; now < 5000; now += 100) last = track.draw(now).x1;
  assert.ok(Math.abs(last - (50 + 0.5 * 350)) < 1, String(last));
});

test("after a cut nothing of the scene before is left", () => {
  const tracker = new Tracker();
  tracker.update([face(0, "ann"), face(200, "bob")], 0);
  assert.deepEqual(names(tracker.update([face(5000, "cid")], 100)), [[3, "cid"]]);
});

test("who goes while another stays is waited for", () => {
  const tracker = new Tracker();
  tracker.update([face(0, "ann"), face(200, "bob")], 0);
  const after = tracker.update([face(0, "ann"), face(5000, "cid")], 100);
  assert.deepEqual(names(after), [[1, "ann"], [2, "bob"], [3, "cid"]]);
});

test("a cleared tracker follows nobody, and numbers go on", () => {
  const tracker = new Tracker();
  tracker.update([face(0)], 0);
  tracker.clear();
  assert.deepEqual(tracker.tracks, []);
  assert.deepEqual(names(tracker.update([face(0, "ann")], 100)), [[2, "ann"]]);
});

const track = (id, name, answers = 9, missed = 0) => ({ id, name, answers, missed });

test("who is seen is listed with the first and the last time", () => {
  const seen = new Seen();
  assert.deepEqual(seen.update([track(1, "ann", 1)], 1000), []); // once may be a mistake
  assert.deepEqual(seen.update([track(1, "ann", 2)], 2000).map(({ name }) => name), ["ann"]);
  assert.deepEqual(seen.update([track(1, "ann", 3)], 3000), []);
  assert.deepEqual(seen.all, [{ name: "ann", first: 2000, last: 3000, now: true, live: null, times: 1 }]);
  seen.update([], 4000);
  assert.deepEqual(seen.all, [{ name: "ann", first: 2000, last: 3000, now: false, live: null, times: 1 }]);
});

test("whether a face looked live is told of the last look", () => {
  const seen = new Seen();
  const looked = (live) => ({ ...track(1, "ann"), face: { live } });
  seen.update([looked(true)], 1000);
  seen.update([looked(false)], 2000);
  assert.deepEqual(seen.all.map(({ live }) => live), [false]);
});

test("each coming into the picture counts, strangers together", () => {
  const seen = new Seen();
  seen.update([track(1, "ann"), track(2, null)], 1000);
  seen.update([track(3, "ann"), track(4, null), track(5, null)], 2000);
  assert.deepEqual(seen.all.map(({ name, times }) => [name, times]), [["ann", 2], [null, 3]]);
});

test("a face is unknown only after some answers", () => {
  const seen = new Seen();
  seen.update([track(1, null, 3)], 1000);
  assert.deepEqual(seen.all, []);
  seen.update([track(1, null, 4)], 1100);
  assert.deepEqual(seen.all.map(({ name }) => name), [null]);
});

test("those in the picture come first, then the last seen", () => {
  const seen = new Seen();
  seen.update([track(1, "ann")], 1000);
  seen.update([track(2, "bob")], 2000);
  seen.update([track(3, "cid")], 3000);
  assert.deepEqual(seen.all.map(({ name }) => name), ["cid", "bob", "ann"]);
  seen.leave();
  assert.deepEqual(seen.all.map(({ now }) => now), [false, false, false]);
  seen.clear();
  assert.deepEqual(seen.all, []);
});
