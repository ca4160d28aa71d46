/**
 * What went wrong, as one kind of value: an answer that refuses, or a call that got none.
 *
 * @typedef {object} Failure
 * @property {string} code Stable name: the service's own (docs/api.md), or one of those below.
 * @property {number} status HTTP status, 0 without an answer.
 * @property {number} retryAfter Seconds to wait, 0 when the service named none.
 * @property {string[]} reasons Codes of the enrolment gate, empty but for ENROLMENT_REFUSED.
 * @property {string} detail The service's own sentence, in English; may be empty.
 */

// Without an answer of the service.
const NO_NETWORK = 'NO_NETWORK'
const UNREACHABLE = 'UNREACHABLE'
const TIMEOUT = 'TIMEOUT'
const DOMAIN_NOT_LISTED = 'DOMAIN_NOT_LISTED'
const NOT_THE_SERVICE = 'NOT_THE_SERVICE'
// Of the phone.
const NO_PERMISSION = 'NO_PERMISSION'
const PRIVACY = 'PRIVACY'
const FILE_GONE = 'FILE_GONE'
const CANCELLED = 'CANCELLED'

/** Codes of this module, all of which have words. */
const CLIENT_CODES = [
  NO_NETWORK,
  UNREACHABLE,
  TIMEOUT,
  DOMAIN_NOT_LISTED,
  NOT_THE_SERVICE,
  NO_PERMISSION,
  PRIVACY,
  FILE_GONE,
]

// What a proxy in front means when it answers instead of the service, with a page of its own.
const CODES_OF_STATUS = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  429: 'RATE_LIMITED',
  502: UNREACHABLE,
  503: 'UNAVAILABLE',
  504: TIMEOUT,
}

// What WeChat says of a call that failed, in lower case; the first that fits counts.
const MEANINGS = [
  { pattern: /cancel|abort/, code: CANCELLED },
  { pattern: /privacy/, code: PRIVACY },
  { pattern: /auth|permission|denied/, code: NO_PERMISSION },
  { pattern: /domain/, code: DOMAIN_NOT_LISTED },
  { pattern: /time(d )?[- ]?out/, code: TIMEOUT },
  { pattern: /file not (found|exist)|no such file/, code: FILE_GONE },
]

const MAY_PASS = [NO_NETWORK, UNREACHABLE, TIMEOUT]
const PASSING_STATUS = [429, 503]

/**
 * Return a failure.
 *
 * @param {string} code
 * @param {Partial<Failure>} [more]
 * @returns {Failure}
 */
function failure(code, more) {
  return Object.assign({ code, status: 0, retryAfter: 0, reasons: [], detail: '' }, more)
}

/**
 * Return the failure that an answer is.
 *
 * @param {number} status
 * @param {Object<string, string>} headers Names in lower case.
 * @param {string} body Problem details, `error CODE: message`, or what a proxy says.
 * @returns {Failure}
 */
function failureOfAnswer(status, headers, body) {
  const problem = parseObject(body)
  const line = /^error ([A-Z_]+): ([^]*)$/.exec(body)
  const code =
    headers['x-face-code'] ||
    (problem && problem.code) ||
    (line && line[1]) ||
    CODES_OF_STATUS[status] ||
    NOT_THE_SERVICE
  return failure(code, {
    status,
    retryAfter: Number(headers['retry-after']) || 0,
    reasons: ((problem && problem.reasons) || []).map((reason) => reason.code),
    detail: (problem && problem.detail) || (line && line[2]) || '',
  })
}

/**
 * Return the failure of a call of `wx` that got no answer.
 *
 * @param {{errMsg?: string}} error
 * @returns {Failure}
 */
function failureOfCall(error) {
  const text = String((error && error.errMsg) || '')
  const said = text.toLowerCase()
  const meant = MEANINGS.find(({ pattern }) => pattern.test(said))
  return failure(meant ? meant.code : UNREACHABLE, { detail: text })
}

/** Whether the same request may succeed a little later. */
function mayPass(found) {
  return MAY_PASS.includes(found.code) || PASSING_STATUS.includes(found.status)
}

/** Return a JSON object in a text, or null when it holds none. */
function parseObject(text) {
  try {
    const found = JSON.parse(text)
    return found !== null && typeof found === 'object' && !Array.isArray(found) ? found : null
  } catch (error) {
    return null // no JSON: the caller looks for another form
  }
}

module.exports = {
  CANCELLED,
  CLIENT_CODES,
  FILE_GONE,
  NO_NETWORK,
  NOT_THE_SERVICE,
  UNREACHABLE,
  failure,
  failureOfAnswer,
  failureOfCall,
  mayPass,
  parseObject,
}
