import { el } from "../dom.js";

/** @param {import("../main.js").Tools} _tools */
export function makeView(_tools) {
  const element = el("div", { class: "empty" }, el("p", { t: "app.soon" }));
  return { element, show() {}, hide() {} };
}
