/** Elements without markup in strings: nothing that comes from outside is ever read as HTML. */

import { dataName, fill } from "./i18n.js";

// From a click to the removal of the file's address: some browsers fetch it late.
const DOWNLOAD_MS = 60_000;
const TEXT_TARGETS = { t: "text", label: "label", hint: "hint", placeholder: "placeholder" };

/**
 * Make an element.
 *
 * props: `class`; `on: {click: fn}`; `data: {name: value}`; `t`, `label`, `hint`, `placeholder`: the
 * key of a text, or [key, params], which follows the language; `style: {property: value}`. Others
 * are properties where the element has them, else attributes; null and undefined are left out.
 *
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any} the element
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value !== null && value !== undefined) put(element, name, value);
  }
  element.append(...children.filter((child) => child || child === ""));
  return element;
}

function put(element, name, value) {
  if (name === "class") element.className = value;
  else if (name === "on") listen(element, value);
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "style") setStyle(element, value);
  else if (name in TEXT_TARGETS) setText(element, value, TEXT_TARGETS[name]);
  else if (name in element && !name.startsWith("aria")) element[name] = value;
  else element.setAttribute(name, String(value));
}

function listen(element, handlers) {
  for (const [event, handler] of Object.entries(handlers)) {
    element.addEventListener(event, handler);
  }
}

function setStyle(element, style) {
  for (const [property, value] of Object.entries(style)) {
    element.style.setProperty(property, value); // also custom properties, and allowed by the CSP
  }
}

/**
 * Let an element show a text, in every language.
 * @param {HTMLElement} element
 * @param {string|[string, object]} key a key, or [key, params]
 * @param {"text"|"label"|"hint"|"placeholder"} [target]
 */
export function setText(element, key, target = "text") {
  const [name, params] = Array.isArray(key) ? key : [key, null];
  element.dataset[dataName(target)] = name;
  if (params) element.dataset.i18nParams = JSON.stringify(params);
  else if (target === "text") delete element.dataset.i18nParams;
  fill(element);
}

/** Show a text that is in no language file, such as a name. */
export function setPlainText(element, text) {
  delete element.dataset.i18nText;
  element.textContent = text;
}

/**
 * Tell a screen reader.
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcer");
  // The same words again are news again only when they were gone.
  region.textContent = "";
  setTimeout(() => (region.textContent = text));
}

/**
 * Give a file to the person.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MS);
}
