/** The panel that registers: samples, the button, and what the server said. */

import { announce, el, setText } from "../../dom.js";
import { canForce } from "../../guide.js";
import { onLanguage, t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { problemText, reasonText } from "../../problems.js";
import { note, problemNote } from "../../widgets/notes.js";
import { SampleTray } from "./samples.js";

// Taken by themselves; by hand as many as the server takes in one request.
const ENOUGH = 3;

export class Register {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {import("./name.js").NameField} how.name
   * @param {() => void} how.onLogin called when the person wants to try to log in
   * @param {(is: boolean) => void} how.onBusy
   */
  constructor({ api, name, onLogin, onBusy }) {
    this._api = api;
    this._name = name;
    this._onLogin = onLogin;
    this._onBusy = onBusy;
    this._busy = false;
    this._tray = new SampleTray({ onChange: () => this._update() });
    this._advice = el("p", { class: "hint" });
    this._replace = el("input", { type: "checkbox" });
    this._replaces = el(
      "label",
      { class: "check", hidden: true },
      this._replace,
      el("span", { t: "enrol.replace" }),
    );
    this._send = this._button("enrol.register", "primary", () => this._enrol(false));
    this._force = this._button("enrol.force", "", () => this._enrol(true));
    this._drop = this._button("enrol.drop", "", () => this._dropPoor());
    this._answer = el("div", { class: "answer", role: "status" });
    this.element = el(
      "div",
      { class: "stack" },
      this._advice,
      this._tray.element,
      this._replaces,
      el("div", { class: "actions" }, this._send, this._drop, this._force),
      this._answer,
    );
    onLanguage(() => this._update());
    this._update();
  }

  /** Whether an answer is in the way of further pictures: never. */
  get hasAnswer() {
    return false;
  }

  /** What to do after a picture: a text's key, null before the first. */
  get next() {
    const count = this._tray.samples.length;
    if (count === 0) return null;
    return count < ENOUGH ? ["enrol.tip.next", { count }] : "enrol.tip.enough";
  }

  /** Whether more pictures are wanted without the button. */
  get wantsMore() {
    return !this._busy && !this._done && this._tray.samples.length < ENOUGH;
  }

  /** Take in a picture; the gate is asked where it was not before. */
  async take({ blob, found }) {
    this._answer.replaceChildren();
    const sample = this._tray.add(blob);
    announce(t("enrol.taken", { count: this._tray.samples.length }));
    try {
      const asked = found ?? (await this._api.detect(blob, { gate: true, landmarks: false }));
      this._tray.judge(sample, asked.gate.reasons, asked.faces[asked.gate.face]?.box_normalised);
    } catch (error) {
      // A key that may enrol and not look: then the gate speaks when the sample is sent.
      if (error.code === "FORBIDDEN") return;
      this._tray.remove(sample);
      this._refused(error);
    }
  }

  /** Somebody else is meant: show whether there are samples of them already. */
  known(faces) {
    this._replaces.hidden = faces === 0;
    if (faces === 0) this._replace.checked = false;
  }

  _button(key, look, click) {
    return el("button", { class: `button ${look}`, type: "button", t: key, on: { click } });
  }

  _dropPoor() {
    this._tray.poor.forEach((sample) => this._tray.remove(sample));
    this._send.focus();
  }

  _update() {
    const { samples, poor } = this._tray;
    const count = samples.length;
    setText(this._advice, count === 0 ? "enrol.advice" : ["enrol.advice.more", { count }]);
    this._advice.hidden = count >= ENOUGH || this._done === true;
    this._send.disabled = this._busy || count === 0 || poor.length > 0;
    setText(this._send, count > 1 ? ["enrol.register.many", { count }] : "enrol.register");
    this._drop.hidden = poor.length === 0 || poor.length === count;
    const forced = poor.length > 0 && poor.every(({ reasons }) => canForce(reasons));
    this._force.hidden = !forced;
    this._force.disabled = this._busy;
    if (count) this._done = false;
  }

  async _enrol(force) {
    const subject = this._name.required();
    if (!subject || this._busy) return;
    this._setBusy(true);
    this._answer.replaceChildren();
    const blobs = this._tray.samples.map(({ blob }) => blob);
    try {
      const how = { force, replace: this._replace.checked };
      this._succeeded(await this._api.enrol(subject, blobs, how));
    } catch (error) {
      this._refused(error);
    } finally {
      this._setBusy(false);
    }
  }

  _setBusy(is) {
    this._busy = is;
    this._send.classList.toggle("busy", is);
    this._onBusy(is);
    this._update();
  }

  _refused(error) {
    for (const [at, sample] of this._tray.samples.entries()) {
      const reasons = error.reasons?.filter((reason) => reason.sample === at) ?? [];
      if (error.code === "ENROLMENT_REFUSED") this._tray.judge(sample, reasons);
    }
    this._answer.replaceChildren(problemNote(error));
    this._answer.scrollIntoView({ block: "nearest" });
    announce(problemText(error));
  }

  _succeeded({ subject, faces }) {
    this._done = true;
    this._tray.clear();
    const warnings = faces.flatMap((face) => face.warnings);
    const others = new Map(warnings.map((warning) => [warning.subject, warning]));
    const done = note("good", ["enrol.done", { name: subject, count: faces.length }]);
    const login = el(
      "button",
      { class: "button primary", type: "button", on: { click: () => this._onLogin() } },
      icon("user"),
      el("span", { t: "enrol.try-login" }),
    );
    this._answer.replaceChildren(done, ...[...others.values()].map(warned), login);
    this._answer.scrollIntoView({ block: "nearest" });
    announce(t("enrol.done", { name: subject, count: faces.length }));
    this._name.refresh();
  }
}

/** A warning names somebody else with the same face. */
function warned(warning) {
  const box = note("warn", "enrol.warning");
  const words = el("p", {}, reasonText(warning));
  box.lastElementChild.append(words);
  return box;
}
