/**
 * Deletions that can still be taken back: the server hears of them only when the time for that is
 * over, when the page goes, or before anything else is written: what is given a deleted person's name
 * meanwhile would be deleted with them.
 */

/**
 * @typedef {object} Item
 * @property {string} subject
 * @property {string|null} id of a sample; null for the whole person
 * @property {() => void} [onSettle] called when it can be taken back no longer because of settle()
 */

const NOT_FOUND = 404; // somebody else has deleted it

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
    return !item.sending && this._waiting.delete(item);
  }

  /**
   * Delete an item for good. It stays hidden until the server has answered.
   * @param {Item} item
   * @returns {Promise<boolean>} false when it was deleted or taken back before
   */
  async commit(item) {
    if (!this._waiting.has(item)) return false;
    item.sending ??= this._deliver(item);
    await item.sending;
    return true;
  }

  /**
   * Delete for good all that waits.
   * @returns {Promise<void>} when the server has answered; rejected when it did not delete something
   */
  async settle() {
    const settled = [...this._waiting].map((item) => {
      const sent = this.commit(item);
      item.onSettle?.();
      return sent;
    });
    const failed = (await Promise.allSettled(settled)).find(({ reason }) => reason);
    if (failed) throw failed.reason;
  }

  async _deliver(item) {
    try {
      await this._send(item, {});
    } catch (error) {
      if (error.status !== NOT_FOUND) throw error;
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
