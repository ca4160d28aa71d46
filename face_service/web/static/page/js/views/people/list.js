/** The people, a page at a time, and the search. */

import { announce, el, setPlainText, setText } from "../../dom.js";
import { formatDate, onLanguage, t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { pager } from "../../widgets/pager.js";
import { problemNote } from "../../widgets/notes.js";
import { avatar } from "./thumbs.js";

const PAGE = 20;
const PAUSE_MS = 250; // after the last key
const THUMBNAIL = 96; // pixels, twice the size on the screen

export class PeopleList {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {import("./removals.js").Removals} how.removals
   * @param {import("./thumbs.js").Thumbs} how.thumbs
   * @param {(name: string) => void} how.onChoose
   */
  constructor({ api, removals, thumbs, onChoose }) {
    Object.assign(this, { _api: api, _removals: removals, _thumbs: thumbs, _onChoose: onChoose });
    this._asked = 0;
    this._starts = [""]; // what each page so far begins behind
    this._page = { subjects: [], next: null, total: 0 };
    this._chosen = "";
    this._search = el("input", {
      type: "search",
      placeholder: "people.search",
      label: "people.search",
      autocomplete: "off",
      spellcheck: false,
      on: { input: () => this._typed() },
    });
    this._note = el("div");
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

  /** Whether there is nobody at all. */
  get isEmpty() {
    return this._page.total - this._removals.people <= 0 && !this._search.value;
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
      if (asked === this._asked) this._note.replaceChildren(problemNote(error, () => this.load()));
    }
  }

  render() {
    const { subjects, next, total } = this._page;
    const shown = subjects.filter(({ subject }) => !this._removals.hides(subject));
    const focused = this._rows.contains(document.activeElement);
    this._rows.replaceChildren(...shown.map((one) => this._row(one)));
    if (focused) this._rows.querySelector("[aria-current=true]")?.focus();
    this._empty.hidden = shown.length > 0;
    if (!shown.length) this._sayEmpty();
    const first = PAGE * (this._starts.length - 1);
    this._pager.show({ first, shown: shown.length, total: total - this._removals.people, more: !!next });
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
      { class: "row", type: "button", on: { click: () => this._onChoose(subject) } },
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
      announce(t("people.found", { count: this._page.total }));
    }, PAUSE_MS);
  }

  _turn(way) {
    if (way > 0) this._starts.push(this._page.next);
    else this._starts.pop();
    return this.load();
  }
}
