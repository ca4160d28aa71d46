// Both languages say the same things, and all that the page asks for.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import en from "../../face_service/web/static/page/js/texts/en.js";
import zh from "../../face_service/web/static/page/js/texts/zh.js";

const PAGE = new URL("../../face_service/web/static/page/", import.meta.url);
const SOURCES = readdirSync(PAGE, { recursive: true })
  .filter((name) => /\.(js|html)$/.test(name) && !name.includes("texts"))
  .map((name) => [name, readFileSync(new URL(name, PAGE), "utf8")]);
const PREFIXES = new Set(Object.keys(en).map((key) => key.split(".")[0]));

const params = (text) =>
  [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].filter((name) => name !== "{count}").sort();

test("both languages have the same keys", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
});

test("both languages use the same parameters", () => {
  for (const key of Object.keys(en)) assert.deepEqual(params(zh[key]), params(en[key]), key);
});

test("no text is empty", () => {
  for (const [key, text] of [...Object.entries(en), ...Object.entries(zh)]) {
    assert.ok(Object.values(typeof text === "string" ? [text] : text).every(Boolean), key);
  }
});

test("every key that a source names exists", () => {
  for (const [name, source] of SOURCES) {
    for (const [, key] of source.matchAll(/"([a-z]+(?:\.\w+)+)"/g)) {
      if (PREFIXES.has(key.split(".")[0])) assert.ok(key in en, `${name}: ${key}`);
    }
  }
});

test("every text is used: named whole, or with a computed end", () => {
  const all = SOURCES.map(([, source]) => source).join("\n");
  for (const key of Object.keys(en)) {
    const starts = key.split(".").map((_, index, parts) => parts.slice(0, index).join("."));
    const computed = starts.some((start) => start && all.includes(`\`${start}.\${`));
    assert.ok(computed || all.includes(`"${key}"`), `${key} is not used`);
  }
});
