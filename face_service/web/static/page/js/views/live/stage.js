/** The camera's picture with the boxes over it, drawn as often as the screen shows pictures. */

import { el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { drawFaces } from "../../overlay.js";

const WHOLE = { width: 1, height: 1 }; // boxes are shares of the picture
const FACE_ROOM = 0.25; // around a face in its small picture, share of its box
const FACE_SIZE = 96; // pixels

export class Stage {
  /** @param {import("../../tracker.js").Tracker} tracker */
  constructor(tracker) {
    this._tracker = tracker;
    this._camera = null;
    this._canvas = el("canvas", { class: "live-faces", "aria-hidden": "true" });
    this._tip = el("p", { class: "live-tip", hidden: true });
    this._frame = el("div", { class: "live-frame" });
    this.element = this._frame;
  }

  /** @param {import("../../camera.js").Camera} camera */
  open(camera) {
    this._camera = camera;
    const { video } = camera;
    video.classList.toggle("mirrored", camera.mirrored);
    setText(video, "live.video", "label");
    const { width, height } = camera.size;
    this._frame.style.setProperty("--ratio", width / height);
    this._frame.replaceChildren(video, this._canvas, this._tip);
    this.say(null);
    this._draw();
  }

  close() {
    cancelAnimationFrame(this._next);
    this._camera = null;
    this._frame.replaceChildren();
  }

  /** Show a sentence over the picture, or none. @param {string|null} text */
  say(text) {
    this._tip.hidden = text === null;
    this._tip.textContent = text ?? "";
  }

  _draw() {
    if (!this._camera) return;
    const now = performance.now();
    const { tracks } = this._tracker;
    this._next = requestAnimationFrame(() => this._draw());
    if (!tracks.length && !this._drawn) return; // nothing to draw, nothing to wipe away
    this._drawn = tracks.length;
    const colors = getComputedStyle(this._canvas);
    drawFaces(
      this._canvas,
      WHOLE,
      tracks.map((track) => ({ box: track.draw(now) })),
      {
        picture: false,
        mirror: this._camera.mirrored,
        names: tracks.map(labelOf),
        color: (_, index) => colors.getPropertyValue(`--live-${kindOf(tracks[index])}`).trim(),
      },
    );
  }

  /** A small picture of a face, which is kept in this page alone. */
  pictureOf(track) {
    const { video } = this._camera;
    const { x1, y1, x2, y2 } = track.box;
    const [width, height] = [video.videoWidth, video.videoHeight];
    const side = (1 + FACE_ROOM) * Math.max((x2 - x1) * width, (y2 - y1) * height);
    const left = ((x1 + x2) / 2) * width - side / 2;
    const top = ((y1 + y2) / 2) * height - side / 2;
    const canvas = el("canvas", { width: FACE_SIZE, height: FACE_SIZE, "aria-hidden": "true" });
    canvas.getContext("2d").drawImage(video, left, top, side, side, 0, 0, FACE_SIZE, FACE_SIZE);
    return canvas;
  }
}

const isFake = ({ face }) => face.live === false;
const kindOf = (track) => (isFake(track) ? "fake" : track.name === null ? "unknown" : "known");

function labelOf(track) {
  const name = track.name ?? t("live.unknown");
  return isFake(track) ? `${name} · ${t("live.fake")}` : name;
}
