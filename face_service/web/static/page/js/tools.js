/** The buttons of the header: theme, language, API key. */

import { setText } from "./dom.js";
import { language, setLanguage } from "./i18n.js";
import { icon } from "./icons.js";
import * as session from "./session.js";
import { t } from "./i18n.js";
import { askForKey } from "./widgets/key_dialog.js";
import { toast } from "./widgets/toast.js";

const root = document.documentElement;

/** Bring the header's buttons to life. */
export function setUpTools() {
  setUpTheme(document.getElementById("theme"));
  setUpLanguage(document.getElementById("language"));
  setUpKey(document.getElementById("key"));
}

function setUpTheme(button) {
  const show = (theme) => {
    root.dataset.theme = theme;
    const other = theme === "dark" ? "light" : "dark";
    button.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
    for (const target of ["label", "hint"]) setText(button, `app.theme.${other}`, target);
    document.dispatchEvent(new CustomEvent("page:theme")); // canvases draw anew
  };
  button.addEventListener("click", () => {
    const other = root.dataset.theme === "dark" ? "light" : "dark";
    session.rememberTheme(other);
    show(other);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
    if (!session.chosenTheme()) show(matches ? "dark" : "light");
  });
  show(root.dataset.theme);
}

function setUpLanguage(button) {
  const mark = () => (button.lang = language() === "en" ? "zh-CN" : "en"); // its words are the other's
  button.addEventListener("click", () => {
    const other = language() === "en" ? "zh" : "en";
    session.rememberLanguage(other);
    setLanguage(other);
    mark();
  });
  mark();
}

function setUpKey(button) {
  const show = () => {
    button.classList.toggle("set", session.apiKey() !== null);
    const key = session.apiKey() ? "app.key.set" : "app.key";
    for (const target of ["label", "hint"]) setText(button, key, target);
  };
  button.append(icon("key"));
  button.addEventListener("click", async () => {
    const before = session.apiKey();
    await askForKey();
    if (session.apiKey() === before) return;
    toast(t(session.apiKey() ? "key.saved" : "key.forgotten"), { kind: "good" });
  });
  document.addEventListener("page:key", show);
  show();
}
