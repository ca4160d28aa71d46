/** Choosing the threshold by what each choice would let in and keep out. */

import { ApiError } from "../api.js";
import { announce, el, setText } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { icon } from "../icons.js";
import { KINDS, nearestIndex } from "../threshold_math.js";
import { askForKey } from "../widgets/key_dialog.js";
import { note, problemNote } from "../widgets/notes.js";
import { segments } from "../widgets/segments.js";
import { toast } from "../widgets/toast.js";
import { confirmReset, confirmThreshold } from "./threshold/apply.js";
import { cautionsCard } from "./threshold/cautions.js";
import { chartCard } from "./threshold/chart.js";
import { outcomeCard } from "./threshold/outcome.js";
import { wantedCard } from "./threshold/wanted.js";
import { thresholdText } from "./threshold/words.js";

// What is acceptable until a person says otherwise, as /v1/calibrate has it.
const FAR = 0.001;
const FPIR = 0.01;
const LEAST_PEOPLE = 2;

class ThresholdView {
  /** @param {import("../main.js").Tools} tools */
  constructor({ api, go }) {
    this._api = api;
    this._go = go;
    this._kind = "verification";
    this._wanted = { far: FAR, fpir: FPIR };
    this._lines = {}; // thresholds that the lines were moved to, by kind
    this._answer = null;
    this._asking = null;
    this._parts = this._makeParts();
    this.element = this._build();
    onLanguage(() => this._draw());
  }

  show() {
    this._load();
  }

  hide() {
    this._asking?.abort();
  }

  _makeParts() {
    const onMove = (index) => this._move(this._answer.curve.thresholds[index]);
    return {
      chart: chartCard({ onMove }),
      outcome: outcomeCard({ onApply: () => this._apply(), onReset: () => this._reset() }),
      wanted: wantedCard({
        onWanted: (rate) => {
          this._wanted[KINDS[this._kind].wanted] = rate;
          this._load();
        },
        onMove: () => this._move(this._answer[this._kind].threshold),
      }),
      cautions: cautionsCard(),
    };
  }

  _build() {
    const kinds = segments({
      label: "threshold.kinds",
      options: {
        verification: "threshold.kind.verification",
        identification: "threshold.kind.identification",
      },
      onChange: (kind) => {
        this._kind = kind;
        this._draw();
      },
    });
    const { chart, outcome, wanted, cautions } = this._parts;
    this._about = el("p");
    this._message = el("div", { class: "stack" });
    this._work = el(
      "div",
      { class: "columns threshold-work", hidden: true },
      chart.element,
      el("div", { class: "stack threshold-choice" }, outcome.element, wanted.element),
      cautions.element,
    );
    this._kinds = el("div", { class: "threshold-kinds", hidden: true }, kinds.element, this._about);
    const words = el("div", {}, el("h2", { t: "threshold.title" }), el("p", { t: "threshold.lead" }));
    return el("div", {}, el("div", { class: "view-head" }, words), this._kinds, this._message, this._work);
  }

  /** Measure anew; what is shown stays until the answer is there. */
  async _load(more = {}) {
    this._asking?.abort();
    const asking = (this._asking = new AbortController());
    this._work.classList.toggle("is-busy", true);
    if (!this._answer) this._say(measuring());
    try {
      const options = { ...this._wanted, ...more, signal: asking.signal };
      const answer = await this._measure(options);
      if (this._asking !== asking) return null;
      this._answer = { ...answer, wanted: { ...this._wanted } };
      this._say();
      this._draw();
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") this._fail(error, Boolean(more.apply));
      return null;
    } finally {
      if (this._asking === asking) this._work.classList.toggle("is-busy", false);
    }
  }

  /** Where nobody is registered there is nothing to ask, and no error to make. */
  async _measure(options) {
    const { gallery } = await this._api.ready({ signal: options.signal });
    if (gallery && gallery.subjects < LEAST_PEOPLE) throw new ApiError({ code: "TOO_FEW_FACES" });
    return this._api.calibrate(options);
  }

  _fail(error, keep) {
    if (keep) {
      this._say(problemNote(error));
      return;
    }
    this._answer = null;
    if (error.code === "TOO_FEW_FACES") this._say(this._empty());
    else if (error.code === "FORBIDDEN") this._say(this._forbidden());
    else this._say(problemNote(error, () => this._load()));
  }

  /** Show a message, and the rest only while there are numbers. */
  _say(...messages) {
    this._message.replaceChildren(...messages);
    this._work.hidden = this._kinds.hidden = !this._answer;
  }

  _draw() {
    if (!this._answer) return;
    const answer = this._answer;
    const { thresholds } = answer.curve;
    const inForce = answer.in_force[this._kind].threshold;
    const now = nearestIndex(thresholds, inForce);
    const index = nearestIndex(thresholds, this._lines[this._kind] ?? inForce);
    this._state = { answer, kind: this._kind, index, now };
    setText(this._about, `threshold.about.${this._kind}`);
    for (const part of Object.values(this._parts)) part.draw(this._state);
  }

  _move(threshold) {
    this._lines[this._kind] = threshold;
    this._draw();
  }

  async _apply() {
    const { answer, kind, index } = this._state;
    if (!(await confirmThreshold(this._state))) return;
    const threshold = answer.curve.thresholds[index];
    const named = { [KINDS[kind].option]: threshold };
    if (!(await this._load({ ...named, apply: true, only: kind }))) return;
    toast(t("threshold.applied", { value: thresholdText(threshold) }), { kind: "good" });
    await this._load(); // the suggestion again, not the threshold that was named
  }

  async _reset() {
    if (!(await confirmReset(this._state))) return;
    try {
      await this._api.resetThresholds();
    } catch (error) {
      this._fail(error, true);
      return;
    }
    this._lines = {};
    toast(t("threshold.reset.done"), { kind: "good" });
    await this._load();
  }

  _empty() {
    const now = el("p", { hidden: true, t: "threshold.empty.now" });
    announce(t("threshold.empty"));
    const go = (label, view, look) => {
      const click = () => this._go(view);
      return el("button", { class: `button ${look}`, type: "button", t: label, on: { click } });
    };
    this._api.thresholds().then(
      ({ verification }) => (now.hidden = verification.source !== "card"),
      () => {}, // it says no more than that
    );
    return el(
      "div",
      { class: "empty" },
      icon("face"),
      el("h3", { t: "threshold.empty" }),
      el("p", { t: "threshold.empty.about" }),
      now,
      el(
        "div",
        { class: "actions" },
        go("threshold.empty.register", "enrol", "primary"),
        go("threshold.empty.people", "people", ""),
      ),
    );
  }

  _forbidden() {
    const found = note("warn", "threshold.forbidden");
    const click = async () => (await askForKey({ needed: true })) && this._load();
    const button = { class: "button small", type: "button", t: "threshold.forbidden.key", on: { click } };
    found.querySelector(".note-body").append(el("button", button));
    return found;
  }
}

function measuring() {
  const spinner = el("div", { class: "spinner", "aria-hidden": "true" });
  const words = el("p", { t: "threshold.measuring" });
  return el("div", { class: "threshold-measuring", role: "status" }, spinner, words);
}

/** @param {import("../main.js").Tools} tools */
export function makeView(tools) {
  return new ThresholdView(tools);
}
