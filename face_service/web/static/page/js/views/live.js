/** Naming everybody before the camera, as fast as the server answers. */

import { Loop, Meter } from "../backoff.js";
import { CameraError, countCameras, openCamera } from "../camera.js";
import { announce, el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { problemText } from "../problems.js";
import { Tracker } from "../tracker.js";
import { note, problemNote } from "../widgets/notes.js";
import { Meters } from "./live/meters.js";
import { SeenList } from "./live/seen_list.js";
import { Stage } from "./live/stage.js";

const SIZES = { small: 320, medium: 640, large: 960, full: Infinity };
const FIRST_SIZE = "medium";
const QUALITY = 0.85; // of the JPEG that is sent: faces are as well known as at more
const FACINGS = { user: "environment", environment: "user" };

class LiveView {
  /** @param {import("../main.js").Tools} tools */
  constructor({ api, go }) {
    this._api = api;
    this._go = go;
    this._camera = null;
    this._opening = 0; // counts openings, so that one that was given up is let go
    this._facing = "user";
    this._suspended = false; // by a tab out of sight, not by the person
    this._tracker = new Tracker();
    this._meter = new Meter();
    this._stage = new Stage(this._tracker);
    this._meters = new Meters();
    this._seen = new SeenList();
    this._loop = new Loop({
      step: (signal) => this._step(signal),
      onWait: (error, ms) => this._wait(error, ms),
      onFailure: (error) => this._fail(error),
    });
    this.element = this._build();
    document.addEventListener("visibilitychange", () => this._followSight());
  }

  show() {}

  hide() {
    this._suspended = false;
    this._stop();
  }

  _build() {
    const button = (key, image, look, click) => {
      const words = el("span", { t: key });
      return el("button", { class: `button ${look}`, type: "button", on: { click } }, icon(image), words);
    };
    this._startButton = button("live.start", "camera", "primary", () => this._start());
    this._flipButton = button("live.flip", "flip", "", () => this._flip());
    this._size = el(
      "select",
      {},
      ...Object.keys(SIZES).map((name) => el("option", { value: name, t: `live.size.${name}` })),
    );
    this._size.value = FIRST_SIZE;
    this._idle = el(
      "div",
      { class: "empty live-idle" },
      icon("face"),
      this._startButton,
      el("p", { t: "live.privacy" }),
    );
    const controls = el(
      "div",
      { class: "live-controls" },
      button("live.stop", "pause", "", () => this._stopByHand()),
      this._flipButton,
      el("label", { class: "field live-size" }, el("span", { t: "live.size" }), this._size),
    );
    const parts = [this._stage.element, controls, this._meters.element];
    this._running = el("div", { class: "card live-card", hidden: true }, ...parts);
    this._message = el("div", { class: "stack live-messages" });
    const left = el("div", { class: "stack" }, this._message, this._idle, this._running);
    const head = el("div", {}, el("h2", { t: "live.title" }), el("p", { t: "live.lead" }));
    return el(
      "div",
      {},
      el("div", { class: "view-head" }, head),
      el("div", { class: "columns" }, left, this._seen.element),
    );
  }

  async _start() {
    const opening = (this._opening += 1);
    this._message.replaceChildren();
    this._startButton.disabled = true;
    setText(this._startButton.lastChild, "live.starting");
    try {
      const camera = await openCamera({ facing: this._facing, onEnded: (error) => this._fail(error) });
      if (opening !== this._opening) camera.close();
      else this._begin(camera);
    } catch (error) {
      if (opening === this._opening) this._fail(error);
    } finally {
      this._startButton.disabled = false;
      setText(this._startButton.lastChild, "live.start");
    }
  }

  _begin(camera) {
    this._camera = camera;
    this._idle.hidden = true;
    this._running.hidden = false;
    this._stage.open(camera);
    this._loop.start();
    announce(t("live.started"));
    this._offerFlip();
    this._warnOfNobody();
  }

  async _offerFlip() {
    this._flipButton.hidden = true;
    this._flipButton.hidden = (await countCameras()) < 2;
  }

  /** Nobody can be named where nobody is registered. */
  async _warnOfNobody() {
    const { gallery } = await this._api.ready().catch(() => ({}));
    if (gallery?.subjects !== 0 || !this._camera) return;
    const found = note("info", "live.nobody");
    const click = () => this._go("enrol");
    const button = { class: "button small", type: "button", t: "live.nobody.register", on: { click } };
    found.querySelector(".note-body").append(el("button", button));
    this._message.replaceChildren(found);
  }

  /** One picture: send it, and follow the faces in it. */
  async _step(signal) {
    const takenAt = performance.now();
    const blob = await this._camera.grab({ maxSide: SIZES[this._size.value], quality: QUALITY });
    const answer = await this._identify(blob, signal);
    if (signal.aborted) return;
    const tracks = this._tracker.update(answer.faces.map(asTracked), takenAt);
    this._seen.update(tracks, (track) => this._stage.pictureOf(track));
    this._meter.count(performance.now());
    const timings = answer.timings ?? { roundTrip: null, total: null };
    this._meters.show({ rate: this._meter.rate(performance.now()), timings, bytes: blob.size });
  }

  /** Where only live faces are named and none is, that is no failure. */
  async _identify(blob, signal) {
    try {
      const answer = await this._api.identify(blob, { topK: 1, signal });
      this._stage.say(null);
      return answer;
    } catch (error) {
      if (error.code !== "NOT_LIVE") throw error;
      this._stage.say(t("live.no.live"));
      return { faces: [] };
    }
  }

  _wait(error, ms) {
    const { name, code, detail, message } = error;
    const reason = problemText({ name, code, detail, message });
    const words = t("live.waiting", { reason, count: Math.ceil(ms / 1000) });
    this._tracker.clear(); // nobody knows where they are now
    this._seen.leave();
    this._meter.reset();
    this._meters.clear();
    this._stage.say(words);
    announce(words);
  }

  _fail(error) {
    this._stop();
    const problem = problemNote(error, () => this._start());
    if (error instanceof CameraError) this._offerPicture(problem);
    this._message.replaceChildren(problem);
    announce(problemText(error));
  }

  /** Without a camera there is the view that takes pictures. */
  _offerPicture(problem) {
    const again = problem.querySelector("button");
    const click = () => this._go("try");
    const button = { class: "button small", type: "button", t: "input.choose", on: { click } };
    const actions = el("div", { class: "actions" });
    again.replaceWith(actions);
    actions.append(again, el("button", button));
  }

  _flip() {
    this._facing = FACINGS[this._facing];
    this._stop();
    this._start();
  }

  _stopByHand() {
    this._stop();
    announce(t("live.stopped"));
    this._startButton.focus();
  }

  _stop() {
    this._opening += 1;
    this._loop.stop();
    this._stage.close();
    this._camera?.close();
    this._camera = null;
    this._tracker.clear();
    this._seen.leave();
    this._meter.reset();
    this._meters.clear();
    this._message.replaceChildren();
    this._idle.hidden = false;
    this._running.hidden = true;
  }

  /** A tab out of sight sends no pictures and holds no camera. */
  _followSight() {
    if (document.hidden && this._camera) {
      this._stop();
      this._suspended = true;
      this._message.replaceChildren(note("info", "live.paused"));
    } else if (!document.hidden && this._suspended) {
      this._suspended = false;
      this._start();
    }
  }
}

/** What the tracker needs of a face that was answered; boxes are shares of the picture. */
function asTracked({ face, subject }) {
  return { box: face.box_normalised, name: subject, live: face.liveness?.live ?? null };
}

/** @param {import("../main.js").Tools} tools */
export function makeView(tools) {
  return new LiveView(tools);
}
