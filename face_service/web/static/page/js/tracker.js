/**
 * Faces followed from one answer to the next: boxes that glide, names that do not flicker.
 *
 * Boxes are {x1, y1, x2, y2} in any unit; times in milliseconds. An answer tells where faces were
 * when its picture was taken, so boxes are moved on by their speed to where they should be now.
 */

const LEAST_OVERLAP = 0.2; // of union: below it a box is another face's
const NEAR = 0.75; // or the centres are nearer than this share of the mean side: a fast head
const EXPIRE_MS = 900; // unseen for so long, a face is gone
const EXPIRE_ANSWERS = 2; // but never before so many answers came without it
const MOST_AHEAD_MS = 350; // boxes are moved on at most so far
const SMOOTHING_MS = 90; // how fast a drawn box follows: the share 1 - 1/e in this time
const SPEED_SHARE = 0.5; // how much of a new speed counts: boxes jitter
const VOTES = 7; // the last answers that decide on a name
const CHANGE_LEAD = 2; // another name must lead by so many votes to replace one

/** The share of two boxes' union that both cover, 0..1. */
export function overlap(a, b) {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (area(a) + area(b) - both);
}

const area = (box) => (box.x2 - box.x1) * (box.y2 - box.y1);
const KEYS = ["x1", "y1", "x2", "y2"];
const map = (fn) => Object.fromEntries(KEYS.map((key) => [key, fn(key)]));

/** One face over time. */
class Track {
  constructor(id, face, now) {
    this.id = id;
    this.firstSeen = now;
    this.name = face.name;
    this.votes = [];
    this.answers = 0;
    this.missed = 0;
    this._speed = map(() => 0);
    this._take(face, now);
    this._drawn = { ...face.box };
    this._drawnAt = now;
  }

  see(face, now) {
    const passed = now - this.lastSeen;
    if (passed > 0) {
      const old = this.box;
      const share = this.answers > 1 ? SPEED_SHARE : 1;
      this._speed = map((key) => {
        const found = (face.box[key] - old[key]) / passed;
        return share * found + (1 - share) * this._speed[key];
      });
    }
    this.missed = 0;
    this._take(face, now);
    this.name = this._elect();
  }

  _take(face, now) {
    this.box = face.box;
    this.face = face;
    this.lastSeen = now;
    this.answers += 1;
    this.votes = [...this.votes, face.name].slice(-VOTES);
  }

  /** The name that most of the last answers gave; the present one needs a lead to be replaced. */
  _elect() {
    const counts = new Map();
    for (const vote of this.votes) counts.set(vote, (counts.get(vote) ?? 0) + 1);
    const [best, votes] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    const present = counts.get(this.name) ?? 0;
    return votes >= present + CHANGE_LEAD ? best : this.name;
  }

  /** Where the face should be at a time. */
  predict(now) {
    const ahead = Math.max(0, Math.min(MOST_AHEAD_MS, now - this.lastSeen));
    return map((key) => this.box[key] + this._speed[key] * ahead);
  }

  /** The box to draw: it glides to where the face should be. */
  draw(now) {
    const target = this.predict(now);
    const share = 1 - Math.exp(-Math.max(0, now - this._drawnAt) / SMOOTHING_MS);
    this._drawn = map((key) => this._drawn[key] + share * (target[key] - this._drawn[key]));
    this._drawnAt = now;
    return this._drawn;
  }
}

export class Tracker {
  constructor() {
    this._tracks = [];
    this._next = 1;
  }

  /**
   * Take an answer.
   * @param {{box: object, name: string|null}[]} faces `name` null for an unknown one; whatever else
   *   they hold is the track's `face`
   * @param {number} takenAt when the picture was taken
   * @returns {Track[]} all that are followed, the oldest first
   */
  update(faces, takenAt) {
    const free = new Set(this._tracks);
    const pairs = faces.flatMap((face, at) => {
      const fits = (track) => ({ at, track, fit: fitness(track.predict(takenAt), face.box) });
      return this._tracks.map(fits).filter(({ fit }) => fit > 0);
    });
    const taken = new Set();
    for (const { at, track } of pairs.sort((a, b) => b.fit - a.fit)) {
      if (taken.has(at) || !free.has(track)) continue;
      taken.add(at);
      free.delete(track);
      track.see(faces[at], takenAt);
    }
    // Where none of them goes on and others are there, the scene has changed: no box stays behind.
    if (faces.length && !taken.size) this._tracks = [];
    for (const track of free) track.missed += 1;
    faces.forEach((face, at) => taken.has(at) || this._begin(face, takenAt));
    this._expire(takenAt);
    return this.tracks;
  }

  _begin(face, now) {
    this._tracks.push(new Track(this._next, face, now));
    this._next += 1;
  }

  _expire(now) {
    const isGone = ({ lastSeen, missed }) => missed >= EXPIRE_ANSWERS && now - lastSeen > EXPIRE_MS;
    this._tracks = this._tracks.filter((track) => !isGone(track));
  }

  get tracks() {
    return [...this._tracks];
  }

  clear() {
    this._tracks = [];
  }
}

/** How well a box continues a track: 0 not at all, above 1 by overlap, else by nearness. */
function fitness(expected, box) {
  const shared = overlap(expected, box);
  if (shared >= LEAST_OVERLAP) return 1 + shared;
  const side = Math.sqrt((area(expected) + area(box)) / 2);
  const centre = (one) => [(one.x1 + one.x2) / 2, (one.y1 + one.y2) / 2];
  const [[ax, ay], [bx, by]] = [centre(expected), centre(box)];
  return Math.max(0, 1 - Math.hypot(ax - bx, ay - by) / (NEAR * side));
}
