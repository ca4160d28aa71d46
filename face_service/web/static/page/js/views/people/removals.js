/**
 * Deletions that can still be taken back: the server hears of them only when the time for that is
 * over, or when the page goes.
 */

/** @typedef {{subject: string, id: string|null}} Item a sample, or with id null a whole person */

export class Removals {
  /** @param {(item: Item, how: {keepalive?: boolean}) => Promise<unknown>} send deletes for good */
  constructor(send) {
    this._send = send;
    /** @type {Set<Item>} */
    this._waiting = new Set();
  }

  /** Hide an item from now on. @param {Item} item */
  add(item) {
    this._waiting.add(item);
  }

  /**
   * Show an item again.
   * @param {Item} item
   * @returns {boolean} false when it is too late: it was sent
   */
  undo(item) {
    return !item.sent && this._waiting.delete(item);
  }

  /**
   * Delete an item for good. It stays hidden until the server has answered.
   * @param {Item} item
   * @returns {Promise<boolean>} false when it was sent or taken back before
   */
  async commit(item) {
    if (!this._waiting.has(item) || item.sent) return false;
    item.sent = true;
    try {
      await this._send(item, {});
      return true;
    } finally {
      this._waiting.delete(item);
    }
  }

  /** The page goes: delete what waits, by requests that outlive it. */
  flush() {
    for (const item of this._waiting) {
      // Also what is on its way, which ends with the page. Nobody is left to hear of an error.
      this._send(item, { keepalive: true }).catch(() => undefined);
    }
    this._waiting.clear();
  }

  /** Whether a person, or with `id` a sample, is hidden. */
  hides(subject, id = null) {
    return [...this._waiting].some(
      (item) => item.subject === subject && (item.id === null || item.id === id),
    );
  }

  /** How many samples of a person are hidden, the person themself not counted. */
  samplesHidden(subject) {
    return [...this._waiting].filter((item) => item.subject === subject && item.id).length;
  }

  /** How many people are hidden as a whole. */
  get people() {
    return [...this._waiting].filter(({ id }) => id === null).length;
  }
}
