/**
 * The service's operations: uploads of a picture by `wx.uploadFile`, and one question by `wx.request`.
 *
 * With a name the JSON API below /v1 is asked, which tells distances, the threshold and boxes; without
 * one the demos' routes, which know one face. Promises are rejected with a Failure (errors.js).
 */
const { NOT_THE_SERVICE, failure, failureOfAnswer, parseObject } = require('./errors')
const { callGet } = require('./request')
const { callUpload } = require('./upload')

const FILE_FIELD = 'file'
const NOT_THERE = 404

/**
 * @typedef {object} Picture
 * @property {string} path A local path, as wx.chooseMedia answers it.
 * @property {number} size Bytes, 0 when unknown.
 *
 * @typedef {object} Face
 * @property {{x1: number, y1: number, x2: number, y2: number}} box 0..1 of the upright picture.
 * @property {number} score Of the detection, 0..1.
 * @property {[number, number][]} points Landmarks (x, y), 0..1 of the picture; may be empty.
 * @property {{score: number, live: boolean}|null} liveness
 *
 * @typedef {object} Comparison
 * @property {boolean} match
 * @property {string} name Empty when the service knows one face without a name.
 * @property {number|null} distance Unsquared L2, 0..2; null when the route tells none.
 * @property {number|null} threshold
 * @property {Face[]} faces Empty when the route tells no boxes.
 */

/**
 * Return the operations.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @param {{server: string, key: string, timeoutMs: number, compressAboveBytes: number}} config
 */
function makeApi(wx, config) {
  const urlOf = (route) => config.server.replace(/\/+$/, '') + route
  const post = (route, picture, fields) =>
    callUpload(wx, config, {
      url: urlOf(route),
      name: FILE_FIELD,
      picture,
      fields,
    })
  return {
    /** Say whether somebody of that name is registered. */
    exists: (name) =>
      callGet(wx, config, urlOf(`/v1/subjects/${encodeURIComponent(name)}`)).then(readExists),
    /**
     * Register the face as `name`'s: in place of those before with `replace`, else beside them. The
     * one face without a name is always replaced.
     */
    register: (picture, name, replace) =>
      name
        ? post('/v1/subjects', picture, registration(name, replace)).then(readRegistered)
        : post('/face_register', picture, {})
            .then(readWord)
            .then(() => ({ name: '', alsoAs: [] })),
    /** Say whether the face is `name`'s; a login's failures count towards a lockout. */
    login: (picture, name) =>
      name
        ? post('/v1/verify', picture, { subject: name }).then(readComparison)
        : post('/face_login', picture, {}).then(readLogin),
    /** The same with the distance, also where there is no name. */
    verify: (picture, name) =>
      name
        ? post('/v1/verify', picture, { subject: name }).then(readComparison)
        : post('/verify_face', picture, {}).then(readLegacyComparison),
    /** Find all faces and their landmarks. */
    detect: (picture) => post('/v1/detect', picture, {}).then(readFaces),
  }
}

/** Return the JSON object of an answer that says yes; throws the Failure of any other. */
function readObject(answer) {
  const found = parseObject(answer.body)
  if (answer.status >= 300 || found === null) {
    throw failureOfAnswer(answer.status, answer.headers, answer.body)
  }
  return found
}

const registration = (name, replace) =>
  replace ? { subject: name, replace: 'true' } : { subject: name }

/** Any 404 says no: of a name that nobody can have registering tells more. */
function readExists(answer) {
  return answer.status !== NOT_THERE && Array.isArray(readObject(answer).faces)
}

function readRegistered(answer) {
  const found = readObject(answer)
  const warnings = [].concat(...found.faces.map((face) => face.warnings || []))
  const alsoAs = warnings.map((warning) => warning.subject).filter(Boolean)
  return { name: found.subject, alsoAs }
}

/** @returns {Comparison} */
function readComparison(answer) {
  const found = readObject(answer)
  return {
    match: found.match,
    name: found.subject,
    distance: found.distance,
    threshold: found.threshold,
    faces: (found.faces || []).filter(Boolean).map((face) => readFace(face, null)),
  }
}

/** @returns {Comparison} */
function readLegacyComparison(answer) {
  const found = readObject(answer)
  if (typeof found.match !== 'boolean') {
    // A picture without a face is an answer with 200 there, that says `error`.
    throw failureOfAnswer(answer.status, answer.headers, answer.body)
  }
  return { match: found.match, name: '', distance: found.distance, threshold: null, faces: [] }
}

/** Accept `success`; throws the Failure of `fail`, whose reason is in a header, and of an error. */
function readWord(answer) {
  const word = answer.body.trim()
  if (answer.status === 200 && word === 'success') {
    return word
  }
  if (answer.status === 200 && word === 'fail' && !answer.headers['x-face-code']) {
    throw failure('FAIL', { status: 200 }) // an old WeChat tells no headers
  }
  throw failureOfAnswer(answer.status, answer.headers, answer.body)
}

/** @returns {Comparison} */
function readLogin(answer) {
  const comparison = { match: true, name: '', distance: null, threshold: null, faces: [] }
  try {
    readWord(answer)
  } catch (error) {
    if (error.code !== 'NO_MATCH') {
      throw error
    }
    comparison.match = false
  }
  return comparison
}

function readFaces(answer) {
  const found = readObject(answer)
  if (!Array.isArray(found.faces)) {
    throw failure(NOT_THE_SERVICE, { status: answer.status })
  }
  return { faces: found.faces.map((face) => readFace(face, found)) }
}

/** @returns {Face} */
function readFace(face, size) {
  const points = size ? face.landmarks || [] : []
  return {
    box: face.box_normalised,
    score: face.score,
    points: points.map(([x, y]) => [x / size.width, y / size.height]),
    liveness: face.liveness || null,
  }
}

module.exports = { makeApi }
