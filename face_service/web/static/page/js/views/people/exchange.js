/** The gallery as a file: out of the service and into it. */

import { download, el } from "../../dom.js";
import { t } from "../../i18n.js";
import { problemText } from "../../problems.js";
import { toast } from "../../widgets/toast.js";
import { askWhom } from "./renaming.js";

const HEAD_BYTES = 64;

/** @param {import("../../api.js").Api} api */
export async function exportGallery(api) {
  try {
    const day = new Date().toISOString().slice(0, 10);
    download(await api.exportGallery(), `faces-${day}.jsonl`);
    toast(t("people.exported"), { kind: "good" });
  } catch (error) {
    toast(problemText(error), { kind: "bad" });
  }
}

/**
 * @param {import("../../api.js").Api} api
 * @param {File} file an export, or a demo's feature.txt: then the person is asked whom it shows
 * @returns {Promise<boolean>} whether anything may have changed
 */
export async function importGallery(api, file) {
  try {
    const whom = (await isExport(file)) ? undefined : await askWhom();
    if (whom === null) return false;
    const { imported, skipped } = await api.importGallery(file, whom);
    const key = skipped ? "people.imported.some" : "people.imported";
    toast(t(key, { count: imported, skipped }), { kind: "good" });
    return true;
  } catch (error) {
    toast(problemText(error), { kind: "bad" });
    return false;
  }
}

/** An export begins with a JSON object, a feature.txt with a number. */
const isExport = async (file) => (await file.slice(0, HEAD_BYTES).text()).trimStart().startsWith("{");

/**
 * A hidden file field.
 * @param {(files: File[]) => void} onFiles
 * @param {object} [how] further properties, such as `multiple`, `accept`, `webkitdirectory`
 * @returns {HTMLInputElement} click() opens the browser's dialog
 */
export function fileField(onFiles, how = {}) {
  const hidden = { class: "visually-hidden", tabIndex: -1, "aria-hidden": "true" };
  const field = el("input", { type: "file", ...hidden, ...how });
  field.addEventListener("change", () => {
    const files = [...field.files];
    field.value = ""; // so that the same file can be picked again
    if (files.length) onFiles(files);
  });
  return field;
}
