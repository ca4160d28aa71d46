/** The JSON API, one method an operation. docs/api.md describes what they answer. */

import { ApiError, errorOf, parseTimings } from "./answers.js";
import { canBeSent } from "./keys.js";
import { readLines } from "./lines.js";

export { ApiError } from "./answers.js";

// How often a request asks for another key before its 401 is passed on.
const KEY_TRIES = 3;

/**
 * @typedef {object} Options
 * @property {AbortSignal} [signal] ends the request; it then throws the browser's AbortError
 * @property {boolean} [keepalive] lets the request outlive the page
 */

export class Api {
  /**
   * @param {object} how
   * @param {() => string|null} how.key the API key, if there is one
   * @param {(why: {rejected: boolean}) => Promise<string|null>} [how.onKeyNeeded] asks the person
   *   for a key; null when there will be none
   * @param {() => Promise<void>} [how.beforeChange] awaited before names or samples are added,
   *   moved or exported; when it throws, that is not done
   * @param {typeof fetch} [how.fetch]
   */
  constructor({
    key,
    onKeyNeeded = async () => null,
    beforeChange = async () => undefined,
    fetch = globalThis.fetch,
  }) {
    this._key = key;
    this._onKeyNeeded = onKeyNeeded;
    this._beforeChange = beforeChange;
    this._fetch = fetch.bind(globalThis);
    this._asking = null;
    /** The timings of the last answer: {stages: [{name, ms}], total, roundTrip}, ms. */
    this.last = null;
  }

  /** All faces. Options: minScore, maxFaces, landmarks, embedding, gate. */
  detect(blob, { minScore, maxFaces, landmarks, embedding, gate, ...options } = {}) {
    const form = { min_score: minScore, max_faces: maxFaces, landmarks, embedding, gate };
    return this._post("detect", makeForm([blob], form), options);
  }

  /** The embedding of the face that is meant. */
  embeddings(blob, options = {}) {
    return this._post("embeddings", makeForm([blob]), options);
  }

  /** Is this the subject? Option: threshold. */
  verify(blob, subject, { threshold, ...options } = {}) {
    return this._post("verify", makeForm([blob], { subject, threshold }), options);
  }

  /** Do two pictures show the same person? Option: threshold. */
  compare(first, second, { threshold, ...options } = {}) {
    return this._post("verify", makeForm([first, second], { threshold }), options);
  }

  /** Who is it? Options: topK, threshold, minScore, maxFaces. */
  identify(blob, { topK, threshold, minScore, maxFaces, ...options } = {}) {
    const form = { top_k: topK, threshold, min_score: minScore, max_faces: maxFaces };
    return this._post("identify", makeForm([blob], form), options);
  }

  /** A page of the subjects: {subjects, next, total}. */
  subjects({ q, after, limit, ...options } = {}) {
    return this._json(`subjects${query({ q, after, limit })}`, options);
  }

  /** A subject's faces. */
  subject(name, options = {}) {
    return this._json(subjectPath(name), options);
  }

  /** Enrol one face of each picture, all or none. Options: force, replace. */
  async enrol(subject, blobs, { force, replace, ...options } = {}) {
    await this._beforeChange();
    return this._post("subjects", makeForm(blobs, { subject, force, replace }), options);
  }

  /** Rename a subject; with merge also into another that is there. */
  async rename(old, subject, merge = false, options = {}) {
    await this._beforeChange();
    const sent = asJson({ subject, merge });
    return this._json(subjectPath(old), { method: "PATCH", ...sent, ...options });
  }

  /** @returns {Promise<Blob>} the kept picture a sample was made of, its longer side `size` pixels */
  async facePicture(name, id, size, options = {}) {
    const path = `${facePath(name, id)}/picture${query({ size })}`;
    return (await this._ask(path, options)).blob();
  }

  removeSubject(name, options = {}) {
    return this._json(subjectPath(name), { method: "DELETE", ...options });
  }

  removeFace(name, id, options = {}) {
    return this._json(facePath(name, id), { method: "DELETE", ...options });
  }

  /**
   * Enrol many files, each on its own, as the folder it lies in (or all as `subject`).
   * @param {Iterable<File>} files pictures, or a ZIP of <subject>/<file>
   * @param {string|null} subject
   * @param {(line: object) => void} onResult called with each line as it comes
   * @returns {Promise<{enrolled: number, refused: number, failed: number}>} the summary
   */
  async bulk(files, subject, onResult, { force, ...options } = {}) {
    await this._beforeChange();
    const form = makeForm(files, { subject: subject || undefined, force });
    const answer = await this._ask("subjects:bulk", { method: "POST", body: form, ...options });
    let summary = null;
    for await (const line of readLines(answer.body)) {
      if (line.summary) summary = line.summary;
      else onResult(line);
    }
    if (!summary) throw new ApiError({ code: "UNREACHABLE" }); // it broke off
    return summary;
  }

  /** @returns {Promise<Blob>} the gallery as JSON lines */
  async exportGallery(options = {}) {
    await this._beforeChange();
    return (await this._ask("export", options)).blob();
  }

  /** Import an export, or with `subject` the demo's feature.txt: {imported, skipped}. */
  async importGallery(file, subject, options = {}) {
    await this._beforeChange();
    return this._post("import", makeForm([file], { subject: subject || undefined }), options);
  }

  /**
   * Histograms, rates and thresholds. Options: far, fpir; threshold and identifyThreshold, taken
   * instead of what those give; apply; only ("verification" or "identification").
   */
  calibrate({ far, fpir, threshold, identifyThreshold, apply, only, ...options } = {}) {
    const named = { threshold, identify_threshold: identifyThreshold };
    const sent = asJson({ far, fpir, ...named, apply, only });
    return this._json("calibrate", { method: "POST", ...sent, ...options });
  }

  /** The thresholds in force: {verification, identification}, each {threshold, source}. */
  thresholds(options = {}) {
    return this._json("thresholds", options);
  }

  /** Forget the calibrated thresholds; answers those in force then. */
  resetThresholds(options = {}) {
    return this._json("thresholds", { method: "DELETE", ...options });
  }

  /** What is asked of pictures and requests, and the thresholds in force. */
  limits(options = {}) {
    return this._json("limits", options);
  }

  /** Whether the service can serve: {status, graphs, gallery}; throws NOT_READY while it cannot. */
  ready(options = {}) {
    return this._json("../readyz", options);
  }

  _post(path, body, options) {
    return this._json(path, { method: "POST", body, ...options });
  }

  async _json(path, options) {
    const begun = performance.now();
    const answer = await this._ask(path, options);
    const parsed = await readJson(answer);
    const roundTrip = performance.now() - begun;
    this.last = { ...parseTimings(answer.headers.get("Server-Timing")), roundTrip };
    // Beside the answer, not of it: it does not show where the answer itself is shown.
    return Object.defineProperty(parsed, "timings", { value: this.last });
  }

  /** Send a request, asking for the key where one is needed; throws ApiError. */
  async _ask(path, options) {
    for (let tries = 0; ; tries += 1) {
      const key = this._key();
      const { answer, error } = await this._try(path, options, key);
      if (answer) return answer;
      if (error.status !== 401 || tries === KEY_TRIES || options.keepalive) throw error;
      // Meanwhile another request may have got one.
      if (this._key() === key && !(await this._askForKey(key !== null))) throw error;
    }
  }

  /** @returns {Promise<{answer?: Response, error?: ApiError}>} one of the two */
  async _try(path, options, key) {
    // A key that no header takes is as unknown to the server as any other wrong one.
    if (key && !canBeSent(key)) return { error: new ApiError({ status: 401, code: "UNAUTHORIZED" }) };
    const answer = await this._send(path, options, key);
    return answer.ok ? { answer } : { error: await errorOf(answer) };
  }

  async _send(path, { headers = {}, ...options }, key) {
    const sent = key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
    try {
      return await this._fetch(`v1/${path}`, { ...options, headers: sent, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError({ code: "UNREACHABLE", detail: error.message });
    }
  }

  /** One question for all requests that wait for it. */
  async _askForKey(rejected) {
    this._asking ??= this._onKeyNeeded({ rejected });
    try {
      return await this._asking;
    } finally {
      this._asking = null;
    }
  }
}

/** The file names tell /v1/subjects:bulk the folders. */
function makeForm(blobs, fields = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) form.append(name, String(value));
  }
  for (const blob of blobs) {
    form.append("file", blob, blob.webkitRelativePath || blob.name || "picture.jpg");
  }
  return form;
}

function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return text && `?${text}`;
}

function asJson(value) {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

async function readJson(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ code: "UNREACHABLE", detail: error.message }); // it broke off
  }
}

const subjectPath = (name) => `subjects/${encodeURIComponent(name)}`;
const facePath = (name, id) => `${subjectPath(name)}/faces/${encodeURIComponent(id)}`;
