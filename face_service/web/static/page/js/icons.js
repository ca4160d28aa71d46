/** The page's icons, drawn with strokes in a field of 24 × 24; they take the text's colour. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  alert: "M12 4 2.8 19.5h18.4L12 4z M12 10v4 M12 17v.1",
  back: "M14.5 5 8 12l6.5 7",
  camera:
    "M4 8h3l2-3h6l2 3h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z " +
    "M12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  check: "M5 12.5 10 17.5 19.5 7",
  close: "M6 6l12 12 M18 6 6 18",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3.5 2",
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  download: "M12 4v11 M7 11l5 5 5-5 M5 20h14",
  edit: "M4 20h4L19 9l-4-4L4 16v4z M13 7l4 4",
  face:
    "M4 8V6a2 2 0 0 1 2-2h2 M16 4h2a2 2 0 0 1 2 2v2 M20 16v2a2 2 0 0 1-2 2h-2 M8 20H6a2 2 0 0 1-2-2v-2 " +
    "M9 9.5v1 M15 9.5v1 M12 9.5v3.5h-1 M9 15.5a4.2 4.2 0 0 0 6 0",
  flip: "M4 12a8 8 0 0 1 13.7-5.6L20 8.5 M20 4v4.5h-4.5 M20 12a8 8 0 0 1-13.7 5.6L4 15.5 M4 20v-4.5h4.5",
  folder: "M3 6.5A1.5 1.5 0 0 1 4.5 5H9l2 2.5h8.5A1.5 1.5 0 0 1 21 9v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18z",
  import: "M12 4v11 M7 10l5 5 5-5 M4 14v5h16v-5",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 11v5 M12 8v.1",
  key: "M14.5 14a5 5 0 1 0-4.6-3L3 18v3h3l1-1v-2h2v-2h2l1.2-1.3 M15.5 8.5v.1",
  merge: "M6 4v4a6 6 0 0 0 6 6v6 M18 4v4a6 6 0 0 1-6 6 M9 17l3 3 3-3",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  next: "M9.5 5 16 12l-6.5 7",
  pause: "M8 5v14 M16 5v14",
  picture: "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15 9v.1",
  play: "M7 4.5v15l12-7.5z",
  plus: "M12 5v14 M5 12h14",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M16 16l4.5 4.5",
  shutter: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  sun:
    "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M12 2.5v2 M12 19.5v2 M2.5 12h2 M19.5 12h2 " +
    "M5.3 5.3l1.4 1.4 M17.3 17.3l1.4 1.4 M5.3 18.7l1.4-1.4 M17.3 6.7l1.4-1.4",
  trash: "M4 7h16 M9 7V4h6v3 M6 7l1 13h10l1-13 M10 11v5 M14 11v5",
  upload: "M12 16V5 M7 9l5-5 5 5 M5 20h14",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4 20.5a8 8 0 0 1 16 0",
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGElement} decoration: hidden from screen readers
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
