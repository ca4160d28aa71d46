/** What a program would send, and what it would get. */

import { el } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { apiKey } from "../session.js";
import { toast } from "../widgets/toast.js";

/**
 * @param {object} answer
 * @param {Blob|File} blob the picture it is about
 * @returns {HTMLElement} closed at first
 */
export function programs(answer, blob) {
  return el(
    "details",
    { class: "card programs" },
    el("summary", { t: "try.programs" }),
    code("try.programs.about", curlLine(blob)),
    code("try.answer", jsonText(answer)),
  );
}

function curlLine(blob) {
  const key = apiKey() ? " -H 'Authorization: Bearer TOKEN'" : "";
  const url = new URL("v1/detect", document.baseURI);
  return `curl -F file=@${shellWord(blob.name ?? "picture.jpg")}${key} ${url}`;
}

const shellWord = (name) => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

/** Indented JSON, with lists of numbers on one line: 68 points would be 300 lines. */
export function jsonText(value) {
  const number = "-?[\\d.]+(?:e-?\\d+)?";
  const list = new RegExp(`\\[\\s+(${number}(?:,\\s+${number})*)\\s+\\]`, "g");
  const text = JSON.stringify(value, null, 2);
  return text.replace(list, (_, numbers) => `[${numbers.replace(/\s+/g, " ")}]`);
}

function code(title, text) {
  const head = el("div", { class: "code-head" }, el("p", { t: title }));
  // Not over plain HTTP.
  if (navigator.clipboard) head.append(copyButton(text));
  // It scrolls, so that the keyboard must reach it.
  const block = el("pre", { tabIndex: 0, role: "region", label: title }, el("code", {}, text));
  return el("div", {}, head, block);
}

function copyButton(text) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast(t("try.copied"), { kind: "good" });
  };
  const look = { class: "button quiet small", type: "button", on: { click: copy } };
  return el("button", look, icon("copy"), el("span", { t: "try.copy" }));
}
