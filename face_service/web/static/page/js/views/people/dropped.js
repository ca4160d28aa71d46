/** What is dropped, folders opened. */

/**
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>} all files, each with its path as `webkitRelativePath`
 */
export async function filesDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = await Promise.all(entries.map((entry) => filesIn(entry)));
  return found.flat();
}

async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    const path = entry.fullPath.replace(/^\//, "");
    // Set by the browser only for files that were picked by folder.
    if (path.includes("/")) Object.defineProperty(file, "webkitRelativePath", { value: path });
    return [file];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A browser gives a hundred at a time.
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return (await Promise.all(found.map((one) => filesIn(one)))).flat();
    found.push(...some);
  }
}
