/** Where a person gives a picture: dropped, pasted, picked, or taken by the camera. */

import { countCameras, openCamera } from "./camera.js";
import { announce, el, setText } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { picturesIn, readPicture } from "./pictures.js";
import { problemText } from "./problems.js";
import { problemNote } from "./widgets/notes.js";

const TYPES = "image/jpeg,image/png,image/webp,image/bmp";

/**
 * @param {object} how
 * @param {(blob: Blob, bitmap: ImageBitmap) => void} how.onPicture
 * @param {(error: Error) => void} [how.onRefused] told of a file that is no picture
 * @param {boolean} [how.camera] offer the camera (true)
 * @param {boolean} [how.multiple] take several files at once, one after the other
 * @returns {{element: HTMLElement, compact: (is: boolean) => void, close: () => void,
 *   take: (blob: Blob) => Promise<void>}} `compact` is for beside a picture; `close` lets go of the
 *   camera; `take` takes a blob in as if it had been given
 */
export function pictureInput(how) {
  return new PictureInput(how).handle();
}

class PictureInput {
  constructor({ onPicture, onRefused, camera = true, multiple = false }) {
    this._onPicture = onPicture;
    this._onRefused = onRefused;
    this._multiple = multiple;
    this._camera = null;
    this._facing = "user";
    this._asked = 0; // counts openings, so that one that was given up is let go
    this._file = el("input", {
      type: "file",
      accept: TYPES,
      multiple,
      class: "visually-hidden",
      tabIndex: -1,
      "aria-hidden": "true",
      on: { change: () => this._takeFiles(this._file.files) },
    });
    this._note = el("div", { class: "input-note", hidden: true });
    this._drop = this._makeDrop(camera);
    this._stage = el("div", { class: "camera", hidden: true });
    this.element = el(
      "div",
      { class: "picture-input", role: "group", label: "input.label" },
      this._drop,
      this._stage,
      this._note,
      this._file,
    );
    this._listen();
  }

  handle() {
    return {
      element: this.element,
      compact: (is) => this.element.classList.toggle("compact", is),
      close: () => this._closeCamera(),
      take: (blob) => this._takeFiles([blob]),
    };
  }

  _makeDrop(offersCamera) {
    const choose = el(
      "button",
      { class: "button primary", type: "button", on: { click: () => this._file.click() } },
      icon("picture"),
      el("span", { t: "input.choose" }),
    );
    this._open = el(
      "button",
      { class: "button", type: "button", on: { click: () => this._openCamera() } },
      icon("camera"),
      el("span", { t: "input.camera" }),
    );
    return el(
      "div",
      { class: "drop" },
      el("div", { class: "drop-art", "aria-hidden": "true" }, icon("face")),
      el(
        "p",
        { class: "drop-words" },
        el("strong", { class: "for-mouse", t: "input.title" }),
        el("strong", { class: "for-touch", t: "input.title.touch" }),
        el("span", { class: "for-mouse", t: "input.hint" }),
        el("span", { class: "for-touch", t: "input.hint.touch" }),
      ),
      el("div", { class: "actions" }, choose, offersCamera && this._open),
    );
  }

  _listen() {
    const over = (event, is) => {
      event.preventDefault();
      this.element.classList.toggle("over", is);
    };
    this.element.addEventListener("dragover", (event) => over(event, true));
    this.element.addEventListener("dragleave", (event) => over(event, false));
    this.element.addEventListener("drop", (event) => {
      over(event, false);
      this._takeFiles(picturesIn(event.dataTransfer));
    });
    document.addEventListener("paste", (event) => {
      const files = this.element.checkVisibility() ? picturesIn(event.clipboardData) : [];
      if (files.length) this._takeFiles(files);
    });
  }

  async _takeFiles(given) {
    const files = this._multiple ? [...given] : [...given].slice(0, 1);
    this._file.value = ""; // so that the same file can be picked again
    if (files.length) this._say(null);
    for (const file of files) await this._takeFile(file);
  }

  async _takeFile(file) {
    try {
      const bitmap = await readPicture(file);
      this._closeCamera();
      this._onPicture(file, bitmap);
    } catch (error) {
      this._say(error);
      this._onRefused?.(error);
    }
  }

  async _openCamera() {
    this._closeCamera();
    this._say(null);
    const asked = this._asked;
    this._open.disabled = true;
    setText(this._open.lastChild, "input.opening");
    try {
      const opened = await openCamera({ facing: this._facing, onEnded: (error) => this._lost(error) });
      if (asked === this._asked) await this._show(opened);
      else opened.close();
    } catch (error) {
      this._say(error);
    } finally {
      this._open.disabled = false;
      setText(this._open.lastChild, "input.camera");
    }
  }

  async _show(opened) {
    this._camera = opened;
    opened.video.classList.toggle("mirrored", opened.mirrored);
    opened.video.setAttribute("aria-label", t("input.video"));
    const shutter = this._action("input.take", "shutter", "primary", () => this._takePicture());
    const flip =
      (await countCameras()) > 1 && this._action("input.flip", "flip", "", () => this._flip());
    const close = this._action("input.close", "close", "", () => this._closeByHand());
    this._stage.replaceChildren(
      opened.video,
      el("div", { class: "actions" }, shutter, flip || "", close),
    );
    this._drop.hidden = true;
    this._stage.hidden = false;
    shutter.focus();
    announce(t("input.opened"));
  }

  _action(key, image, look, click) {
    const label = el("span", { t: key });
    return el(
      "button",
      { class: `button ${look}`, type: "button", on: { click } },
      icon(image),
      label,
    );
  }

  async _takePicture() {
    try {
      await this._takeFiles([await this._camera.grab()]);
    } catch (error) {
      this._say(error);
    }
  }

  _flip() {
    this._facing = this._facing === "user" ? "environment" : "user";
    this._openCamera();
  }

  _closeByHand() {
    this._closeCamera();
    this._open.focus();
  }

  _lost(error) {
    this._closeCamera();
    this._say(error);
  }

  _closeCamera() {
    this._asked += 1;
    this._camera?.close();
    this._camera = null;
    this._stage.hidden = true;
    this._stage.replaceChildren();
    this._drop.hidden = false;
  }

  _say(error) {
    this._note.hidden = !error;
    this._note.replaceChildren(...(error ? [problemNote(error)] : []));
    if (error) announce(problemText(error));
  }
}
