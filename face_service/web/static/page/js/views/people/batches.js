/** Files on their way to the gallery: whom each shows, and how many go in one request. */

const ZIP = /\.zip$/i;
const MOST_FILES = 8; // a request; so that there is something to see, and to stop
const MOST_BYTES = 16_000_000;

/** @param {File} file @returns {string} with its folders, where there are any */
export const pathOf = (file) => file.webkitRelativePath || file.name;

export const isZip = (file) => ZIP.test(file.name);

/** Files that no person means: hidden ones, and what archivers and desktops leave behind. */
export function isClutter(file) {
  const parts = pathOf(file).split("/");
  return parts.some((part) => part.startsWith(".") || part === "__MACOSX") ||
    ["Thumbs.db", "desktop.ini"].includes(parts.at(-1));
}

/** @returns {string|null} the folder that the file lies in: whom it shows */
export function subjectOf(file) {
  const parts = pathOf(file).split("/");
  return parts.length > 1 ? parts.at(-2) : null;
}

/**
 * @param {File[]} files
 * @returns {{people: number, pictures: number, loose: number, zips: number}} `loose` lie in no folder
 */
export function countFiles(files) {
  const pictures = files.filter((file) => !isZip(file));
  const names = new Set(pictures.map(subjectOf).filter((name) => name !== null));
  const loose = pictures.filter((file) => subjectOf(file) === null).length;
  return { people: names.size, pictures: pictures.length, loose, zips: files.length - pictures.length };
}

/**
 * @param {File[]} files
 * @param {string|null} name whom the files without a folder show
 * @returns {{files: File[], subject: string|null}[]} one a request, in the files' order
 */
export function makeBatches(files, name, { mostFiles = MOST_FILES, mostBytes = MOST_BYTES } = {}) {
  const batches = [];
  let last = null;
  let bytes = 0;
  for (const file of files) {
    const subject = isZip(file) || subjectOf(file) !== null ? null : name;
    const alone = isZip(file); // it holds many already
    const fits = last && !last.alone && last.subject === subject && last.files.length < mostFiles;
    if (alone || !fits || bytes + file.size > mostBytes) {
      last = { files: [], subject, alone };
      bytes = 0;
      batches.push(last);
    }
    last.files.push(file);
    bytes += file.size;
  }
  return batches.map(({ files: sent, subject }) => ({ files: sent, subject }));
}
