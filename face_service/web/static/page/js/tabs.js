/** The tabs, operated as WAI-ARIA's authoring practices say: arrows move, Tab leaves. */

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class Tabs {
  /**
   * @param {HTMLElement} list role=tablist; each tab has data-view
   * @param {(view: string) => void} onChoose
   */
  constructor(list, onChoose) {
    this._tabs = [...list.querySelectorAll("[role=tab]")];
    this._onChoose = onChoose;
    for (const tab of this._tabs) {
      tab.addEventListener("click", () => onChoose(tab.dataset.view));
    }
    list.addEventListener("keydown", (event) => this._press(event));
  }

  /** Mark a view's tab as the one that is shown. */
  select(view) {
    for (const tab of this._tabs) {
      const is = tab.dataset.view === view;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
    }
  }

  _press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's own
    const next = this._next(event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
    this._onChoose(next.dataset.view);
  }

  _next(key) {
    const count = this._tabs.length;
    if (key === "Home") return this._tabs[0];
    if (key === "End") return this._tabs[count - 1];
    if (!(key in STEPS)) return null;
    const current = this._tabs.indexOf(document.activeElement);
    return this._tabs[(current + STEPS[key] + count) % count];
  }
}
