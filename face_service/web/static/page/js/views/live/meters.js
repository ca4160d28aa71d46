/** How fast it goes: pictures a second, time to an answer, what is sent. */

import { el } from "../../dom.js";
import { formatNumber, t } from "../../i18n.js";

const NAMES = ["rate", "answer", "server", "sent"];
const EVERY_MS = 400; // numbers that change faster cannot be read
const KILO = 1000;

export class Meters {
  constructor() {
    this._shownAt = -Infinity;
    const value = (name) => el("dd", { data: { meter: name } }, "–");
    this._values = Object.fromEntries(NAMES.map((name) => [name, value(name)]));
    const item = (name) => el("div", {}, el("dt", { t: `live.${name}` }), this._values[name]);
    this.element = el("dl", { class: "live-meters numbers" }, ...NAMES.map(item));
  }

  /**
   * @param {object} what
   * @param {number} what.rate a second
   * @param {{roundTrip: number, total: number|null}} what.timings milliseconds
   * @param {number} what.bytes
   */
  show({ rate, timings, bytes }, now = performance.now()) {
    if (now - this._shownAt < EVERY_MS) return;
    this._shownAt = now;
    const ms = (value) => (value === null ? "–" : t("live.ms", { value: Math.round(value) }));
    const { rate: rates, answer, server, sent } = this._values;
    rates.textContent = rate ? formatNumber(rate, 1, true) : "–";
    answer.textContent = ms(timings.roundTrip);
    server.textContent = ms(timings.total);
    sent.textContent = t("live.bytes", { value: Math.max(1, Math.round(bytes / KILO)) });
  }

  clear() {
    this._shownAt = -Infinity;
    for (const value of Object.values(this._values)) value.textContent = "–";
  }
}
