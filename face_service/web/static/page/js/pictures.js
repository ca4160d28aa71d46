/** Pictures that people give: files that are pasted, dropped or picked. */

/** A file that the browser cannot show. */
export class PictureError extends Error {
  constructor(detail = "") {
    super(detail);
    this.name = "PictureError";
    this.code = "PICTURE_UNREADABLE";
    this.detail = detail;
  }
}

/**
 * @param {Blob} blob
 * @returns {Promise<ImageBitmap>} the picture, upright as its EXIF says: as the server sees it
 * @throws {PictureError}
 */
export async function readPicture(blob) {
  try {
    return await createImageBitmap(blob);
  } catch (error) {
    throw new PictureError(error.message);
  }
}

/** @returns {File[]} the pictures among the files that are dropped or pasted; else all of them */
export function picturesIn(transfer) {
  const files = [...(transfer?.files ?? [])];
  const pictures = files.filter(({ type }) => type.startsWith("image/"));
  return pictures.length ? pictures : files;
}
