/** Choosing a picture, and making it smaller, as promises. */
const { FILE_GONE, failure, failureOfCall } = require('./errors')

/**
 * Let the person take a picture, the front camera first, or choose one.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @returns {Promise<import('./api').Picture>} Rejected with a Failure; CANCELLED when they think better.
 */
function choosePicture(wx) {
  return new Promise((resolve, reject) => {
    wx.chooseMedia({
      count: 1,
      mediaType: ['image'],
      sourceType: ['camera', 'album'],
      sizeType: ['compressed'],
      camera: 'front',
      success: (result) => {
        const file = result.tempFiles[0]
        if (file) {
          resolve({ path: file.tempFilePath, size: file.size || 0 })
        } else {
          reject(failure(FILE_GONE))
        }
      },
      fail: (error) => reject(failureOfCall(error)),
    })
  })
}

/**
 * Return the path of a smaller copy, or of the picture itself where it cannot be made: WeChat
 * compresses JPEGs only, and the server then says what it thinks of the size.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @param {string} path
 * @param {{quality: number, compressedWidth: number}} how Quality 0..100; width in pixels.
 * @returns {Promise<string>}
 */
function compress(wx, path, how) {
  return new Promise((resolve) => {
    wx.compressImage({
      src: path,
      quality: how.quality,
      compressedWidth: how.compressedWidth,
      success: (result) => resolve(result.tempFilePath),
      fail: () => resolve(path),
    })
  })
}

module.exports = { choosePicture, compress }
