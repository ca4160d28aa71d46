/** Who was seen, when first and when last. */

// So many answers in a row make a face a sighting: one alone may be a mistake.
const LEAST_ANSWERS = 2;
const LEAST_UNKNOWN = 4; // somebody known may turn the face to the camera only then

/**
 * @typedef {object} Sighting
 * @property {string|null} name null for all who are unknown
 * @property {number} first milliseconds since 1970
 * @property {number} last
 * @property {boolean} now whether it is in the picture
 * @property {boolean|null} live whether the face looked live when last seen; null where nobody looks
 * @property {number} times how often it came into the picture
 */

export class Seen {
  constructor() {
    this._found = new Map();
    this._counted = new Map(); // which sighting each track was last counted for
  }

  /**
   * @param {{id: number, name: string|null, answers: number, missed: number}[]} tracks
   * @param {number} time milliseconds since 1970
   * @returns {Sighting[]} those that are new
   */
  update(tracks, time) {
    const fresh = [];
    for (const sighting of this._found.values()) sighting.now = false;
    for (const track of tracks) {
      const least = track.name === null ? LEAST_UNKNOWN : LEAST_ANSWERS;
      if (track.answers < least || track.missed) continue;
      let sighting = this._found.get(track.name);
      if (!sighting) {
        sighting = { name: track.name, first: time, last: time, now: true, live: null, times: 0 };
        this._found.set(track.name, sighting);
        fresh.push(sighting);
      }
      if (this._counted.get(track.id) !== track.name) sighting.times += 1;
      this._counted.set(track.id, track.name);
      Object.assign(sighting, { last: time, now: true, live: track.face?.live ?? null });
    }
    return fresh;
  }

  /** Nobody is in the picture any more. */
  leave() {
    for (const sighting of this._found.values()) sighting.now = false;
  }

  /** @returns {Sighting[]} the last seen first; those in the picture in the order they came */
  get all() {
    const at = ({ now, last }) => (now ? Infinity : last);
    return [...this._found.values()].sort((a, b) => (at(a) === at(b) ? 0 : at(b) - at(a)));
  }

  clear() {
    this._found.clear();
    this._counted.clear();
  }
}
