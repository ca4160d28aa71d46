/** The pictures that wait to be registered. */

import { el, setText } from "../../dom.js";
import { onLanguage, t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { reasonText } from "../../problems.js";

/**
 * @typedef {object} Sample
 * @property {Blob} blob
 * @property {string} url of the blob, for an <img>
 * @property {object[]|null} reasons the gate's against it; null while nobody asked
 * @property {{x1: number, y1: number, x2: number, y2: number}} [box] where the face is, 0..1
 */

export class SampleTray {
  /** @param {{onChange: () => void}} how */
  constructor({ onChange }) {
    this._onChange = onChange;
    /** @type {Sample[]} */
    this.samples = [];
    this.element = el("ul", { class: "tray", label: "enrol.samples", hidden: true });
    onLanguage(() => this._render());
  }

  /** @returns {Sample} */
  add(blob) {
    const sample = { blob, url: URL.createObjectURL(blob), reasons: null };
    this.samples.push(sample);
    this._changed();
    return sample;
  }

  /** Note what the gate says of a sample, unless it has gone. */
  judge(sample, reasons, box = sample.box) {
    if (!this.samples.includes(sample)) return;
    Object.assign(sample, { reasons, box });
    this._changed();
  }

  remove(sample) {
    URL.revokeObjectURL(sample.url);
    this.samples = this.samples.filter((one) => one !== sample);
    this._changed();
  }

  clear() {
    this.samples.forEach(({ url }) => URL.revokeObjectURL(url));
    this.samples = [];
    this._changed();
  }

  /** @returns {Sample[]} those that the gate refuses */
  get poor() {
    return this.samples.filter(({ reasons }) => reasons?.length);
  }

  _changed() {
    this._render();
    this._onChange();
  }

  _render() {
    this.element.hidden = this.samples.length === 0;
    this.element.replaceChildren(...this.samples.map((sample, at) => this._item(sample, at + 1)));
  }

  _item(sample, number) {
    const { url, reasons, box } = sample;
    const state = reasons === null ? "unknown" : reasons.length ? "bad" : "good";
    const remove = el(
      "button",
      { class: "tray-remove", type: "button", on: { click: () => this.remove(sample) } },
      icon("close"),
    );
    setText(remove, ["enrol.sample.remove", { number }], "label");
    const sign = el("span", { class: `tray-sign ${state}`, hidden: state === "unknown" });
    sign.append(icon(state === "bad" ? "alert" : "check"));
    const picture = el("img", { src: url, alt: t("enrol.sample", { number }), style: middle(box) });
    const words = reasons?.length ? reasons.map((reason) => el("span", {}, reasonText(reason))) : [];
    const why = el("p", { class: "tray-why", hidden: !words.length }, ...words);
    const shown = el("div", { class: "tray-picture" }, picture, sign, remove);
    return el("li", { class: `tray-item ${state}`, data: { state } }, shown, why);
  }
}

/** The face in the middle of what is cut out, as near as the picture's borders let it. */
function middle(box) {
  if (!box) return {};
  const x = 50 * (box.x1 + box.x2);
  const y = 50 * (box.y1 + box.y2);
  return { "object-position": `${x}% ${y}%` };
}
