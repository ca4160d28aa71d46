/** What the server's answers say besides their JSON: errors and times. */

/** A failed request. `code` is stable; UNREACHABLE where no server answered. */
export class ApiError extends Error {
  /**
   * @param {object} what
   * @param {number} [what.status] 0 where no server answered
   * @param {string} what.code
   * @param {string} [what.detail] the server's sentence, in English
   * @param {number|null} [what.retryAfter] seconds
   * @param {object[]} [what.reasons] of ENROLMENT_REFUSED: {sample, code, value, limit, message}
   * @param {object[]} [what.violations] of INVALID_REQUEST
   */
  constructor({ status = 0, code, detail, retryAfter = null, reasons, violations, requestId }) {
    super(detail || code);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.detail = detail ?? "";
    this.retryAfter = retryAfter;
    this.reasons = reasons ?? [];
    this.violations = violations ?? [];
    this.requestId = requestId ?? null;
  }
}

/**
 * @param {Response} answer one that is not ok
 * @returns {Promise<ApiError>}
 */
export async function errorOf(answer) {
  const problem = await answer.json().catch(() => ({})); // a proxy's page, say
  return new ApiError({
    status: answer.status,
    code: problem.code ?? answer.headers.get("X-Face-Code") ?? `HTTP_${answer.status}`,
    detail: problem.detail,
    retryAfter: parseRetryAfter(answer.headers.get("Retry-After")),
    reasons: problem.reasons,
    violations: problem.violations,
    requestId: problem.request_id,
  });
}

/** @returns {number|null} seconds; null where there are none (a date counts as none) */
export function parseRetryAfter(value) {
  const seconds = Number.parseInt(value ?? "", 10);
  return Number.isNaN(seconds) ? null : seconds;
}

/**
 * @param {string|null} header a value of Server-Timing, such as "decode;dur=1.2, total;dur=9"
 * @returns {{stages: {name: string, ms: number}[], total: number|null}} in the order of the header
 */
export function parseTimings(header) {
  const found = [...(header ?? "").matchAll(/([\w-]+)\s*;\s*dur=([\d.]+)/g)];
  const times = found.map(([, name, ms]) => ({ name, ms: Number(ms) }));
  const total = times.find(({ name }) => name === "total")?.ms ?? null;
  return { stages: times.filter(({ name }) => name !== "total"), total };
}
