/**
 * Guiding a person before the camera: from what the enrolment gate says of a frame to hints, and to
 * when a picture is taken by itself. Nothing here knows a page or a limit: the server judges.
 */

/** The hints in the order in which they are shown, each with the gate's reasons against it. */
const AGAINST = {
  face: ["NO_FACE", "LOW_DETECTION_SCORE"],
  alone: ["SEVERAL_FACES"],
  size: ["FACE_TOO_SMALL"],
  level: ["EXTREME_POSE"],
  bright: ["TOO_DARK", "TOO_BRIGHT"],
  sharp: ["BLURRED"],
  live: ["NOT_LIVE"],
};
const ORDER = Object.values(AGAINST).flat();
// What "register all the same" cannot override.
const FINAL = new Set(["NO_FACE", "NOT_LIVE"]);

/**
 * @typedef {{code: string, value: number|string, limit: number, message?: string}} Reason
 * @typedef {{name: string, state: "good"|"bad"|"unknown"}} Hint
 */

/**
 * @param {Reason[]|null} reasons the gate's; null while nothing is known
 * @param {boolean} [live] whether live faces are asked for
 * @returns {Hint[]}
 */
export function hintsOf(reasons, live = false) {
  const codes = new Set((reasons ?? []).map(({ code }) => code));
  const names = Object.keys(AGAINST).filter((name) => live || name !== "live");
  return names.map((name) => {
    if (AGAINST[name].some((code) => codes.has(code))) return { name, state: "bad" };
    // Without a face nothing else was looked at.
    const known = reasons !== null && !codes.has("NO_FACE");
    return { name, state: known ? "good" : "unknown" };
  });
}

/**
 * @param {Reason[]} reasons
 * @returns {Reason|null} the one to say first: what makes the others hard to judge
 */
export function mostPressing(reasons) {
  const rank = ({ code }) => (ORDER.includes(code) ? ORDER.indexOf(code) : ORDER.length);
  return [...reasons].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** @returns {boolean} whether somebody may insist in spite of these reasons */
export const canForce = (reasons) => reasons.every(({ code }) => !FINAL.has(code));

/** Says when a picture is taken by itself: when all has been well for a moment. */
export class Steady {
  /** @param {{holdMs?: number, restMs?: number}} [times] how long all must be well; how long to rest after */
  constructor({ holdMs = 900, restMs = 1800 } = {}) {
    this._holdMs = holdMs;
    this._restMs = restMs;
    this._since = null;
    this._restsUntil = -Infinity;
  }

  /**
   * @param {boolean} well whether the frame would be taken
   * @param {number} now milliseconds
   * @returns {{share: number, take: boolean}} how far it is, 0..1, and whether to take this frame
   */
  feed(well, now) {
    if (!well || this.resting(now)) {
      this._since = null;
      return { share: 0, take: false };
    }
    this._since ??= now;
    const share = Math.min(1, (now - this._since) / this._holdMs);
    if (share < 1) return { share, take: false };
    this.rest(now);
    return { share: 1, take: true };
  }

  /** @returns {boolean} whether a rest is not over yet */
  resting(now) {
    return now < this._restsUntil;
  }

  /** Begin a rest, as after a picture that was taken. */
  rest(now) {
    this._since = null;
    this._restsUntil = now + this._restMs;
  }
}

const SECOND_MS = 1000;

/** How long to wait before the next frame is sent: longer while the server is short of time. */
export class Pace {
  /** @param {{periodMs?: number, mostMs?: number}} [times] */
  constructor({ periodMs = 700, mostMs = 10_000 } = {}) {
    this._periodMs = periodMs;
    this._mostMs = mostMs;
    this._failures = 0;
  }

  /** @returns {number} milliseconds after an answer that took `tookMs` */
  answered(tookMs) {
    this._failures = 0;
    return Math.max(0, this._periodMs - tookMs);
  }

  /**
   * @param {{status?: number, retryAfter?: number|null}} error
   * @returns {number|null} milliseconds; null when another try is of no use
   */
  failed({ status, retryAfter }) {
    if (![0, 429, 503].includes(status)) return null;
    const doubled = Math.min(this._mostMs, this._periodMs * 2 ** (this._failures + 1));
    this._failures += 1;
    return Math.max(doubled, (retryAfter ?? 0) * SECOND_MS);
  }
}
