/** The dialogs that rename a person, and put two together. */

import { el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { askToConfirm, openDialog } from "../../widgets/dialog.js";
import { toast } from "../../widgets/toast.js";
import { problemText } from "../../problems.js";

const MOST_OFFERED = 20;
const PAUSE_MS = 200; // after the last key

/**
 * Ask for another name and give it.
 * @param {import("../../api.js").Api} api
 * @param {string} name
 * @returns {Promise<string|null>} the name from now on; null when nothing was changed
 */
export async function rename(api, name) {
  const wanted = await askForName({ title: ["people.rename.title", { name }], action: "people.rename", value: name });
  if (!wanted || wanted === name) return null;
  try {
    const { subject } = await api.rename(name, wanted);
    toast(t("people.renamed", { name, to: subject }), { kind: "good" });
    return subject;
  } catch (error) {
    if (error.code === "SUBJECT_EXISTS") return mergeInto(api, name, wanted);
    toast(problemText(error), { kind: "bad" });
    return null;
  }
}

/**
 * Ask into whom a person is to be merged, and do it.
 * @returns {Promise<string|null>} who is left of the two; null when nothing was changed
 */
export async function merge(api, name) {
  const wanted = await askForName({
    title: ["people.merge.title", { name }],
    hint: "people.merge.hint",
    action: "people.merge.next",
    offer: offerPeople(api, name),
  });
  if (!wanted || wanted === name) return null;
  return mergeInto(api, name, wanted);
}

async function mergeInto(api, name, wanted) {
  try {
    const [from, to] = await Promise.all([api.subject(name), api.subject(wanted)]);
    const params = { name, count: from.faces.length, to: to.subject, other: to.faces.length };
    const sure = await askToConfirm({
      title: ["people.merge.sure", params],
      text: ["people.merge.about", params],
      action: "people.merge.do",
      danger: true,
    });
    if (!sure) return null;
    const { subject, faces } = await api.rename(name, to.subject, true);
    toast(t("people.merged", { name, to: subject, count: faces.length }), { kind: "good" });
    return subject;
  } catch (error) {
    const unknown = error.code === "SUBJECT_NOT_FOUND";
    toast(unknown ? t("people.merge.unknown", { name: wanted }) : problemText(error), { kind: "bad" });
    return null;
  }
}

/** @returns {Promise<string|null>} */
async function askForName({ title, hint, action, value = "", offer }) {
  const list = el("datalist", { id: "names-offered" });
  const field = el("input", { type: "text", value, maxLength: 128, autocomplete: "off", spellcheck: false });
  if (offer) {
    field.setAttribute("list", list.id);
    offer(field, list);
  }
  const label = el("label", { class: "field" }, el("span", { t: "people.name" }), field);
  const entered = () => field.value.trim() || null;
  const about = hint ? el("p", { class: "hint" }) : "";
  if (about) setText(about, hint);
  queueMicrotask(() => field.select());
  return openDialog({
    title,
    body: [about, label, list],
    actions: [
      { label: "app.cancel", value: null },
      { label: action, value: entered, look: "primary" },
    ],
    onSubmit: entered,
  });
}

/** Offer the names that fit what is typed. */
function offerPeople(api, without) {
  return (field, list) => {
    let timer = null;
    const ask = async () => {
      try {
        const { subjects } = await api.subjects({ q: field.value.trim(), limit: MOST_OFFERED });
        const names = subjects.map(({ subject }) => subject).filter((name) => name !== without);
        list.replaceChildren(...names.map((name) => el("option", { value: name })));
      } catch {
        list.replaceChildren(); // a name can be typed all the same
      }
    };
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    });
    ask();
  };
}

/**
 * Ask whom a demo's feature.txt shows.
 * @returns {Promise<string|null>}
 */
export const askWhom = () =>
  askForName({ title: "people.import.whom", hint: "people.import.slot", action: "people.import.do" });

