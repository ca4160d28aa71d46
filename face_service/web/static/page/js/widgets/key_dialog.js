/** Asks for the API key. */

import { announce, el } from "../dom.js";
import { t } from "../i18n.js";
import { canBeSent } from "../keys.js";
import { apiKey, rememberKey } from "../session.js";
import { note } from "./notes.js";
import { openDialog } from "./dialog.js";

const FORGET = Symbol("forget");

/**
 * @param {{needed?: boolean, rejected?: boolean}} [why] a request waits for it; the one that is
 *   there is unknown to the server
 * @returns {Promise<string|null>} the new key, which is remembered; null when there is none
 */
export async function askForKey({ needed = false, rejected = false } = {}) {
  const field = el("input", {
    id: "api-key",
    type: "password",
    autocomplete: "off",
    spellcheck: false,
    required: true,
    "aria-describedby": "api-key-wrong",
    value: rejected ? "" : (apiKey() ?? ""),
  });
  const wrong = el("p", { class: "hint bad", id: "api-key-wrong", hidden: true, t: "key.invalid" });
  const entered = () => {
    const key = field.value.trim();
    if (!key || canBeSent(key)) return key || null;
    wrong.hidden = false;
    field.setAttribute("aria-invalid", "true");
    field.focus();
    announce(t("key.invalid"));
    return undefined; // the dialog stays
  };
  const actions = [{ label: "key.use", value: entered, look: "primary" }];
  if (apiKey()) actions.unshift({ label: "key.forget", value: FORGET });
  const found = await openDialog({
    title: "key.title",
    body: [
      rejected ? note("bad", "key.rejected") : needed ? note("info", "key.needed") : "",
      el("label", { class: "field" }, el("span", { t: "key.field" }), field),
      wrong,
      el("p", { class: "hint", t: "key.about" }),
    ],
    actions,
    onSubmit: entered,
  });
  if (found === FORGET) rememberKey(null);
  else if (found) rememberKey(found);
  return found === FORGET ? null : found;
}
