/** The panel that logs in: one picture against a name, and a clear answer. */

import { announce, el, setPlainText, setText } from "../../dom.js";
import { formatTime, onLanguage, t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { problemText } from "../../problems.js";
import { problemNote } from "../../widgets/notes.js";
import { distanceScale } from "../../widgets/scale.js";

const THUMBNAIL = 192; // pixels, twice the size on the screen

export class Login {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {import("./name.js").NameField} how.name
   * @param {(is: boolean) => void} how.onBusy
   * @param {() => void} how.onAgain called when the person wants another try
   */
  constructor({ api, name, onBusy, onAgain }) {
    this._api = api;
    this._name = name;
    this._onBusy = onBusy;
    this._onAgain = onAgain;
    this._busy = false;
    this._urls = [];
    this._answer = el("div", { class: "answer" });
    this.element = el("div", { class: "stack" }, el("p", { class: "hint", t: "enrol.login.advice" }), this._answer);
  }

  /** Whether an answer is shown: then no further picture is looked at. */
  get hasAnswer() {
    return this._shown === true;
  }

  /** What to do after a picture: nothing, the answer is shown. */
  get next() {
    return null;
  }

  get wantsMore() {
    return !this._busy && !this.hasAnswer && this._name.value !== "";
  }

  async take({ blob }) {
    const subject = this._name.required();
    if (!subject || this._busy) return;
    this._busy = true;
    this._onBusy(true);
    this.clear();
    try {
      const found = await this._api.verify(blob, subject);
      this._show(found, subject, blob);
    } catch (error) {
      this._answer.replaceChildren(problemNote(error), this._again());
      announce(problemText(error));
    } finally {
      this._busy = false;
      this._shown = true;
      this._onBusy(false);
    }
  }

  clear() {
    this._shown = false;
    this._urls.forEach((url) => URL.revokeObjectURL(url));
    this._urls = [];
    this._answer.replaceChildren();
  }

  _again() {
    const again = () => {
      this.clear();
      this._onAgain();
    };
    return el("button", { class: "button", type: "button", t: "enrol.again", on: { click: again } });
  }

  _show({ match, distance, threshold, face_id: faceId }, name, blob) {
    const verdict = match ? "yes" : "no";
    const title = el("h3", { t: [`enrol.verdict.${verdict}`, { name }] });
    const words = el("p", { t: `enrol.verdict.${verdict}.words` });
    const head = el(
      "div",
      { class: "verdict-head" },
      el("span", { class: "verdict-sign" }, icon(match ? "check" : "close")),
      el("div", {}, title, words),
    );
    const card = el(
      "section",
      { class: `verdict ${match ? "good" : "bad"}`, data: { match: String(match) } },
      head,
      this._pair(blob, name, faceId),
      distanceScale({ distance, threshold, match }),
      el("div", { class: "actions" }, this._again()),
    );
    this._answer.replaceChildren(card);
    this._answer.scrollIntoView({ block: "nearest" });
    announce(`${t(`enrol.verdict.${verdict}`, { name })} ${t(`enrol.verdict.${verdict}.words`)}`);
  }

  /** The picture of now beside the sample that came nearest. */
  _pair(blob, name, faceId) {
    const now = el("img", { src: this._urlOf(blob), alt: t("enrol.now") });
    const shown = el("div", { class: "pair-picture" }, icon("face"));
    const about = el("figcaption");
    const face = this._name.faces.find(({ face_id: id }) => id === faceId);
    const write = () => {
      if (face) setText(about, ["enrol.nearest", { time: formatTime(face.time) }]);
      else setPlainText(about, t("enrol.nearest.id", { id: faceId }));
    };
    write();
    const stop = onLanguage(() => (about.isConnected ? write() : stop()));
    if (face?.picture) this._fill(shown, name, faceId);
    return el(
      "div",
      { class: "pair" },
      el("figure", {}, el("div", { class: "pair-picture" }, now), el("figcaption", { t: "enrol.now" })),
      el("figure", {}, shown, about),
    );
  }

  async _fill(place, name, faceId) {
    try {
      const picture = await this._api.facePicture(name, faceId, THUMBNAIL);
      place.replaceChildren(el("img", { src: this._urlOf(picture), alt: t("enrol.sample.nearest") }));
    } catch {
      return; // the sign stays: the answer does not depend on it
    }
  }

  _urlOf(blob) {
    const url = URL.createObjectURL(blob);
    this._urls.push(url);
    return url;
  }
}
