/** Give a picture and see what the service sees in it. */

import { announce, el, setText } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { drawFaces } from "../overlay.js";
import { pictureInput } from "../picture_input.js";
import { problemText } from "../problems.js";
import { note, problemNote } from "../widgets/notes.js";
import { stageTimes } from "../widgets/times.js";
import { describe, faceList } from "./try_faces.js";
import { programs } from "./try_programs.js";

const GIVES = { faces: "face", quality: "sun", time: "clock" };

/**
 * @param {import("../main.js").Tools} tools
 * @returns {import("../main.js").View}
 */
export function makeView({ api }) {
  const view = new TryView(api);
  return { element: view.element, show() {}, hide: () => view.input.close() };
}

class TryView {
  constructor(api) {
    this._api = api;
    this._bitmap = null;
    this._faces = [];
    this._chosen = 0;
    this._list = null;
    this._running = new AbortController();
    this.input = pictureInput({
      onPicture: (blob, bitmap) => this._take(blob, bitmap),
      onRefused: () => this._keepEarlier(),
    });
    this._canvas = el("canvas", { role: "img", on: { click: (event) => this._click(event) } });
    this._scan = el("div", { class: "scan", "aria-hidden": "true" });
    this._points = el("input", {
      type: "checkbox",
      checked: true,
      on: { change: () => this._draw() },
    });
    this._picture = this._makePicture();
    this._results = el("div", { class: "try-faces" });
    this._more = el("div", { class: "stack try-more" });
    this._gives = el("ul", { class: "gives" }, ...Object.entries(GIVES).map(gift));
    this._work = el("div", { class: "stack" }, this.input.element, this._gives);
    this.element = el("div", {}, head(), this._work);
    new ResizeObserver(() => this._draw()).observe(this._canvas);
  }

  _makePicture() {
    const points = el(
      "label",
      { class: "check" },
      this._points,
      el("span", { t: "try.landmarks" }),
    );
    this._size = el("span", { class: "hint numbers" });
    return el(
      "div",
      { class: "card shown" },
      el("div", { class: "shown-picture" }, this._canvas, this._scan),
      el("div", { class: "shown-foot" }, points, this._size),
    );
  }

  /** Show the picture at once, then ask what is in it. */
  async _take(blob, bitmap) {
    this._running.abort();
    this._running = new AbortController();
    this._bitmap?.close();
    this._bitmap = bitmap;
    this._faces = [];
    this._frame();
    await this._look(blob, this._running.signal);
  }

  /** A file that is no picture leaves what there is, which must not pass for its own. */
  _keepEarlier() {
    if (!this._bitmap || this._results.querySelector(".try-earlier")) return;
    const told = note("info", "try.earlier");
    told.classList.add("try-earlier");
    this._results.prepend(told);
  }

  _frame() {
    const { width, height } = this._bitmap;
    const style = this._canvas.parentElement.style;
    style.setProperty("--ratio", width / height);
    style.setProperty("--natural", `${width}px`);
    setText(this._size, ["try.size", { width, height }]);
    setText(this._canvas, "try.picture", "label");
    if (!this._picture.isConnected) {
      this.input.compact(true);
      this._gives.remove();
      const left = el("div", { class: "stack try-picture" }, this._picture, this.input.element);
      this._work.className = "try-work";
      this._work.replaceChildren(left, this._results, this._more);
    }
    this._draw();
  }

  async _look(blob, signal) {
    this._wait(true);
    try {
      const answer = await this._api.detect(blob, { signal });
      this._show(answer, blob);
    } catch (error) {
      if (error.name === "AbortError") return; // another picture was given meanwhile
      const retry = isWorthAnother(error) ? () => this._look(blob, signal) : null;
      this._results.replaceChildren(problemNote(error, retry));
      announce(problemText(error));
    }
    this._wait(false);
  }

  _wait(is) {
    this._picture.classList.toggle("waiting", is);
    if (!is) return;
    const words = el("p", { t: "try.looking" });
    const spinner = el("div", { class: "spinner", "aria-hidden": "true" });
    this._results.replaceChildren(el("div", { class: "card looking" }, spinner, words));
    this._more.replaceChildren();
    announce(t("try.looking"));
  }

  _show(answer, blob) {
    this._faces = answer.faces;
    const times = el(
      "section",
      { class: "card" },
      el("h3", { t: "stage.title" }),
      stageTimes(answer.timings),
    );
    this._results.replaceChildren(this._facesCard());
    this._more.replaceChildren(times, programs(answer, blob));
    this._choose(0);
    announce(describe(this._canvas, this._faces));
  }

  _facesCard() {
    const faces = this._faces;
    if (!faces.length) return note("warn", "try.none");
    this._list = faceList({
      bitmap: this._bitmap,
      faces,
      onChoose: (index) => this._choose(index),
    });
    const count = el("h3", { t: ["try.found", { count: faces.length }] });
    return el("section", { class: "card" }, count, this._list.element);
  }

  _choose(index) {
    this._chosen = index;
    if (this._faces.length) this._list.choose(index);
    this._draw();
  }

  /** A click into a box chooses its face; of several, the smallest. */
  _click(event) {
    const scale = this._bitmap.width / this._canvas.clientWidth;
    const [x, y] = [event.offsetX * scale, event.offsetY * scale];
    const hit = this._faces
      .map(({ box }, index) => ({ box, index, area: (box.x2 - box.x1) * (box.y2 - box.y1) }))
      .filter(({ box }) => box.x1 <= x && x <= box.x2 && box.y1 <= y && y <= box.y2)
      .sort((one, other) => one.area - other.area);
    if (hit.length) this._choose(hit[0].index);
  }

  _draw() {
    if (!this._bitmap || !this._canvas.isConnected) return;
    const many = this._faces.length > 1;
    drawFaces(this._canvas, this._bitmap, this._faces, {
      landmarks: this._points.checked,
      selected: many ? this._chosen : -1,
      names: many ? this._faces.map((_, index) => String(index + 1)) : undefined,
    });
  }
}

/** Whether the same picture may fare better: not if it is the picture that is at fault. */
function isWorthAnother({ status }) {
  return !(status >= 400 && status < 500) || [401, 403, 408, 429].includes(status);
}

function head() {
  const words = el("div", {}, el("h2", { t: "try.title" }), el("p", { t: "try.about" }));
  return el("div", { class: "view-head" }, words);
}

function gift([name, image]) {
  return el(
    "li",
    {},
    icon(image),
    el("h3", { t: `try.gives.${name}` }),
    el("p", { t: `try.gives.${name}.about` }),
  );
}
