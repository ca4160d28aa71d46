/** One question without a picture: `wx.request` as a promise, with the body as a text. */
const { failureOfCall } = require('./errors')
const { explain, inLowerCase } = require('./upload')

/**
 * Ask by GET.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @param {{key: string, timeoutMs: number}} config
 * @param {string} url
 * @returns {Promise<import('./upload').Answer>} Any answer; rejected with a Failure when there is none.
 */
function callGet(wx, config, url) {
  return new Promise((resolve, reject) => {
    wx.request({
      url,
      method: 'GET',
      header: config.key ? { Authorization: `Bearer ${config.key}` } : {},
      timeout: config.timeoutMs,
      dataType: 'text', // else WeChat parses it
      success: (result) =>
        resolve({
          status: result.statusCode,
          headers: inLowerCase(result.header || {}),
          body: String(result.data),
        }),
      fail: (error) => explain(wx, failureOfCall(error)).then(reject),
    })
  })
}

module.exports = { callGet }
