/**
 * Words in two languages. Elements with data-i18n-text="key" show a text, those with
 * data-i18n-label, -hint or -placeholder have it as aria-label, title or placeholder;
 * data-i18n-params holds its parameters as JSON. All of them change with the language. No other
 * data- attribute may begin so: fill() would take its value for a key.
 */

import en from "./texts/en.js";
import zh from "./texts/zh.js";

const TEXTS = { en, zh };
const TARGETS = {
  text: (element, text) => (element.textContent = text),
  label: (element, text) => element.setAttribute("aria-label", text),
  hint: (element, text) => element.setAttribute("title", text),
  placeholder: (element, text) => element.setAttribute("placeholder", text),
};
const LOCALES = { en: "en", zh: "zh-CN" };

let current = "en";
const listeners = new Set();

/** @returns {"en"|"zh"} */
export const language = () => current;

/** @returns {boolean} whether there is such a text */
export const hasText = (key) => key in TEXTS[current];

/**
 * The text of a key in the language of the page. "{name}" in it is replaced by params.name, numbers
 * written as the language does. A text may be {one, other}: params.count decides.
 * @param {string} key
 * @param {Record<string, string|number>} [params]
 */
export function t(key, params = {}) {
  const found = TEXTS[current][key] ?? TEXTS.en[key];
  if (found === undefined) throw new Error(`no text: ${key}`);
  const text = typeof found === "string" ? found : plural(found, params.count);
  return text.replace(/\{(\w+)\}/g, (whole, name) => shown(params[name] ?? whole));
}

function plural(forms, count) {
  const form = new Intl.PluralRules(LOCALES[current]).select(Number(count));
  return forms[form] ?? forms.other;
}

const shown = (value) => (typeof value === "number" ? formatNumber(value) : value);

/** A number with at most `digits` (3) decimals, or exactly so many with `fixed`. */
export function formatNumber(value, digits = 3, fixed = false) {
  const least = fixed ? digits : 0;
  const how = { minimumFractionDigits: least, maximumFractionDigits: digits };
  return new Intl.NumberFormat(LOCALES[current], how).format(value);
}

/** A share 0..1 as percent, with at most `digits` (1) decimals. */
export function formatPercent(value, digits = 1) {
  const how = { style: "percent", maximumFractionDigits: digits };
  return new Intl.NumberFormat(LOCALES[current], how).format(value);
}

/** A moment (ISO 8601, or milliseconds) as date and time. */
export function formatTime(moment) {
  const how = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(LOCALES[current], how).format(new Date(moment));
}

/** A moment as a date alone. */
export function formatDate(moment) {
  return new Intl.DateTimeFormat(LOCALES[current], { dateStyle: "medium" }).format(new Date(moment));
}

/**
 * Fill every element below `root`, and `root` itself, that names a text.
 * @param {ParentNode} root
 */
export function fill(root) {
  for (const [name, put] of Object.entries(TARGETS)) {
    const selector = `[data-i18n-${name}]`;
    const own = root instanceof Element && root.matches(selector) ? [root] : [];
    for (const element of [...own, ...root.querySelectorAll(selector)]) {
      const key = element.dataset[dataName(name)];
      const { i18nParams } = element.dataset;
      // One unknown key is a defect, but no reason to leave the rest in the other language.
      if (hasText(key)) put(element, t(key, i18nParams ? JSON.parse(i18nParams) : {}));
      else console.error(`no text: ${key}`);
    }
  }
}

/** The property of `dataset` that holds a target's key, such as i18nText; also i18nParams. */
export const dataName = (name) => `i18n${name[0].toUpperCase()}${name.slice(1)}`;

/** @param {string} chosen a language tag; what is not Chinese is English */
export function setLanguage(chosen) {
  current = chosen.toLowerCase().startsWith("zh") ? "zh" : "en";
  if (!globalThis.document) return; // under Node
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  fill(document);
  listeners.forEach((listener) => listener());
}

/**
 * Call `listener` after each change of the language: for what fill() does not reach.
 * @param {() => void} listener
 * @returns {() => void} stops it
 */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
