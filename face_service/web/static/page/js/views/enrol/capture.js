/** The stage: the camera with its hints, or a place to give a picture. */

import { openCamera } from "../../camera.js";
import { announce, el, setText } from "../../dom.js";
import { mostPressing, Pace, Steady } from "../../guide.js";
import { t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { drawFaces } from "../../overlay.js";
import { pictureInput } from "../../picture_input.js";
import { problemText } from "../../problems.js";
import { problemNote } from "../../widgets/notes.js";
import { HintList } from "./hints.js";
import { shrunk } from "./shrink.js";

const MOST_FACES = 5;

/**
 * @typedef {object} Taken
 * @property {Blob} blob
 * @property {object|null} found what detect answered to this very picture, null where nobody asked
 * @property {boolean} byItself
 */

export class Capture {
  /**
   * @param {object} how
   * @param {import("../../api.js").Api} how.api
   * @param {(taken: Taken) => void} how.onTake
   * @param {() => boolean} how.wants whether a picture is wanted without the button
   * @param {() => string|[string, object]|null} how.next what to do after a picture, a text's key
   */
  constructor({ api, onTake, wants, next }) {
    this._api = api;
    this._onTake = onTake;
    this._wants = wants;
    this._next = next;
    this._camera = null;
    this._opening = 0; // counts openings, so that one that was given up is let go
    this._steady = new Steady();
    this._paused = false;
    this._hints = new HintList();
    const onPicture = async (blob, bitmap) => this._taken(await shrunk(blob, bitmap), null, false);
    this._input = pictureInput({ camera: false, multiple: true, onPicture });
    this._open = this._button("enrol.camera", "camera", "primary", () => this.open());
    const actions = this._input.element.querySelector(".actions");
    actions.firstElementChild.classList.remove("primary");
    actions.prepend(this._open);
    this._note = el("div", { class: "stage-note", hidden: true });
    this._live = el("div", { class: "stage-live", hidden: true });
    this.element = el("div", { class: "stage" }, this._input.element, this._live, this._note);
  }

  /** Whether the service asks for live faces. */
  set live(asked) {
    this._hints.live = asked;
  }

  async open() {
    const opening = (this._opening += 1);
    this._say(null);
    this._open.disabled = true;
    setText(this._open.lastChild, "input.opening");
    try {
      const camera = await openCamera({ onEnded: (error) => this._lost(error) });
      if (opening !== this._opening) camera.close();
      else this._begin(camera);
    } catch (error) {
      this._say(error);
    } finally {
      this._open.disabled = false;
      setText(this._open.lastChild, "enrol.camera");
    }
  }

  close() {
    this._opening += 1;
    this._abort?.abort();
    this._camera?.close();
    this._camera = null;
    this._live.hidden = true;
    this._live.replaceChildren();
    this._input.element.hidden = false;
  }

  /** Stop looking, while the last picture is being dealt with. */
  pause() {
    this._paused = true;
    this._live.classList.add("paused");
  }

  resume() {
    this._paused = false;
    this._live.classList.remove("paused");
    this._steady.rest(performance.now());
    this._hints.show(null);
    if (this._camera) this._tip("enrol.tip.look");
  }

  /** Show a sentence where the tips are. @param {string|[string, object]} key */
  _tip(key, kind = "") {
    this._banner.className = `stage-tip ${kind}`;
    setText(this._banner.lastChild, key);
  }

  _button(key, image, look, click) {
    const words = el("span", { t: key });
    return el("button", { class: `button ${look}`, type: "button", on: { click } }, icon(image), words);
  }

  _begin(camera) {
    this._camera = camera;
    camera.video.classList.toggle("mirrored", camera.mirrored);
    camera.video.setAttribute("aria-label", t("input.video"));
    this._canvas = el("canvas", { class: "stage-faces", "aria-hidden": "true" });
    this._ring = el("div", { class: "stage-ring", "aria-hidden": "true" });
    this._banner = el("p", { class: "stage-tip" }, el("span"));
    this._shutter = this._button("input.take", "shutter", "primary", () => this._takeNow());
    const close = this._button("input.close", "close", "", () => this._closeByHand());
    const frame = el("div", { class: "stage-frame" }, camera.video, this._canvas, this._ring, this._banner);
    this._live.replaceChildren(
      frame,
      this._hints.element,
      el("div", { class: "actions" }, this._shutter, close),
    );
    this._input.element.hidden = true;
    this._live.hidden = false;
    this.resume();
    announce(t("input.opened"));
    this._watch(camera);
  }

  /** Send frame after frame, one at a time, while the camera is on. */
  async _watch(camera) {
    const pace = new Pace();
    while (this._camera === camera) {
      const begun = performance.now();
      let wait = 0;
      try {
        if (!this._paused && !document.hidden) await this._look(camera);
        wait = pace.answered(performance.now() - begun);
      } catch (error) {
        if (this._camera !== camera) return;
        wait = this._troubled(error, pace);
        if (wait === null) return;
      }
      await new Promise((done) => setTimeout(done, wait));
    }
  }

  async _look(camera) {
    const blob = await camera.grab();
    this._abort = new AbortController();
    const how = { gate: true, landmarks: false, maxFaces: MOST_FACES, signal: this._abort.signal };
    const found = await this._api.detect(blob, how);
    // Meanwhile it may have been closed, or a picture been taken by hand.
    if (this._camera !== camera || this._paused) return;
    this._show(found);
    const well = found.gate.reasons.length === 0;
    const { share, take } = this._steady.feed(well && this._wants(), performance.now());
    this._ring.style.setProperty("--share", String(share));
    this._ring.classList.toggle("well", well);
    if (take) this._taken(blob, found, true);
  }

  _show(found) {
    const { reasons, face } = found.gate;
    this._hints.show(reasons);
    const most = mostPressing(reasons);
    if (most) this._tip(`enrol.tip.${most.code}`, "bad");
    else this._tip(this._goodTip(), "good");
    const color = () => getComputedStyle(this._canvas).getPropertyValue(most ? "--warn" : "--overlay");
    const size = { width: found.width, height: found.height };
    const mirror = this._camera.mirrored;
    drawFaces(this._canvas, size, found.faces, { mirror, selected: face ?? -1, score: false, color });
  }

  _goodTip() {
    if (this._wants() && !this._steady.resting(performance.now())) return "enrol.tip.hold";
    return this._next() ?? "enrol.tip.take";
  }

  /** @returns {number|null} how long to wait; null when it is of no use */
  _troubled(error, pace) {
    if (error.name === "AbortError") return 0;
    const wait = pace.failed(error);
    if (wait === null) {
      this.close();
      this._say(error);
    } else {
      this._forget();
      this._tip(error.status === 0 ? "enrol.tip.unreachable" : "enrol.tip.busy", "bad");
    }
    return wait;
  }

  /** Nobody knows what the camera sees now. */
  _forget() {
    this._hints.show(null);
    this._canvas.getContext("2d").clearRect(0, 0, this._canvas.width, this._canvas.height);
    this._steady.feed(false, performance.now());
    this._ring.style.setProperty("--share", "0");
    this._ring.classList.remove("well");
  }

  async _takeNow() {
    try {
      this._taken(await this._camera.grab(), null, false);
    } catch (error) {
      this._say(error);
    }
  }

  _taken(blob, found, byItself) {
    this._steady.rest(performance.now());
    this._ring?.classList.remove("flash");
    requestAnimationFrame(() => this._ring?.classList.add("flash"));
    this._onTake({ blob, found, byItself });
    if (this._camera && this._next()) this._tip(this._next(), "good");
  }

  _closeByHand() {
    this.close();
    this._open.focus();
  }

  _lost(error) {
    this.close();
    this._say(error);
  }

  _say(error) {
    this._note.hidden = !error;
    this._note.replaceChildren(...(error ? [problemNote(error)] : []));
    if (error) announce(problemText(error));
  }
}

