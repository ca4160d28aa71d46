/** Faces drawn over a picture or a video. */

// Sizes in CSS pixels, whatever the picture's size and the screen's density.
const LINE = 2;
const STRONG_LINE = 3;
const HALO = 2; // a dark line beneath the light one, so that it shows on any picture
const SHADE = "rgb(0 0 0 / 45%)";
const POINT = 1.6;
const POINTS_ACROSS = 60; // in a small box smaller points, or they run together
const LABEL_SIZE = 13;
const LABEL_PAD = 6;
const CORNER = 4;
const LABEL_WIDTHS = 1.5; // a label is at most so many boxes wide, or it covers the neighbours
const LEAST_LABEL = 56; // but a few letters are shown of any
const MOST_DENSITY = 3;

/**
 * Draw faces on a canvas that lies over (or shows) a picture.
 *
 * The canvas gets as many pixels as its size on the screen needs; its own shape must be that of the
 * picture (CSS aspect-ratio, or `width: 100%; height: auto`).
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap|HTMLVideoElement|{width: number, height: number}} source what the boxes'
 *   pixels are of; a mere size draws the faces alone
 * @param {object[]} faces with `box` {x1, y1, x2, y2} in pixels of the source; maybe `landmarks`
 *   ([x, y] each), `score`
 * @param {object} [how]
 * @param {(string|null)[]} [how.names] a label for each face instead of its score
 * @param {boolean} [how.landmarks] draw the points (true)
 * @param {boolean} [how.mirror] the picture is shown mirrored: so are the boxes, not the words
 * @param {boolean} [how.picture] draw the source too (true, if it is one)
 * @param {number} [how.selected] the index of the face to stress
 * @param {(face: object, index: number) => string} [how.color] a CSS colour for each face
 */
export function drawFaces(canvas, source, faces, how = {}) {
  const size = sizeOf(source);
  const scale = fit(canvas, size);
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (how.picture !== false && isDrawable(source)) {
    drawSource(context, canvas, source, how.mirror);
  }
  context.setTransform(scale.density, 0, 0, scale.density, 0, 0);
  const place = (x, y) => [(how.mirror ? size.width - x : x) * scale.x, y * scale.y];
  const labels = []; // where some are already
  faces.forEach((face, index) => drawFace(context, face, index, { ...how, place, labels }));
}

/** @returns {{width: number, height: number}} pixels */
function sizeOf(source) {
  return { width: source.videoWidth || source.width, height: source.videoHeight || source.height };
}

const isDrawable = (source) =>
  source instanceof ImageBitmap ||
  source instanceof HTMLVideoElement ||
  source instanceof HTMLCanvasElement;

/** Give the canvas the pixels it is shown with; returns CSS pixels per source pixel. */
function fit(canvas, size) {
  const density = Math.min(globalThis.devicePixelRatio || 1, MOST_DENSITY);
  const width = canvas.clientWidth || size.width;
  const height = canvas.clientHeight || (width * size.height) / size.width;
  const pixels = [Math.round(width * density), Math.round(height * density)];
  // Setting the size empties a canvas, even when it is the same.
  if (canvas.width !== pixels[0]) canvas.width = pixels[0];
  if (canvas.height !== pixels[1]) canvas.height = pixels[1];
  return { density, x: width / size.width, y: height / size.height };
}

function drawSource(context, canvas, source, mirror) {
  if (mirror) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
}

function drawFace(context, face, index, how) {
  const { place, names, landmarks, selected, color, score, labels } = how;
  const tint = color?.(face, index) ?? tintOf(context.canvas);
  const width = index === selected ? STRONG_LINE : LINE;
  const [left, top, right, bottom] = corners(face.box, place);
  const outline = () => {
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, CORNER);
  };
  stroke(context, outline, tint, width);
  if (landmarks !== false && face.landmarks) {
    const radius = Math.min(POINT, (right - left) / POINTS_ACROSS);
    drawPoints(context, face.landmarks, { place, tint, radius });
  }
  const name = names ? names[index] : scoreText(face, score);
  if (name) drawLabel(context, name, { box: [left, top, right, bottom], tint, labels });
}

const scoreText = (face, show) =>
  show === false || face.score === undefined ? null : face.score.toFixed(2);

function corners(box, place) {
  const [ax, top] = place(box.x1, box.y1);
  const [bx, bottom] = place(box.x2, box.y2);
  return [Math.min(ax, bx), top, Math.max(ax, bx), bottom];
}

function stroke(context, outline, tint, width) {
  for (const [style, thickness] of [
    [SHADE, width + HALO],
    [tint, width],
  ]) {
    outline();
    context.strokeStyle = style;
    context.lineWidth = thickness;
    context.stroke();
  }
}

function drawPoints(context, points, { place, tint, radius }) {
  for (const [style, size] of [
    [SHADE, radius + HALO / 2],
    [tint, radius],
  ]) {
    context.fillStyle = style;
    context.beginPath();
    for (const [x, y] of points) {
      const [left, top] = place(x, y);
      context.moveTo(left + size, top);
      context.arc(left, top, size, 0, 2 * Math.PI);
    }
    context.fill();
  }
}

/** Above the box, or below where there is no room or another label; never beyond the canvas. */
function drawLabel(context, name, { box: [left, top, right, bottom], tint, labels }) {
  context.font = `600 ${LABEL_SIZE}px system-ui, sans-serif`;
  const measure = (words) => context.measureText(words).width;
  const most = Math.max(LEAST_LABEL, LABEL_WIDTHS * (right - left)) - 2 * LABEL_PAD;
  const text = shortened(name, most, measure);
  const width = measure(text) + 2 * LABEL_PAD;
  const height = LABEL_SIZE + LABEL_PAD;
  const edge = context.canvas.clientWidth || left + width;
  const x = Math.max(0, Math.min(left, edge - width));
  const above = { x, y: top - height - LINE, width, height };
  const below = { ...above, y: bottom + LINE };
  const isFree = (one) => one.y >= 0 && !labels.some((other) => touches(one, other));
  const found = [above, below].find(isFree) ?? (above.y >= 0 ? above : below);
  labels.push(found);
  const { y } = found;
  context.fillStyle = tint;
  context.beginPath();
  context.roundRect(x, y, width, height, CORNER);
  context.fill();
  context.fillStyle = inkOn(context.canvas);
  context.textBaseline = "middle";
  context.fillText(text, x + LABEL_PAD, y + height / 2 + 1);
}

const touches = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/**
 * A text that fits, with "…" for what was left out of its end.
 * @param {string} text
 * @param {number} most
 * @param {(text: string) => number} measure its width, in the unit of `most`
 */
export function shortened(text, most, measure) {
  if (measure(text) <= most) return text;
  const letters = [...text]; // whole characters, no halves of a pair
  while (letters.length > 1 && measure(`${letters.join("").trimEnd()}…`) > most) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

const tintOf = (canvas) => getComputedStyle(canvas).getPropertyValue("--overlay") || "#4ade80";
const inkOn = (canvas) => getComputedStyle(canvas).getPropertyValue("--overlay-ink") || "#04210f";
