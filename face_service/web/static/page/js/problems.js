/** What went wrong, in words for the person: of requests, of the camera, of pictures. */

import { hasText, t } from "./i18n.js";

const SECONDS_OF_A_MINUTE = 60;

/**
 * @param {Error} error an ApiError, a CameraError, a PictureError, or anything else
 * @returns {string} a sentence or more: what happened, what to do, and when to try again
 */
export function problemText(error) {
  const sentence = sentenceOf(error);
  return error.retryAfter ? `${sentence} ${waitText(error.retryAfter)}` : sentence;
}

function sentenceOf(error) {
  const detail = error.detail || error.message;
  const code = error.name === "CameraError" ? `camera.${error.code}` : error.code;
  if (hasText(`problem.${code}`)) return t(`problem.${code}`, { detail });
  return code ? t("problem.other", { code, detail }) : t("problem.page", { detail });
}

/** "Try again in …" for a number of seconds. */
export function waitText(seconds) {
  if (seconds <= SECONDS_OF_A_MINUTE) return t("problem.wait.seconds", { count: seconds });
  return t("problem.wait.minutes", { count: Math.ceil(seconds / SECONDS_OF_A_MINUTE) });
}

/**
 * @param {{code: string, value?: number|string, limit?: number, subject?: string, message?: string}}
 *   reason one of the enrolment gate's, or a warning
 * @returns {string} what is wrong with the picture and what to do about it
 */
export function reasonText(reason) {
  const { code, value = "", limit = "", subject = "", message = "" } = reason;
  const key = hasText(`reason.${code}`) ? `reason.${code}` : "reason.other";
  const measured = code === "EXTREME_POSE" ? Math.abs(value) : value; // to which side is no matter
  return t(key, { code, value: rounded(measured), limit, subject, message });
}

// As many digits as tell: what was measured is not known better.
const rounded = (value) => (typeof value === "number" ? Number(value.toPrecision(3)) : value);
