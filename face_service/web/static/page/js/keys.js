/** What an API key may look like. */

/**
 * Whether a key can be sent at all: a header takes no letters beyond ASCII, and fetch() then throws
 * as if the server were away; nor is a space part of any key.
 * @param {string} key
 */
export const canBeSent = (key) => /^[\x21-\x7e]+$/.test(key);
