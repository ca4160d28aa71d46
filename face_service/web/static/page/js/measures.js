/** What the measures of a face mean, in words. */

/**
 * What enrolment asks for unless the server's settings (FACE_ENROL_…) say otherwise: the page
 * cannot know, so it words these as advice and leaves the verdict to the server.
 */
export const GATE = Object.freeze({
  minScore: 0.5,
  minPixels: 40,
  minSharpness: 35,
  minBrightness: 40,
  maxBrightness: 220,
  maxYaw: 40,
  maxPitch: 35,
  maxRoll: 30,
});
// Below this nobody calls a head turned, degrees.
const STRAIGHT = 10;

/**
 * @param {{yaw: number, pitch: number, roll: number}} pose degrees, as /v1/detect answers them
 * @returns {string[]} keys of texts: how the head is held, at least one
 */
export function poseWords({ yaw, pitch, roll }) {
  const words = [
    side(yaw, "pose.right", "pose.left"),
    side(pitch, "pose.up", "pose.down"),
    side(roll, "pose.clockwise", "pose.anticlockwise"),
  ].filter(Boolean);
  return words.length ? words : ["pose.straight"];
}

const side = (angle, over, under) => (Math.abs(angle) < STRAIGHT ? null : angle > 0 ? over : under);

/**
 * @typedef {object} Verdict
 * @property {"score"|"pixels"|"sharpness"|"brightness"|"pose"} name
 * @property {number} value
 * @property {boolean} good whether enrolment would take it, by the usual limits
 * @property {string} words a text's key
 */

/**
 * What the enrolment gate would say of a face of /v1/detect, in the gate's order.
 * @param {object} face with pose and quality
 * @returns {Verdict[]}
 */
export function judge({ score, quality, pose }) {
  const found = [verdict("score", score, score < GATE.minScore && "low")];
  if (quality) {
    const { pixels, sharpness, brightness } = quality;
    const light =
      brightness < GATE.minBrightness ? "dark" : brightness > GATE.maxBrightness && "bright";
    found.push(verdict("pixels", pixels, pixels < GATE.minPixels && "small"));
    found.push(verdict("sharpness", sharpness, sharpness < GATE.minSharpness && "blurred"));
    found.push(verdict("brightness", brightness, light));
  }
  if (pose) found.push(verdict("pose", mostTurned(pose), isTurned(pose) && "turned"));
  return found;
}

function verdict(name, value, fault) {
  return { name, value, good: !fault, words: `measure.${name}.${fault || "good"}` };
}

/** @returns {boolean} whether a head is turned further than enrolment takes */
export const isTurned = ({ yaw, pitch, roll }) =>
  Math.abs(yaw) > GATE.maxYaw || Math.abs(pitch) > GATE.maxPitch || Math.abs(roll) > GATE.maxRoll;

const mostTurned = ({ yaw, pitch, roll }) =>
  [yaw, pitch, roll].reduce((most, angle) => (Math.abs(angle) > Math.abs(most) ? angle : most));
