/**
 * One upload: `wx.uploadFile` as a promise, with headers, with what a picture that is too large needs.
 */
const { NO_NETWORK, UNREACHABLE, failure, failureOfCall } = require('./errors')
const { compress } = require('./pictures')

const TOO_LARGE_STATUS = 413
// Each step is tried only when the one before was still too large.
const COMPRESSIONS = [
  { quality: 80, compressedWidth: 2000 },
  { quality: 70, compressedWidth: 1000 },
]

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Object<string, string>} headers Names in lower case; empty where WeChat tells none.
 * @property {string} body
 *
 * @typedef {object} Request
 * @property {string} url
 * @property {string} name Of the form field with the picture.
 * @property {import('./api').Picture} picture
 * @property {Object<string, string>} fields
 */

/**
 * Send a picture, compressed if it is large or the server says that it is too large.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @param {{key: string, timeoutMs: number, compressAboveBytes: number}} config
 * @param {Request} request
 * @returns {Promise<Answer>} Any answer; rejected with a Failure when there is none.
 */
async function callUpload(wx, config, request) {
  const steps = COMPRESSIONS.slice()
  let path = request.picture.path
  if (request.picture.size > config.compressAboveBytes) {
    path = await compress(wx, path, steps.shift())
  }
  let answer = await uploadOnce(wx, config, request, path)
  while (answer.status === TOO_LARGE_STATUS && steps.length) {
    path = await compress(wx, request.picture.path, steps.shift())
    answer = await uploadOnce(wx, config, request, path)
  }
  return answer
}

/** @returns {Promise<Answer>} */
function uploadOnce(wx, config, request, path) {
  return new Promise((resolve, reject) => {
    /** @type {Object<string, string>} */
    let headers = {}
    const task = wx.uploadFile({
      url: request.url,
      filePath: path,
      name: request.name,
      formData: request.fields,
      header: config.key ? { Authorization: `Bearer ${config.key}` } : {},
      timeout: config.timeoutMs,
      success: (result) =>
        resolve({ status: result.statusCode, headers, body: String(result.data) }),
      fail: (error) => explain(wx, failureOfCall(error)).then(reject),
    })
    // The answer itself comes without its headers. They come before it.
    if (task && task.onHeadersReceived) {
      task.onHeadersReceived((result) => {
        headers = inLowerCase(result.header || {})
      })
    }
  })
}

/** Tell a phone without a network from a server that is not there. */
function explain(wx, found) {
  if (found.code !== UNREACHABLE) {
    return Promise.resolve(found)
  }
  return new Promise((resolve) => {
    wx.getNetworkType({
      success: (result) =>
        resolve(
          result.networkType === 'none' ? failure(NO_NETWORK, { detail: found.detail }) : found
        ),
      fail: () => resolve(found),
    })
  })
}

/** @returns {Object<string, string>} */
function inLowerCase(header) {
  /** @type {Object<string, string>} */
  const found = {}
  Object.keys(header).forEach((name) => {
    found[name.toLowerCase()] = String(header[name])
  })
  return found
}

module.exports = { callUpload, explain, inLowerCase }
