/** The list of what makes a good picture, each with whether it is so. */

import { el, setText } from "../../dom.js";
import { hintsOf } from "../../guide.js";
import { icon } from "../../icons.js";

const ICONS = { good: "check", bad: "alert" };

export class HintList {
  constructor() {
    /** Whether live faces are asked for. */
    this.live = false;
    this.element = el("ul", { class: "hints", label: "enrol.hints" });
    this._shown = "";
    this.show(null);
  }

  /** @param {object[]|null} reasons the gate's, null while nothing is known */
  show(reasons) {
    const hints = hintsOf(reasons, this.live);
    const now = JSON.stringify(hints);
    if (now === this._shown) return; // nothing moves in vain
    this._shown = now;
    this.element.replaceChildren(...hints.map(item));
  }
}

function item({ name, state }) {
  const words = el("span", { t: `enrol.hint.${name}` });
  const spoken = el("span", { class: "visually-hidden" });
  setText(spoken, `enrol.hint.is.${state}`);
  const sign = state === "unknown" ? el("span", { class: "hint-dot" }) : icon(ICONS[state]);
  return el("li", { class: `hint-item ${state}`, data: { check: name, state } }, sign, words, spoken);
}
