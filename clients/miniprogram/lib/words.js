/** From an answer or a Failure to the words on the page, and their tone. */
const { CANCELLED } = require('./errors')
const { format } = require('./texts')

const DIGITS = 2

/**
 * @typedef {object} Words
 * @property {string} message Empty when there is nothing to say.
 * @property {''|'good'|'bad'} tone
 * @property {import('./api').Face[]} [faces] To be drawn over the picture.
 */

/** @returns {Words} */
function wordsOfRegister(t, registered) {
  const lines = [registered.name ? format(t.registeredAs, registered) : t.registered]
  if (registered.alsoAs.length) {
    lines.push(format(t.alsoRegisteredAs, { names: registered.alsoAs.join(t.comma) }))
  }
  return { message: lines.join('\n'), tone: 'good' }
}

/** @returns {Words} */
function wordsOfLogin(t, comparison) {
  const who = comparison.name ? ['welcomeName', 'notName'] : ['welcome', 'notYou']
  const message = format(t[who[comparison.match ? 0 : 1]], comparison)
  return { message, tone: comparison.match ? 'good' : 'bad', faces: comparison.faces }
}

/** @returns {Words} */
function wordsOfVerify(t, comparison) {
  const values = {
    distance: comparison.distance.toFixed(DIGITS),
    threshold: comparison.threshold === null ? '' : comparison.threshold.toFixed(DIGITS),
  }
  const lines = [comparison.match ? t.samePerson : t.otherPerson]
  if (comparison.threshold === null) {
    lines.push(format(t.distanceOnly, values))
  } else {
    lines.push(format(comparison.match ? t.distanceBelow : t.distanceNotBelow, values))
  }
  const suspect = comparison.faces.find((face) => face.liveness && !face.liveness.live)
  if (suspect) {
    lines.push(t.notLive)
  }
  const tone = comparison.match ? 'good' : 'bad'
  return { message: lines.join('\n'), tone, faces: comparison.faces }
}

/** @returns {Words} */
function wordsOfDetect(t, found) {
  const count = found.faces.length
  const message = count === 1 ? t.oneFace : count ? format(t.manyFaces, { count }) : t.noFaces
  return { message, tone: count ? 'good' : 'bad', faces: found.faces }
}

/**
 * @param {object} t Texts.
 * @param {import('./errors').Failure} failure
 * @returns {Words}
 */
function wordsOfFailure(t, failure) {
  if (failure.code === CANCELLED) {
    return { message: '', tone: '' }
  }
  const codes = failure.reasons.length ? failure.reasons : [failure.code]
  // A code of a later version has no words here: the service's own sentence is better than none.
  const lines = codes.map((code) => t.errors[code] || failure.detail || t.errors.INTERNAL)
  if (failure.retryAfter) {
    lines.push(
      format(failure.retryAfter === 1 ? t.retryInOne : t.retryIn, { seconds: failure.retryAfter })
    )
  }
  return { message: lines.join('\n'), tone: 'bad' }
}

module.exports = { wordsOfDetect, wordsOfFailure, wordsOfLogin, wordsOfRegister, wordsOfVerify }
