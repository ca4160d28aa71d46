/** The field for a name, and how many samples there are of it. */

import { el, setText } from "../../dom.js";
import { icon } from "../../icons.js";

const PAUSE_MS = 350; // after the last key
const NOBODY = "SUBJECT_NOT_FOUND";
const LONGEST = 128;

export class NameField {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {import("../../removals.js").Removals} how.removals
   * @param {(faces: object[]) => void} how.onKnown called with the samples there are of a new name
   */
  constructor({ api, removals, onKnown }) {
    this._api = api;
    this._removals = removals;
    this._onKnown = onKnown;
    this._timer = null;
    this._asked = 0;
    this._logsIn = false;
    this._told = null; // whose samples the hint tells of
    /** The samples of this name, as far as the key may see them. */
    this.faces = [];
    this._input = el("input", {
      id: "enrol-name",
      type: "text",
      autocomplete: "off",
      spellcheck: false,
      maxLength: LONGEST,
      required: true,
      placeholder: "enrol.name.example",
      "aria-describedby": "enrol-name-hint",
      on: { input: () => this._typed() },
    });
    this._hint = el("p", { class: "hint", id: "enrol-name-hint" });
    this.element = el(
      "div",
      { class: "field" },
      el("label", { htmlFor: "enrol-name" }, el("span", { t: "enrol.name" })),
      el("div", { class: "with-icon" }, icon("user"), this._input),
      this._hint,
    );
    setText(this._hint, "enrol.name.hint");
  }

  get value() {
    return this._input.value.trim();
  }

  set value(name) {
    this._input.value = name;
    this._typed();
  }

  /** @returns {string|null} the name; null, and the field asks for it, where there is none */
  required() {
    if (this.value) return this.value;
    this._input.setAttribute("aria-invalid", "true");
    setText(this._hint, "enrol.name.missing");
    this._hint.classList.add("bad");
    this._input.focus();
    return null;
  }

  /** Ask again how many samples there are. */
  async refresh() {
    const asked = (this._asked += 1);
    const name = this.value;
    let faces = [];
    try {
      if (name) faces = (await this._api.subject(name)).faces;
      faces = faces.filter(({ face_id: id }) => !this._removals.hides(name, id));
    } catch (error) {
      // A key that may not look does not keep anybody from logging in.
      if (error.code !== NOBODY) return;
    }
    if (asked !== this._asked) return;
    this.faces = faces;
    this._told = name;
    this._onKnown(faces);
    this._tell();
  }

  /** Whether the name is to log in with: then one that nobody has is no good news. */
  set logsIn(is) {
    this._logsIn = is;
    if (this._told !== null) this._tell();
  }

  _tell() {
    const count = this.faces.length;
    const nobody = this._logsIn ? "enrol.name.nobody" : "enrol.name.new";
    const known = ["enrol.name.known", { name: this._told, count }];
    setText(this._hint, count ? known : this._told ? nobody : "enrol.name.hint");
    this._hint.classList.toggle("bad", this._logsIn && this._told !== "" && !count);
  }

  _typed() {
    this._input.removeAttribute("aria-invalid");
    this._hint.classList.remove("bad");
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.refresh(), PAUSE_MS);
  }
}
