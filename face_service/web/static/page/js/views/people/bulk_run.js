/** Sends batch after batch, waits while the server is busy, and tells what became of each file. */

import { pathOf } from "./batches.js";

const MOST_TRIES = 6;
const LONGEST_WAIT_S = 30;
const SECOND_MS = 1000;

/**
 * @typedef {object} Result
 * @property {string} file
 * @property {"enrolled"|"refused"|"failed"} status
 * @property {string} [subject]
 * @property {object[]} [reasons] of a refusal
 * @property {object[]} [warnings]
 * @property {string} [code] of a failure
 * @property {string} [detail]
 */

export class BulkRun {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {{files: File[], subject: string|null}[]} how.batches
   * @param {boolean} how.force
   * @param {(result: Result) => void} how.onResult
   * @param {(done: number) => void} how.onProgress called with how many of the files are done
   * @param {(ms: number) => Promise<void>} [how.sleep]
   */
  constructor({ api, batches, force, onResult, onProgress, sleep = rest }) {
    Object.assign(this, { _api: api, _batches: batches, _force: force, _sleep: sleep });
    Object.assign(this, { _onResult: onResult, _onProgress: onProgress });
    this._stop = new AbortController();
    /** How many were enrolled, refused, and failed. */
    this.counts = { enrolled: 0, refused: 0, failed: 0 };
  }

  get stopped() {
    return this._stop.signal.aborted;
  }

  /** End after what the server is doing now; what it has done stays. */
  stop() {
    this._stop.abort();
  }

  /** @returns {Promise<void>} when all is done, or was stopped */
  async run() {
    let done = 0;
    for (const batch of this._batches) {
      if (this.stopped) return;
      await this._send(batch);
      done += batch.files.length;
      this._onProgress(done);
    }
  }

  async _send({ files, subject }) {
    const heard = new Set();
    const hear = (line) => {
      if (line.file) heard.add(line.file);
      this._tell(line.status === "aborted" ? { ...line, file: "", status: "failed" } : line);
    };
    const error = await this._try(files, subject, hear, heard);
    if (!error || this.stopped) return;
    // Of those that came before the break the server has told.
    for (const file of files.filter((one) => !heard.has(pathOf(one)))) {
      this._tell({ file: pathOf(file), status: "failed", code: error.code, detail: error.detail });
    }
  }

  /** @returns {Promise<Error|null>} what was left wrong */
  async _try(files, subject, hear, heard) {
    for (let tries = 1; ; tries += 1) {
      try {
        const how = { force: this._force, signal: this._stop.signal };
        await this._api.bulk(files, subject, hear, how);
        return null;
      } catch (error) {
        // Once results have come, another try would enrol the same pictures again.
        const again = [429, 503].includes(error.status) && heard.size === 0 && tries < MOST_TRIES;
        if (this.stopped || !again) return error;
        await this._sleep(SECOND_MS * Math.min(LONGEST_WAIT_S, error.retryAfter ?? tries));
      }
    }
  }

  _tell(result) {
    this.counts[result.status] += 1;
    this._onResult(result);
  }
}

const rest = (ms) => new Promise((done) => setTimeout(done, ms));
