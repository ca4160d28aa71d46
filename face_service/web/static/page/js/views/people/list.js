/** The people, a page at a time, and the search. */

import { announce, el, setPlainText, setText } from "../../dom.js";
import { formatDate, onLanguage, t } from "../../i18n.js";
import { isLost, keepFocus, kept, nearest } from "../../focus.js";
import { icon } from "../../icons.js";
import { pager } from "../../widgets/pager.js";
import { problemNote } from "../../widgets/notes.js";
import { avatar } from "./thumbs.js";

const PAGE = 20;
const PAUSE_MS = 250; // after the last key
const THUMBNAIL = 96; // pixels, twice the size on the screen

const spinner = () => el("div", { class: "spinner", role: "status", label: "app.progress" });
const keyOf = (name) => `row:${name}`;

export class PeopleList {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {import("../../removals.js").Removals} how.removals
   * @param {import("./thumbs.js").Thumbs} how.thumbs
   * @param {(name: string) => void} how.onChoose
   */
  constructor({ api, removals, thumbs, onChoose }) {
    Object.assign(this, { _api: api, _removals: removals, _thumbs: thumbs, _onChoose: onChoose });
    this._asked = 0;
    this._starts = [""]; // what each page so far begins behind
    this._page = null; // not known yet
    this._chosen = "";
    this._search = el("input", {
      type: "search",
      placeholder: "people.search",
      label: "people.search",
      autocomplete: "off",
      spellcheck: false,
      on: { input: () => this._typed() },
    });
    this._note = el("div", {}, spinner());
    this._rows = el("ul", { class: "people-rows", label: "people.list" });
    this._empty = el("p", { class: "empty", hidden: true });
    this._pager = pager({ onBack: () => this._turn(-1), onOn: () => this._turn(1) });
    this.element = el(
      "div",
      { class: "card people-list" },
      el("div", { class: "with-icon" }, icon("search"), this._search),
      this._note,
      this._rows,
      this._empty,
      this._pager.element,
    );
    onLanguage(() => this.render());
  }

  /** Stress the row of a person. */
  choose(name) {
    this._chosen = name;
    this.render();
  }

  /** Ask the server for this page again. */
  async load() {
    const asked = (this._asked += 1);
    const q = this._search.value.trim();
    try {
      const page = await this._api.subjects({ q, after: this._starts.at(-1), limit: PAGE });
      if (asked !== this._asked) return;
      this._note.replaceChildren();
      this._page = page;
      if (!page.subjects.length && this._starts.length > 1) return this._turn(-1);
      this.render();
    } catch (error) {
      if (asked !== this._asked) return;
      this._note.replaceChildren(problemNote(error, () => this._retry()));
      this._empty.hidden = true; // whether there is somebody is not known
    }
  }

  render() {
    this._pager.element.hidden = !this._page;
    if (!this._page) return;
    const { subjects, next, total } = this._page;
    const shown = subjects.filter(({ subject }) => !this._removals.hides(subject));
    const rows = shown.map((one) => this._row(one));
    keepFocus(this._rows, () => this._rows.replaceChildren(...rows));
    this._empty.hidden = shown.length > 0 || this._note.hasChildNodes();
    if (!shown.length) this._sayEmpty();
    const first = PAGE * (this._starts.length - 1);
    this._pager.show({ first, shown: shown.length, total: total - this._removals.people, more: !!next });
  }

  /**
   * Focus the row of a person, or the nearest one where it is gone.
   * @param {string} name
   * @returns {boolean} false where there is none
   */
  focus(name) {
    const keys = (this._page?.subjects ?? []).map(({ subject }) => keyOf(subject));
    const at = keys.indexOf(keyOf(name));
    const key = at >= 0 && nearest(keys, at).find((one) => kept(this._rows, one));
    if (key) kept(this._rows, key).focus();
    return !!key;
  }

  /** Show a person no longer, whose name is gone. */
  drop(name) {
    if (!this._page) return;
    this._page.subjects = this._page.subjects.filter(({ subject }) => subject !== name);
    this.render();
  }

  async _retry() {
    this._note.replaceChildren(spinner());
    await this.load();
    if (isLost()) (this._note.querySelector("button") ?? this._search).focus();
  }

  _sayEmpty() {
    const q = this._search.value.trim();
    setText(this._empty, q ? ["people.nobody.found", { q }] : "people.nobody");
  }

  _row(one) {
    const { subject, picture, latest, updated } = one;
    const faces = one.faces - this._removals.samplesHidden(subject);
    const face = avatar(subject);
    const about = el("span", { class: "row-about" });
    setPlainText(about, `${t("people.samples", { count: faces })} · ${formatDate(updated)}`);
    const words = el("span", { class: "row-words" }, el("strong", { textContent: subject }), about);
    const button = el(
      "button",
      { class: "row", type: "button", data: { keep: keyOf(subject) }, on: { click: () => this._onChoose(subject) } },
      face,
      words,
      icon("next"),
    );
    if (subject === this._chosen) button.setAttribute("aria-current", "true");
    if (picture) queueMicrotask(() => this._thumbs.fill(face, { subject, id: latest, size: THUMBNAIL }));
    return el("li", {}, button);
  }

  _typed() {
    clearTimeout(this._timer);
    this._timer = setTimeout(async () => {
      this._starts = [""];
      await this.load();
      if (this._note.hasChildNodes()) return;
      announce(t("people.found", { count: this._page.total }));
    }, PAUSE_MS);
  }

  _turn(way) {
    if (way > 0) this._starts.push(this._page.next);
    else this._starts.pop();
    return this.load();
  }
}
