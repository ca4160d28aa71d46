/** The list of who was seen. */

import { announce, el } from "../../dom.js";
import { language, onLanguage, t } from "../../i18n.js";
import { Seen } from "../../seen.js";

const LOCALES = { en: "en", zh: "zh-CN" };

export class SeenList {
  constructor() {
    this._seen = new Seen();
    this._rows = new Map(); // elements by name
    this._list = el("ul", { class: "live-seen" });
    this._none = el("p", { class: "hint", t: "live.seen.none" });
    this._clear = el("button", {
      class: "button small",
      type: "button",
      t: "live.seen.clear",
      hidden: true,
      on: { click: () => this._forget() },
    });
    const head = el("div", { class: "live-seen-head" }, el("h3", { t: "live.seen" }), this._clear);
    this.element = el("section", { class: "card" }, head, this._none, this._list);
    onLanguage(() => this._draw());
  }

  /**
   * @param {object[]} tracks
   * @param {(track: object) => HTMLElement} pictureOf called once for each who is new
   */
  update(tracks, pictureOf) {
    for (const { name } of this._seen.update(tracks, Date.now())) {
      const track = tracks.find((one) => one.name === name);
      this._rows.set(name, makeRow(name, pictureOf(track)));
      announce(name === null ? t("live.seen.stranger") : t("live.seen.new", { name }));
    }
    this._draw();
  }

  /** Nobody is in the picture any more. */
  leave() {
    this._seen.leave();
    this._draw();
  }

  _forget() {
    this._seen.clear();
    this._rows.clear();
    this._draw();
  }

  _draw() {
    const all = this._seen.all;
    for (const sighting of all) this._rows.get(sighting.name).write(sighting);
    const rows = all.map(({ name }) => this._rows.get(name).element);
    // Moving elements loses the focus and the selection: only where the order has changed.
    const isSame = rows.length === this._list.children.length;
    if (!isSame || rows.some((row, at) => row !== this._list.children[at])) {
      this._list.replaceChildren(...rows);
    }
    this._none.hidden = rows.length > 0;
    this._clear.hidden = rows.length === 0;
  }
}

function makeRow(name, picture) {
  const title = el("strong", {});
  const now = el("span", { class: "badge good", t: "live.seen.now" });
  const fake = el("span", { class: "badge warn", t: "live.fake" });
  const times = el("span", { class: "hint numbers" });
  const words = el("div", {}, el("div", { class: "live-seen-name" }, title, now, fake), times);
  const kind = name === null ? "unknown" : "known";
  const element = el("li", { data: { name: name ?? "", kind } }, picture, words);
  function write(sighting) {
    title.textContent = name ?? t("live.unknown");
    now.hidden = !sighting.now;
    fake.hidden = sighting.live !== false;
    times.textContent = [
      t("live.seen.first", { time: clock(sighting.first) }),
      t("live.seen.last", { time: clock(sighting.last) }),
      t("live.seen.times", { count: sighting.times }),
    ].join(" · ");
  }
  return { element, write };
}

/** The time of day, to the second. */
function clock(moment) {
  return new Intl.DateTimeFormat(LOCALES[language()], { timeStyle: "medium" }).format(moment);
}
