/** One person: their samples, and what can be done with them. */

import { el, setPlainText } from "../../dom.js";
import { keepFocus, kept } from "../../focus.js";
import { formatDate, onLanguage, t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { problemNote } from "../../widgets/notes.js";
import { sampleCard } from "./sample_card.js";
import { avatar } from "./thumbs.js";

const THUMBNAIL = 160; // pixels, twice the size on the screen
const GONE = "SUBJECT_NOT_FOUND";

export class Detail {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {import("../../removals.js").Removals} how.removals
   * @param {import("./thumbs.js").Thumbs} how.thumbs
   * @param {object} how.on what the buttons do: back(), gone(name), rename(name), merge(name),
   *   add(name), remove(name), removeSample(name, face)
   */
  constructor({ api, removals, thumbs, on }) {
    Object.assign(this, { _api: api, _removals: removals, _thumbs: thumbs, _on: on });
    this._name = "";
    this._faces = null;
    /** The enrolment gate's limits, once they are known. */
    this.limits = null;
    this.element = el("div", { class: "card person", hidden: true });
    onLanguage(() => this.render());
  }

  get name() {
    return this._name;
  }

  /**
   * @param {string} name nobody for ""
   * @param {{focus?: boolean}} [how] whether to focus the name when it is there
   */
  async show(name, { focus = false } = {}) {
    if (name !== this._name) this._faces = null;
    this._name = name;
    if (!name) return;
    if (!this._faces) this.element.replaceChildren(this._back(), el("div", { class: "spinner" }));
    try {
      const { faces } = await this._api.subject(name);
      if (name !== this._name) return;
      this._faces = faces;
      this.render();
      if (focus) this._title().focus();
    } catch (error) {
      if (name !== this._name) return;
      if (error.code === GONE) this._on.gone(name);
      else this._failed(error);
    }
  }

  /**
   * Focus a sample.
   * @param {string} id
   * @returns {boolean} false where there is none
   */
  focus(id) {
    const found = kept(this.element, `sample:${id}`);
    found?.focus();
    return !!found;
  }

  /** Show a sample no longer, which is deleted. @param {import("../../removals.js").Item} item */
  drop({ subject, id }) {
    if (subject !== this._name || !id || !this._faces) return;
    this._faces = this._faces.filter(({ face_id: one }) => one !== id);
    this.render();
  }

  _failed(error) {
    const name = this._name;
    this._faces = null; // they may be others by now
    this.element.replaceChildren(this._back(), problemNote(error, () => this.show(name, { focus: true })));
  }

  _title() {
    return kept(this.element, "title:");
  }

  render() {
    if (!this._name || !this._faces) return;
    const faces = this._faces.filter((face) => !this._removals.hides(this._name, face.face_id));
    const cards = faces.map((face, at) => this._card(face, at + 1));
    const samples = el("ul", { class: "samples", label: "people.samples.label" }, ...cards);
    const parts = [this._back(), this._head(faces), this._actions(), samples];
    keepFocus(this.element, () => this.element.replaceChildren(...parts), () => this._title());
  }

  _back() {
    return el(
      "button",
      { class: "button quiet person-back", type: "button", data: { keep: "back:" }, on: { click: () => this._on.back() } },
      icon("back"),
      el("span", { t: "people.back" }),
    );
  }

  _head(faces) {
    const face = avatar(this._name, "large");
    const shown = faces.findLast(({ picture }) => picture);
    if (shown) {
      const what = { subject: this._name, id: shown.face_id, size: THUMBNAIL };
      queueMicrotask(() => this._thumbs.fill(face, what));
    }
    const about = el("p", { class: "hint" });
    const since = faces.length ? formatDate(faces[0].time) : "";
    setPlainText(about, `${t("people.samples", { count: faces.length })} · ${t("people.since", { time: since })}`);
    const title = el("h3", { tabIndex: -1, data: { keep: "title:" }, textContent: this._name });
    return el("div", { class: "person-head" }, face, el("div", {}, title, about));
  }

  _actions() {
    const name = this._name;
    const button = (key, image, click, look = "") =>
      el(
        "button",
        { class: `button small ${look}`, type: "button", data: { keep: `do:${key}` }, on: { click } },
        icon(image),
        el("span", { t: key }),
      );
    return el(
      "div",
      { class: "actions" },
      button("people.add", "plus", () => this._on.add(name)),
      button("people.rename", "edit", () => this._on.rename(name)),
      button("people.merge", "merge", () => this._on.merge(name)),
      button("people.remove", "trash", () => this._on.remove(name), "dangerous"),
    );
  }

  _card(face, number) {
    const { _name: subject, limits, _thumbs: thumbs } = this;
    const onRemove = () => this._on.removeSample(subject, face, number);
    return sampleCard(face, { subject, number, limits, thumbs, onRemove });
  }
}

