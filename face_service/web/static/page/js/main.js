/** Starts the page: header, tabs, and the view that the address names. */

import { Api } from "./api.js";
import { announce, setText } from "./dom.js";
import { onLanguage, setLanguage, t } from "./i18n.js";
import { keepFromLeaving } from "./stray_files.js";
import { Tabs } from "./tabs.js";
import { setUpTools } from "./tools.js";
import { watchService } from "./waiting.js";
import { apiKey } from "./session.js";
import { Removals } from "./removals.js";
import { askForKey } from "./widgets/key_dialog.js";
import { makeView as makeEnrol } from "./views/enrol.js";
import { makeView as makeLive } from "./views/live.js";
import { makeView as makePeople } from "./views/people.js";
import { makeView as makeThreshold } from "./views/threshold.js";
import { makeView as makeTry } from "./views/try.js";

/**
 * What a view is made with.
 * @typedef {object} Tools
 * @property {Api} api
 * @property {Removals} removals deletions that can still be taken back
 * @property {(view: string, rest?: string) => void} go shows another view; `rest` reaches its show()
 */

/**
 * What makeView(tools) returns. show(rest) is called each time the view is shown, with what the
 * address holds behind "#view/" (or ""); hide() when another is: it must let go of the camera.
 * @typedef {{element: HTMLElement, show: (rest: string) => void, hide: () => void}} View
 */

const VIEWS = {
  try: makeTry,
  enrol: makeEnrol,
  people: makePeople,
  threshold: makeThreshold,
  live: makeLive,
};

class Router {
  constructor(api, removals) {
    this._tools = { api, removals, go: (view, rest = "") => this.go(view, rest) };
    this._views = {};
    this._shown = null;
    this._tabs = new Tabs(document.getElementById("tabs"), (name) => this.go(name));
    addEventListener("hashchange", () => this.follow());
    onLanguage(() => this._entitle());
  }

  go(name, rest = "") {
    const hash = `#${name}${rest && `/${encodeURIComponent(rest)}`}`;
    if (location.hash === hash) this.follow();
    else location.hash = hash;
  }

  /** Show what the address names. */
  follow() {
    const [named, rest = ""] = location.hash.slice(1).split("/");
    const name = Object.hasOwn(VIEWS, named) ? named : "try";
    if (this._shown !== name) this._change(name);
    this._views[name].show(decode(rest));
  }

  _change(name) {
    this._views[this._shown]?.hide();
    this._shown = name;
    this._tabs.select(name);
    const section = document.getElementById(`view-${name}`);
    if (!this._views[name]) {
      this._views[name] = VIEWS[name](this._tools);
      section.append(this._views[name].element);
    }
    for (const other of document.querySelectorAll("[role=tabpanel]")) {
      other.hidden = other !== section;
    }
    scrollTo(0, 0);
    this._entitle();
  }

  _entitle() {
    document.title = `${t(`app.${this._shown}`)} · ${t("app.title")}`;
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // somebody edited the address
  }
}

function start() {
  setLanguage(document.documentElement.lang);
  const removals = new Removals(({ subject, id }, how) =>
    id ? api.removeFace(subject, id, how) : api.removeSubject(subject, how),
  );
  const api = new Api({
    key: apiKey,
    onKeyNeeded: ({ rejected }) => askForKey({ needed: true, rejected }),
    beforeChange: () => removals.settle(),
  });
  addEventListener("pagehide", () => removals.flush());
  setUpTools();
  keepFromLeaving(document);
  new Router(api, removals).follow();
  watchService(api, (ready) => {
    const banner = document.getElementById("banner");
    banner.hidden = ready;
    setText(banner.querySelector("p"), "app.starting");
    announce(t(ready ? "app.ready" : "app.starting"));
  });
}

start();
