// Runs before anything is drawn, so that a chosen theme or language does not flash by: no module.
"use strict";

(() => {
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // a browser that stores nothing
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = read("face.theme") ?? dark;
  const spoken = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = read("face.language") ?? spoken;
})();
