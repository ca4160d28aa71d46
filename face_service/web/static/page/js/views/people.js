/** The people: look for them, and look after them. */

import { el } from "../dom.js";
import { isLost } from "../focus.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { problemText } from "../problems.js";
import { toast } from "../widgets/toast.js";
import { Detail } from "./people/detail.js";
import { exportGallery, fileField, importGallery } from "./people/exchange.js";
import { PeopleList } from "./people/list.js";
import { merge, rename } from "./people/renaming.js";
import { Thumbs } from "./people/thumbs.js";
import { Upload } from "./people/upload.js";

const UNDO_SECONDS = 6;

/** @param {import("../main.js").Tools} tools */
export function makeView(tools) {
  return new PeopleView(tools);
}

class PeopleView {
  constructor({ api, removals, go }) {
    this._api = api;
    this._go = go;
    this._removals = removals;
    this._entering = false;
    addEventListener("pageshow", ({ persisted }) => persisted && this._refresh());
    const shared = { api, removals, thumbs: new Thumbs(api) };
    this._thumbs = shared.thumbs;
    this._list = new PeopleList({ ...shared, onChoose: (name) => this._enter(name) });
    this._detail = new Detail({ ...shared, on: this._handlers() });
    this._upload = new Upload({
      api,
      onChange: () => this._refresh(),
      onClose: () => this._arrange(),
    });
    this._title = el("h2", { t: "people.title", tabIndex: -1 });
    this._nobody = el("div", { class: "empty people-none" }, icon("user"), el("p", { t: "people.choose" }));
    this._columns = el(
      "div",
      { class: "people-columns" },
      this._list.element,
      el("div", { class: "people-side" }, this._upload.element, this._detail.element, this._nobody),
    );
    this.element = el("div", { class: "people" }, this._head(), this._columns);
  }

  /** @param {string} name whom to show; nobody for "" */
  show(name) {
    const before = this._detail.name;
    const left = !name && this._detail.element.contains(document.activeElement);
    this._list.choose(name);
    this._list.load();
    this._detail.show(name, { focus: this._entering });
    this._entering = false;
    this._arrange();
    if (left) this._focusList(before);
    if (!this._detail.limits) this._learnLimits();
  }

  hide() {
    this._thumbs.clear();
  }

  _head() {
    const pick = fileField(([file]) => this._import(file), { accept: ".jsonl,.ndjson,.json,.txt" });
    const button = (key, image, look, click) =>
      el("button", { class: `button ${look}`, type: "button", on: { click } }, icon(image), el("span", { t: key }));
    return el(
      "div",
      { class: "view-head" },
      el("div", {}, this._title, el("p", { t: "people.lead" })),
      el(
        "div",
        { class: "actions" },
        button("people.import", "import", "", () => pick.click()),
        button("people.export", "download", "", () => exportGallery(this._api)),
        button("people.upload", "upload", "primary", () => this._openUpload()),
        pick,
      ),
    );
  }

  _handlers() {
    const shared = { api: this._api, removals: this._removals };
    const moved = (from, to) => to && this._moved(from, to);
    return {
      back: () => this._go("people"),
      gone: () => this._go("people"),
      add: (name) => this._go("enrol", name),
      rename: async (name) => moved(name, await rename(shared, name)),
      merge: async (name) => moved(name, await merge(shared, name)),
      remove: (name) => this._remove(name),
      removeSample: (name, face, number) => this._removeSample(name, face, number),
    };
  }

  async _learnLimits() {
    try {
      this._detail.limits = (await this._api.limits()).enrolment;
      this._detail.render();
    } catch {
      return; // measures are shown without a judgement
    }
  }

  /** What stands beside the list; on a phone instead of it. */
  _arrange() {
    const uploading = !this._upload.element.hidden;
    const named = this._detail.name !== "";
    this._detail.element.hidden = uploading || !named;
    this._nobody.hidden = uploading || named;
    this._columns.classList.toggle("beside", uploading || named);
  }

  _openUpload() {
    this._upload.open();
    this._arrange();
    this._upload.element.scrollIntoView({ block: "nearest" });
  }

  _refresh() {
    this._list.load();
    if (this._detail.name) this._detail.show(this._detail.name);
  }

  _render() {
    this._list.render();
    this._detail.render();
  }

  /** Show somebody who was chosen here, and read on from their name. */
  _enter(name) {
    this._entering = true;
    this._go("people", name);
  }

  /** Nobody has the name `from` any more: their samples are those of `to`. */
  _moved(from, to) {
    this._list.drop(from);
    this._thumbs.drop(from);
    this._enter(to);
  }

  /** Focus somebody's row, or what is next to it. */
  _focusList(name) {
    if (!this._list.focus(name)) this._title.focus();
  }

  async _import(file) {
    if (await importGallery(this._api, file)) this._refresh();
  }

  _remove(name) {
    const item = { subject: name, id: null };
    this._offerUndo(item, t("people.removed", { name }));
    this._go("people");
  }

  _removeSample(name, face, number) {
    const item = { subject: name, id: face.face_id };
    this._offerUndo(item, t("people.sample.removed", { number, name }));
  }

  /** Hide it, and delete it for good when nobody has taken that back. */
  _offerUndo(item, text) {
    this._removals.add(item);
    this._render();
    const run = () => {
      const undone = this._removals.undo(item);
      this._render();
      this._focusAgain(item);
      this._refresh();
      // A page that was left and came back has sent it meanwhile.
      if (undone) toast(t("people.undone"), { kind: "good" });
      else toast(t("people.undone.late"), { kind: "bad" });
    };
    const action = { label: "app.undo", run };
    const onGone = () => this._commit(item);
    const shown = toast(text, { seconds: UNDO_SECONDS, action, onGone });
    item.onSettle = () => {
      item.settled = true;
      shown.close();
    };
  }

  /** The button that took a deletion back is gone: go on with what is there again. */
  _focusAgain({ subject, id }) {
    if (!isLost() || !this.element.checkVisibility()) return;
    const found = id && subject === this._detail.name && this._detail.focus(id);
    if (!found) this._focusList(subject);
  }

  async _commit(item) {
    try {
      await this._removals.commit(item);
      this._detail.drop(item);
    } catch (error) {
      toast(problemText(error), { kind: "bad" });
    }
    // Sent before a change: whoever is shown may be getting another name just now.
    if (item.settled) this._list.load();
    else this._refresh();
  }
}
