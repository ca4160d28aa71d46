/** The size of a PNG or JPEG in pixels, as an image that has loaded tells it. */

const PNG = 0x89504e47
const JPEG = 0xffd8
const FIRST_MARKER = 2
// Start-of-frame markers, which hold the size: 0xC0..0xCF without DHT, JPG and DAC.
const NO_FRAME = [0xc4, 0xc8, 0xcc]

/**
 * @param {Buffer} data
 * @returns {{width: number, height: number}|null} Null for another kind of file.
 */
function sizeOfPicture(data) {
  if (data.length > 24 && data.readUInt32BE(0) === PNG) {
    return { width: data.readUInt32BE(16), height: data.readUInt32BE(20) }
  }
  return data.length > 4 && data.readUInt16BE(0) === JPEG ? sizeOfJpeg(data) : null
}

function sizeOfJpeg(data) {
  let at = FIRST_MARKER
  while (at + 9 < data.length) {
    const marker = data[at + 1]
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.includes(marker)) {
      return { width: data.readUInt16BE(at + 7), height: data.readUInt16BE(at + 5) }
    }
    at += 2 + data.readUInt16BE(at + 2)
  }
  return null
}

module.exports = { sizeOfPicture }
