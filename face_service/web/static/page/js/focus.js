/** Keeps the focus where elements are made anew or go away: else a keyboard begins at the top again. */

/** @returns {boolean} whether nothing has the focus */
export const isLost = () => [null, document.body].includes(document.activeElement);

/**
 * @param {string} key of what is to be found, such as "row:Ann"
 * @returns {HTMLElement|undefined} what has it in data-keep
 */
export const kept = (root, key) =>
  [...root.querySelectorAll("[data-keep]")].find(({ dataset }) => dataset.keep === key);

/**
 * Make an element's contents anew. What had the focus has it again; where that is gone, what stood
 * behind it has, else what stood before it, of those whose key begins alike up to its colon.
 * @param {HTMLElement} root
 * @param {() => void} update
 * @param {() => HTMLElement|null|undefined} [orElse] has it where none of them is left
 */
export function keepFocus(root, update, orElse = () => null) {
  const before = [...root.querySelectorAll("[data-keep]")];
  const at = before.indexOf(document.activeElement);
  const keys = before.map(({ dataset }) => dataset.keep);
  update();
  if (at < 0) return;
  const wanted = nearest(keys, at).find((key) => kept(root, key));
  (wanted === undefined ? orElse() : kept(root, wanted))?.focus();
}

/**
 * @param {string[]} keys
 * @param {number} at
 * @returns {string[]} those like the one there: itself, those behind it, then those before it
 */
export function nearest(keys, at) {
  const kind = keys[at].split(":", 1)[0];
  const found = [...keys.slice(at), ...keys.slice(0, at).reverse()];
  return found.filter((key) => key.split(":", 1)[0] === kind);
}
