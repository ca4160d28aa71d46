import assert from "node:assert/strict";
import { test } from "node:test";

import { fill, formatNumber, setLanguage, t } from "../../face_service/web/static/page/js/i18n.js";
import { ApiError } from "../../face_service/web/static/page/js/answers.js";
import { problemText, reasonText } from "../../face_service/web/static/page/js/problems.js";

test("a text takes parameters and the plural of its language", () => {
  setLanguage("en-GB");
  assert.equal(t("problem.wait.seconds", { count: 1 }), "Try again in 1 second.");
  assert.equal(t("problem.wait.seconds", { count: 30 }), "Try again in 30 seconds.");
  setLanguage("zh-CN");
  assert.equal(t("problem.wait.seconds", { count: 30 }), "请在 30 秒后重试。");
});

test("a text that is not there is a defect", () => {
  assert.throws(() => t("no.such"), /no text: no\.such/);
});

test("numbers are written with so many digits", () => {
  setLanguage("en");
  assert.equal(formatNumber(1234.5678, 1), "1,234.6");
  assert.equal(formatNumber(0.5, 3, true), "0.500");
});

test("an error is said in words, with the time to wait", () => {
  setLanguage("en");
  const busy = new ApiError({ status: 503, code: "BUSY", detail: "full", retryAfter: 2 });
  assert.equal(problemText(busy), "The server is very busy. Try again in 2 seconds.");
  const locked = new ApiError({ status: 429, code: "SUBJECT_LOCKED", retryAfter: 90 });
  assert.equal(
    problemText(locked),
    "Too many failed attempts for this name. Try again in 2 minutes.",
  );
});

test("an unknown code is told with the server's sentence", () => {
  setLanguage("en");
  const odd = new ApiError({ status: 418, code: "TEAPOT", detail: "short and stout" });
  assert.equal(problemText(odd), "The server answered TEAPOT: short and stout");
  assert.equal(problemText(new TypeError("x is null")), "Something broke in this page: x is null");
});

test("a reason of the gate says what was measured, and what to do", () => {
  setLanguage("en");
  const small = { code: "FACE_TOO_SMALL", value: 31.7, limit: 40, message: "" };
  assert.equal(
    reasonText(small),
    "The face is 31.7 pixels wide, at least 40 are needed: come closer.",
  );
  const odd = { code: "NEW_ONE", value: 1, limit: 2, message: "something else" };
  assert.equal(reasonText(odd), "NEW_ONE: something else");
});

test("a head turned either way is told by how much, without a sign", () => {
  setLanguage("en");
  const turned = { code: "EXTREME_POSE", value: -45.04, limit: 40 };
  assert.equal(
    reasonText(turned),
    "The head is turned or tilted by 45°, at most 40° are allowed: look straight ahead.",
  );
});

/** An element as far as fill() knows one. */
class Element {
  constructor(dataset, below = []) {
    Object.assign(this, { dataset, below, textContent: "as before" });
  }

  matches(selector) {
    return selector === "[data-i18n-text]" && "i18nText" in this.dataset;
  }

  querySelectorAll(selector) {
    return this.below.filter((one) => one.matches(selector));
  }
}

test("an unknown key is complained of and keeps no other element from its text", (context) => {
  setLanguage("en");
  globalThis.Element = Element;
  context.after(() => delete globalThis.Element);
  const complain = context.mock.method(console, "error", () => {});
  const unknown = new Element({ i18nText: "no.such" });
  const later = new Element({ i18nText: "app.close" });
  const foreign = new Element({ text: "face", hint: "face" });
  fill(new Element({}, [unknown, later, foreign]));
  assert.deepEqual(
    [unknown, later, foreign].map(({ textContent }) => textContent),
    ["as before", "Close", "as before"],
  );
  assert.deepEqual(complain.mock.calls.map((call) => call.arguments), [["no text: no.such"]]);
});
