/** Small pictures of people, and their initials where there are none. */

import { el } from "../../dom.js";

const MOST_AT_ONCE = 4;
const LETTERS = 2;

/** Loads kept pictures, a few at a time, and lets go of them together. */
export class Thumbs {
  /** @param {import("../../api.js").Api} api */
  constructor(api) {
    this._api = api;
    this._urls = new Map();
    this._waiting = [];
    this._loading = 0;
  }

  /**
   * Put the picture of a sample into an element, when it has come.
   * @param {HTMLElement} place
   * @param {{subject: string, id: string, size: number}} what `size` in pixels
   * @param {string} [alt]
   */
  fill(place, { subject, id, size }, alt = "") {
    const known = this._urls.get(`${id} ${size}`);
    if (known) show(place, known, alt);
    else this._waiting.push({ place, subject, id, size, alt });
    this._next();
  }

  /** Ask for nothing more under a name that is gone. */
  drop(subject) {
    this._waiting = this._waiting.filter((one) => one.subject !== subject);
  }

  /** Forget all pictures. */
  clear() {
    this._waiting = [];
    this._urls.forEach((url) => URL.revokeObjectURL(url));
    this._urls.clear();
  }

  async _next() {
    if (this._loading >= MOST_AT_ONCE || !this._waiting.length) return;
    const { place, subject, id, size, alt } = this._waiting.shift();
    if (!place.isConnected) return this._next(); // scrolled or searched away
    this._loading += 1;
    try {
      const url = URL.createObjectURL(await this._api.facePicture(subject, id, size));
      this._urls.set(`${id} ${size}`, url);
      show(place, url, alt);
    } catch {
      // What stands there already stays: the picture may just have been deleted.
    } finally {
      this._loading -= 1;
      this._next();
    }
  }
}

function show(place, url, alt) {
  place.replaceChildren(el("img", { src: url, alt }));
}

/** @returns {string} of the first and the last word; of a name without spaces its last letters */
export function initialsOf(name) {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const letters = (word) => [...word];
  if (words.length > 1) return (letters(words[0])[0] + letters(words.at(-1))[0]).toUpperCase();
  const only = letters(words[0] ?? "?");
  // Given names of Chinese, Japanese and Korean people stand at the end.
  if (/\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}/u.test(name)) {
    return only.slice(-LETTERS).join("");
  }
  return only.slice(0, LETTERS).join("").toUpperCase();
}

/** @returns {HTMLElement} a round place with the initials */
export function avatar(name, look = "") {
  return el("span", { class: `avatar ${look}`, "aria-hidden": "true" }, initialsOf(name));
}
