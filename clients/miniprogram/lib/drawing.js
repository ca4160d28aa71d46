/** A picture with boxes and landmarks: where everything goes, and drawing it. */

const DIGITS = 2
const STYLE = {
  box: '#ffd23f',
  point: '#33e0ff',
  plate: 'rgba(0, 0, 0, 0.7)',
  label: '#ffffff',
  font: '12px sans-serif',
  line: 2, // pixels of the page
  radius: 1.5,
  plateHeight: 18,
  inset: 4,
}

/**
 * @typedef {object} Plan All in pixels of the canvas as the page counts them.
 * @property {{x: number, y: number, width: number, height: number}} picture
 * @property {{x: number, y: number, width: number, height: number, label: string}[]} boxes
 * @property {[number, number][]} points
 */

/**
 * Lay the picture into the canvas, whole and in the middle, and the faces over it.
 *
 * @param {{width: number, height: number}} picture Pixels of the picture; only the shape counts.
 * @param {{width: number, height: number}} canvas
 * @param {import('./api').Face[]} faces
 * @returns {Plan}
 */
function planDrawing(picture, canvas, faces) {
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height)
  const width = picture.width * scale
  const height = picture.height * scale
  const left = (canvas.width - width) / 2
  const top = (canvas.height - height) / 2
  return {
    picture: { x: left, y: top, width, height },
    boxes: faces.map(({ box, score }) => ({
      x: left + box.x1 * width,
      y: top + box.y1 * height,
      width: (box.x2 - box.x1) * width,
      height: (box.y2 - box.y1) * height,
      label: score.toFixed(DIGITS),
    })),
    points: []
      .concat(...faces.map((face) => face.points))
      .map(([x, y]) => [left + x * width, top + y * height]),
  }
}

/**
 * Draw a plan.
 *
 * @param {object} context Of a 2D canvas, scaled so that a unit is a pixel of the page.
 * @param {object} image Loaded by the canvas.
 * @param {Plan} plan
 */
function paint(context, image, plan) {
  const { x, y, width, height } = plan.picture
  context.drawImage(image, x, y, width, height)
  context.lineWidth = STYLE.line
  context.font = STYLE.font
  context.textBaseline = 'middle'
  plan.boxes.forEach((box) => paintBox(context, box))
  context.fillStyle = STYLE.point
  plan.points.forEach(([px, py]) => {
    context.beginPath()
    context.arc(px, py, STYLE.radius, 0, 2 * Math.PI)
    context.fill()
  })
}

function paintBox(context, box) {
  context.strokeStyle = STYLE.box
  context.strokeRect(box.x, box.y, box.width, box.height)
  const width = context.measureText(box.label).width + 2 * STYLE.inset
  // Above the box, or inside where the canvas ends.
  const top = Math.max(0, box.y - STYLE.plateHeight)
  context.fillStyle = STYLE.plate
  context.fillRect(box.x, top, width, STYLE.plateHeight)
  context.fillStyle = STYLE.label
  context.fillText(box.label, box.x + STYLE.inset, top + STYLE.plateHeight / 2)
}

/**
 * Draw a picture and faces on the page's canvas.
 *
 * @param {WechatMiniprogram.Wx} wx
 * @param {string} selector Of the canvas.
 * @param {string} path Of the picture.
 * @param {import('./api').Face[]} faces
 * @returns {Promise<boolean>} Whether it was drawn: the page may be gone, or the picture unreadable.
 */
function drawOnPage(wx, selector, path, faces) {
  return new Promise((resolve) => {
    const query = wx.createSelectorQuery()
    query.select(selector).fields({ node: true, size: true })
    query.exec(([found]) => {
      if (!found || !found.node) {
        resolve(false)
        return
      }
      const { node: canvas, width, height } = found
      const ratio = pixelRatioOf(wx)
      canvas.width = width * ratio
      canvas.height = height * ratio
      const context = canvas.getContext('2d')
      context.scale(ratio, ratio)
      const image = canvas.createImage()
      image.onerror = () => resolve(false)
      image.onload = () => {
        paint(context, image, planDrawing(image, { width, height }, faces))
        resolve(true)
      }
      image.src = path
    })
  })
}

function pixelRatioOf(wx) {
  return (wx.getWindowInfo ? wx.getWindowInfo() : wx.getSystemInfoSync()).pixelRatio
}

module.exports = { drawOnPage, paint, planDrawing }
