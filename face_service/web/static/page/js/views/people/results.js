/** What became of each file: those with a problem above, the others below. */

import { el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { icon } from "../../icons.js";
import { problemText, reasonText } from "../../problems.js";

const MOST_GOOD = 100; // of thousands that went well nobody reads the lines

export class ResultList {
  constructor() {
    this._bad = el("ul", { class: "results", label: "people.result.bad" });
    // A box of its own, which the keyboard can scroll.
    this._good = el("ul", { class: "results results-good", label: "people.result.good", tabIndex: 0 });
    this._count = el("summary");
    this._details = el("details", { hidden: true }, this._count, this._good);
    this.element = el("div", { class: "stack results-all" }, this._bad, this._details);
  }

  /**
   * @param {import("./bulk_run.js").Result} result
   * @param {{enrolled: number}} counts so far
   */
  add(result, counts) {
    const { file, subject, status } = result;
    const good = status === "enrolled";
    const line = el(
      "li",
      { class: `result ${status}`, data: { status } },
      icon(good ? "check" : "alert"),
      el("span", { class: "result-file" }, file || t("people.result.rest")),
      el("span", { class: "result-why" }, wordsOf(result, subject)),
    );
    if (!good) return this._bad.append(line);
    this._details.hidden = false;
    setText(this._count, ["people.result.enrolled", { count: counts.enrolled }]);
    this._good.append(line);
    if (this._good.children.length > MOST_GOOD) this._good.firstElementChild.remove();
  }
}

function wordsOf(result, subject) {
  const { status, reasons = [], warnings = [] } = result;
  if (status === "refused") return reasons.map((reason) => reasonText(reason)).join(" ");
  if (status === "failed") return problemText(result);
  return [subject, ...warnings.map((warning) => reasonText(warning))].join(" · ");
}
