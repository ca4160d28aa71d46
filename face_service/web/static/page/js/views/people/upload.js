/** Many pictures at once: pick, look, send, and see what became of each. */

import { announce, el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { isLost } from "../../focus.js";
import { icon } from "../../icons.js";
import { note } from "../../widgets/notes.js";
import { progressBar } from "../../widgets/progress.js";
import { countFiles, isClutter, makeBatches } from "./batches.js";
import { BulkRun } from "./bulk_run.js";
import { filesDropped } from "./dropped.js";
import { fileField } from "./exchange.js";
import { ResultList } from "./results.js";

const TYPES = "image/jpeg,image/png,image/webp,image/bmp,.zip";

export class Upload {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {() => void} how.onChange called when there are new samples
   * @param {() => void} how.onClose
   */
  constructor({ api, onChange, onClose }) {
    Object.assign(this, { _api: api, _onChange: onChange, _onClose: onClose });
    this._run = null;
    this._body = el("div", { class: "stack" });
    const take = (files) => this._ready(files);
    this._pickFiles = fileField(take, { multiple: true, accept: TYPES });
    this._pickFolder = fileField(take, { webkitdirectory: true });
    this.element = el(
      "div",
      { class: "card upload", hidden: true },
      el(
        "div",
        { class: "upload-head" },
        el("h3", { t: "people.upload.title", tabIndex: -1 }),
        button("app.close", "close", "quiet icon-only", () => this.close(), true),
      ),
      this._body,
      this._pickFiles,
      this._pickFolder,
    );
    this._pick();
  }

  get isBusy() {
    return this._run !== null;
  }

  open() {
    this.element.hidden = false;
    this.element.querySelector("h3").focus();
  }

  close() {
    this._run?.stop();
    this.element.hidden = true;
    if (!this._run) this._pick();
    this._onClose();
  }

  _pick() {
    const drop = el(
      "div",
      { class: "drop" },
      el("div", { class: "drop-art", "aria-hidden": "true" }, icon("upload")),
      el(
        "p",
        { class: "drop-words" },
        el("strong", { class: "for-mouse", t: "people.upload.drop" }),
        el("strong", { class: "for-touch", t: "people.upload.drop.touch" }),
        el("span", { t: "people.upload.hint" }),
      ),
      el(
        "div",
        { class: "actions" },
        button("people.upload.files", "picture", "primary", () => this._pickFiles.click()),
        button("people.upload.folder", "folder", "", () => this._pickFolder.click()),
      ),
    );
    const over = (event, is) => {
      event.preventDefault();
      drop.classList.toggle("over", is);
    };
    drop.addEventListener("dragover", (event) => over(event, true));
    drop.addEventListener("dragleave", (event) => over(event, false));
    drop.addEventListener("drop", async (event) => {
      over(event, false);
      this._ready(await filesDropped(event.dataTransfer));
    });
    this._body.replaceChildren(drop);
  }

  /** Show what was picked before anything is sent. */
  _ready(picked) {
    const files = picked.filter((file) => !isClutter(file));
    if (!files.length) return;
    const { people, pictures, loose, zips } = countFiles(files);
    const words = [];
    if (pictures) words.push(["people.upload.pictures", { count: pictures }]);
    if (people) words.push(["people.upload.people", { count: people }]);
    if (zips) words.push(["people.upload.zips", { count: zips }]);
    const name = el("input", { type: "text", maxLength: 128, autocomplete: "off", required: true });
    const label = el("span");
    setText(label, ["people.upload.loose", { count: loose }]);
    const field = loose > 0 && el("label", { class: "field" }, label, name);
    const force = el("input", { type: "checkbox" });
    const form = el(
      "form",
      { class: "stack" },
      el("ul", { class: "upload-what" }, ...words.map((key) => el("li", { class: "badge", t: key }))),
      field,
      el("label", { class: "check" }, force, el("span", { t: "people.upload.force" })),
      el(
        "div",
        { class: "actions" },
        el("button", { class: "button primary", type: "submit", t: "people.upload.start" }),
        button("app.cancel", null, "", () => this._pick()),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._send(files, name.value.trim() || null, force.checked);
    });
    this._body.replaceChildren(form);
    (field ? name : form.querySelector("[type=submit]")).focus();
  }

  async _send(files, name, force) {
    const bar = progressBar(["people.upload.going", { done: 0, count: files.length }]);
    const results = new ResultList();
    const stop = button("people.upload.stop", "close", "", () => {
      run.stop();
      stop.disabled = true;
    });
    const run = new BulkRun({
      api: this._api,
      batches: makeBatches(files, name),
      force,
      onResult: (result) => results.add(result, run.counts),
      onProgress: (done) => {
        bar.set(done / files.length, ["people.upload.going", { done, count: files.length }]);
        this._onChange();
      },
    });
    this._run = run;
    bar.set(0);
    const foot = el("div", { class: "actions" }, stop);
    this._body.replaceChildren(bar.element, foot, results.element);
    stop.focus();
    await run.run();
    this._run = null;
    this._ended(run, bar, foot);
  }

  _ended(run, bar, foot) {
    const { enrolled, refused, failed } = run.counts;
    const bad = refused + failed;
    const key = run.stopped ? "people.upload.stopped" : bad ? "people.upload.mixed" : "people.upload.done";
    const params = { count: enrolled, refused, failed };
    const summary = note(run.stopped || bad ? "warn" : "good", [key, params]);
    bar.element.replaceWith(summary);
    const focused = isLost() || foot.contains(document.activeElement);
    const more = button("people.upload.more", "upload", "", () => this._pick());
    foot.replaceChildren(more, button("app.close", null, "", () => this.close()));
    if (focused) more.focus();
    summary.scrollIntoView({ block: "nearest" });
    announce(t(key, params));
    this._onChange();
    if (this.element.hidden) this._pick();
  }
}

function button(key, image, look, click, bare = false) {
  const how = { class: `button ${look}`, type: "button", on: { click } };
  if (bare) return el("button", { ...how, label: key }, icon(image));
  return el("button", how, image && icon(image), el("span", { t: key }));
}
