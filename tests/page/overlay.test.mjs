// Labels over faces.

import assert from "node:assert/strict";
import { test } from "node:test";

import { shortened } from "../../face_service/web/static/page/js/overlay.js";

const measure = (text) => [...text].length;

test("a name that fits stays whole, a longer one ends in an ellipsis", () => {
  assert.equal(shortened("Ann Lee", 7, measure), "Ann Lee");
  assert.equal(shortened("Ann Lee", 6, measure), "Ann L…");
  assert.equal(shortened("Ann Lee", 5, measure), "Ann…"); // no space before it
});

test("a character of two halves is left out whole, and one is always left", () => {
  assert.equal(shortened("𠮷𠮷𠮷", 2, measure), "𠮷…");
  assert.equal(shortened("Ann", 0, measure), "A…");
});
