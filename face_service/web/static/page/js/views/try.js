import { el } from "../dom.js";
import { drawFaces } from "../overlay.js";
import { pictureInput } from "../picture_input.js";

/** @param {import("../main.js").Tools} tools */
export function makeView({ api }) {
  const canvas = el("canvas", { hidden: true });
  const input = pictureInput({
    onPicture: async (blob, bitmap) => {
      canvas.hidden = false;
      canvas.style.width = "100%";
      canvas.style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
      drawFaces(canvas, bitmap, (await api.detect(blob)).faces);
    },
  });
  const element = el("div", { class: "stack" }, input.element, canvas);
  return { element, show() {}, hide: () => input.close() };
}
