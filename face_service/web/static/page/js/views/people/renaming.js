/** The dialogs that rename a person, and put two together. */

import { ApiError } from "../../answers.js";
import { el, setText } from "../../dom.js";
import { t } from "../../i18n.js";
import { askToConfirm, openDialog } from "../../widgets/dialog.js";
import { toast } from "../../widgets/toast.js";
import { problemText } from "../../problems.js";

const MOST_OFFERED = 20;
const PAUSE_MS = 200; // after the last key

/**
 * @typedef {object} With
 * @property {import("../../api.js").Api} api
 * @property {import("../../removals.js").Removals} removals
 */

/**
 * Ask for another name and give it.
 * @param {With} shared
 * @param {string} name
 * @returns {Promise<string|null>} the name from now on; null when nothing was changed
 */
export async function rename({ api, removals }, name) {
  const found = await askForName({
    title: ["people.rename.title", { name }],
    action: "people.rename",
    value: name,
    attempt: (wanted) => tryRename(api, name, wanted),
  });
  if (!found) return null;
  if (found.taken) return mergeInto(api, await bothOf({ api, removals }, name, found.taken).catch(told));
  toast(t("people.renamed", { name, to: found.subject }), { kind: "good" });
  return found.subject;
}

async function tryRename(api, name, wanted) {
  if (wanted === name) return null;
  try {
    return await api.rename(name, wanted);
  } catch (error) {
    if (error.code === "SUBJECT_EXISTS") return { taken: wanted };
    throw error;
  }
}

/**
 * Ask into whom a person is to be merged, and do it.
 * @param {With} shared
 * @param {string} name
 * @returns {Promise<string|null>} who is left of the two; null when nothing was changed
 */
export async function merge({ api, removals }, name) {
  const both = await askForName({
    title: ["people.merge.title", { name }],
    hint: "people.merge.hint",
    action: "people.merge.next",
    offer: offerPeople({ api, removals }, name),
    attempt: async (wanted) => {
      if (!wanted || wanted === name) return null;
      return bothOf({ api, removals }, name, wanted);
    },
  });
  return mergeInto(api, both);
}

/** The two to merge as they are now; whoever waits to be deleted is nobody. */
async function bothOf({ api, removals }, name, wanted) {
  const both = await Promise.all([api.subject(name), api.subject(wanted)]);
  if (removals.hides(both[1].subject)) throw new ApiError({ code: "SUBJECT_NOT_FOUND" });
  return both.map(({ subject, faces }) => {
    const shown = faces.filter(({ face_id: id }) => !removals.hides(subject, id));
    return { subject, count: shown.length };
  });
}

async function mergeInto(api, both) {
  if (!both) return null;
  const [{ subject: name, count }, to] = both;
  try {
    const params = { name, count, to: to.subject, other: to.count };
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
    return told(error);
  }
}

function told(error) {
  toast(problemText(error), { kind: "bad" });
  return null;
}

/** @returns {Promise<any>} the name, or what `attempt` makes of it; null when it is not answered */
async function askForName({ title, hint, action, value = "", offer, attempt }) {
  const list = el("datalist", { id: "names-offered" });
  const field = el("input", { type: "text", value, maxLength: 128, autocomplete: "off", spellcheck: false });
  if (offer) {
    field.setAttribute("list", list.id);
    offer(field, list);
  }
  const label = el("label", { class: "field" }, el("span", { t: "people.name" }), field);
  // Where it is tried, nothing is an answer too: the server says what is wrong with it.
  const entered = () => field.value.trim() || (attempt ? "" : null);
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
    attempt,
  });
}

/** Offer the names that fit what is typed. */
function offerPeople({ api, removals }, without) {
  return (field, list) => {
    let timer = null;
    const ask = async () => {
      try {
        const { subjects } = await api.subjects({ q: field.value.trim(), limit: MOST_OFFERED });
        const names = subjects
          .map(({ subject }) => subject)
          .filter((name) => name !== without && !removals.hides(name));
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

