/** Register a face, then log in with it. */

import { el, setText } from "../dom.js";
import { segments } from "../widgets/segments.js";
import { Capture } from "./enrol/capture.js";
import { Login } from "./enrol/login.js";
import { NameField } from "./enrol/name.js";
import { Register } from "./enrol/register.js";

/** @param {import("../main.js").Tools} tools */
export function makeView({ api, removals }) {
  return new EnrolView(api, removals);
}

class EnrolView {
  constructor(api, removals) {
    this._api = api;
    const onBusy = (is) => this._busy(is);
    this._capture = new Capture({
      api,
      onTake: (taken) => this._panel.take(taken),
      wants: () => this._automatic.checked && this._panel.wantsMore,
      next: () => this._panel.next,
    });
    const onKnown = (faces) => this._register.known(faces.length);
    this._name = new NameField({ api, removals, onKnown });
    this._register = new Register({ api, name: this._name, onBusy, onLogin: () => this._toLogin() });
    this._login = new Login({ api, name: this._name, onBusy, onAgain: () => this._capture.resume() });
    this._modes = segments({
      label: "enrol.modes",
      options: { register: "enrol.mode.register", login: "enrol.mode.login" },
      onChange: (mode) => this._setMode(mode),
    });
    this._automatic = el("input", { type: "checkbox", checked: true });
    const automatic = el("label", { class: "check" }, this._automatic, el("span", { t: "enrol.automatic" }));
    this._title = el("h2");
    this._lead = el("p");
    const who = el("div", { class: "card panel enrol-who" }, this._modes.element, this._name.element);
    const result = el(
      "div",
      { class: "card panel enrol-result" },
      this._register.element,
      this._login.element,
      automatic,
    );
    const stage = el("div", { class: "card enrol-stage" }, this._capture.element);
    this.element = el(
      "div",
      { class: "enrol" },
      el("div", { class: "view-head" }, el("div", {}, this._title, this._lead)),
      el("div", { class: "enrol-columns" }, who, stage, result),
    );
    this._setMode("register");
  }

  /** @param {string} rest a name to begin with */
  show(rest) {
    if (rest && rest !== this._name.value) this._name.value = rest;
    // Of no consequence where it fails: then the hint on liveness is missing.
    this._api.limits().then(
      ({ liveness }) => (this._capture.live = liveness === "require"),
      () => undefined,
    );
  }

  hide() {
    this._capture.close();
  }

  get _panel() {
    return this._mode === "login" ? this._login : this._register;
  }

  _setMode(mode) {
    this._mode = mode;
    this._register.element.hidden = mode !== "register";
    this._login.element.hidden = mode !== "login";
    setText(this._title, `enrol.title.${mode}`);
    setText(this._lead, `enrol.lead.${mode}`);
    this._name.logsIn = mode === "login";
    this._login.clear();
    this._capture.resume();
  }

  _toLogin() {
    this._modes.choose("login");
  }

  _busy(is) {
    if (is || this._panel.hasAnswer) this._capture.pause();
    else this._capture.resume();
  }
}
