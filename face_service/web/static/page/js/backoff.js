/** Asking again and again without being a burden: one request at a time, waiting when told to. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const TEMPORARY = new Set([429, 502, 503, 504]);
const MINUTE_MS = 60_000;
const CAUTION = 1.1; // after a limit was met, so much slower than what met it

/** Whether the same request may succeed later. */
export function isTemporary(error) {
  return error.code === "UNREACHABLE" || TEMPORARY.has(error.status);
}

/** How long to wait after failures: as long as the server says, and longer each time. */
export class Backoff {
  constructor() {
    this._failures = 0;
  }

  /**
   * @param {{retryAfter?: number|null}} error
   * @returns {number} milliseconds
   */
  failed(error) {
    const own = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this._failures);
    this._failures += 1;
    return Math.max(own, 1000 * (error.retryAfter ?? 0));
  }

  succeeded() {
    this._failures = 0;
  }
}

/** How many answers came a second, over the last seconds. */
export class Meter {
  /** @param {number} [windowMs] */
  constructor(windowMs = 3000) {
    this._windowMs = windowMs;
    this._times = [];
  }

  /** @param {number} now milliseconds */
  count(now) {
    this._times.push(now);
    this._forget(now);
  }

  /** @returns {number} a second; 0 until two came */
  rate(now) {
    this._forget(now);
    if (this._times.length < 2) return 0;
    return (1000 * (this._times.length - 1)) / (this._times.at(-1) - this._times[0]);
  }

  reset() {
    this._times = [];
  }

  _forget(now) {
    while (this._times.length && this._times[0] < now - this._windowMs) this._times.shift();
  }
}

/**
 * Does one thing again and again, never two at once, until it is stopped or fails for good.
 *
 * `step(signal)` does it once. After a temporary failure `onWait(error, ms)` is told and the loop
 * goes on after that time; any other failure stops the loop and goes to `onFailure(error)`.
 */
export class Loop {
  constructor({ step, onWait, onFailure, clock = () => performance.now(), pause = sleep }) {
    Object.assign(this, { _step: step, _onWait: onWait, _onFailure: onFailure });
    Object.assign(this, { _clock: clock, _pause: pause });
    this._backoff = new Backoff();
    this._running = null;
    this._sent = []; // when requests began, over the last minute
    this._spacing = 0; // least milliseconds from one beginning to the next
  }

  get running() {
    return this._running !== null;
  }

  start() {
    if (this._running) return;
    this._running = new AbortController();
    this._run(this._running);
  }

  /** End it; a request under way is broken off. */
  stop() {
    this._running?.abort();
    this._running = null;
    this._sent = [];
    this._spacing = 0;
    this._backoff.succeeded();
  }

  async _run(own) {
    while (this._running === own) {
      const begun = this._clock();
      this._note(begun);
      try {
        await this._step(own.signal);
        this._backoff.succeeded();
      } catch (error) {
        if (this._running !== own) return; // the failure is that it was stopped
        if (!isTemporary(error)) {
          this.stop();
          this._onFailure(error);
          return;
        }
        await this._wait(error, own.signal);
      }
      await this._pause(Math.max(0, begun + this._spacing - this._clock()), own.signal);
    }
  }

  async _wait(error, signal) {
    // So many a minute were too many: fewer from now on, or the next minute ends the same way.
    if (error.status === 429) this._spacing = (CAUTION * MINUTE_MS) / this._sent.length;
    const wait = this._backoff.failed(error);
    this._onWait(error, wait);
    await this._pause(wait, signal);
  }

  _note(now) {
    this._sent.push(now);
    while (this._sent[0] < now - MINUTE_MS) this._sent.shift();
  }
}

/** Resolves after a time, or as soon as the signal ends it; lets the page draw even at 0. */
export function sleep(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
