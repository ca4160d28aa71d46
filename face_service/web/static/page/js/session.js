/**
 * What the page remembers: the API key as long as the tab lives, theme and language for good.
 * A browser that stores nothing loses them with the page.
 */

const KEY = "face.key";
const THEME = "face.theme";
const LANGUAGE = "face.language";

/** @returns {Storage} a stand-in that lives in memory */
function inMemory() {
  const values = new Map();
  return /** @type {any} */ ({
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => values.set(name, value),
    removeItem: (name) => values.delete(name),
  });
}

function usable(name) {
  try {
    const storage = globalThis[name];
    storage.getItem(KEY); // a locked-down browser throws here, or above
    return storage;
  } catch {
    return inMemory();
  }
}

const forTab = usable("sessionStorage");
const forGood = usable("localStorage");

function write(storage, name, value) {
  if (value) storage.setItem(name, value);
  else storage.removeItem(name);
}

/** @returns {string|null} the API key that was entered in this tab */
export const apiKey = () => forTab.getItem(KEY);

/** @param {string|null} token null forgets it */
export function rememberKey(token) {
  write(forTab, KEY, token);
  globalThis.document?.dispatchEvent(new CustomEvent("page:key"));
}

/** @returns {"light"|"dark"|null} the theme that was chosen, null while the system's counts */
export const chosenTheme = () => forGood.getItem(THEME);
/** @param {"light"|"dark"} theme */
export const rememberTheme = (theme) => write(forGood, THEME, theme);
/** @returns {"en"|"zh"|null} */
export const chosenLanguage = () => forGood.getItem(LANGUAGE);
/** @param {"en"|"zh"} language */
export const rememberLanguage = (language) => write(forGood, LANGUAGE, language);
