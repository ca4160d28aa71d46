/** Large photographs made smaller before they are sent. */

import { el } from "../../dom.js";

// Several in one request must stay below what the server takes; what it looks at is no larger.
const LARGE_BYTES = 4_000_000;
const LONGER_SIDE = 2000;
const QUALITY = 0.92;

/**
 * @param {Blob} blob
 * @param {ImageBitmap} bitmap the picture in it
 * @returns {Promise<Blob>} the same where it is small enough, else a JPEG
 */
export async function shrunk(blob, bitmap) {
  if (blob.size <= LARGE_BYTES) return blob;
  const scale = Math.min(1, LONGER_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.round(bitmap.width * scale);
  const canvas = el("canvas", { width, height: Math.round(bitmap.height * scale) });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return small ?? blob;
}
