/** The camera, as far as pages get one. */

import { el } from "./dom.js";

const JPEG_QUALITY = 0.92;
// What the browsers call the reasons.
const CODES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** `code`: refused (by the person or a policy), absent, insecure (no HTTPS), busy, lost or other. */
export class CameraError extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.name = "CameraError";
    this.code = code;
    this.detail = detail;
  }
}

/**
 * @typedef {object} Camera
 * @property {HTMLVideoElement} video playing; put it into the page
 * @property {boolean} mirrored whether people expect to see themselves as in a mirror
 * @property {{width: number, height: number}} size of the camera's pictures, pixels
 * @property {(how?: {maxSide?: number, quality?: number}) => Promise<Blob>} grab the picture of the
 *   moment as JPEG, never mirrored, shrunk to maxSide
 * @property {() => void} close
 */

/**
 * @param {object} [how]
 * @param {"user"|"environment"} [how.facing] which one, on a phone
 * @param {number} [how.width] wished for, pixels
 * @param {number} [how.height]
 * @param {(error: CameraError) => void} [how.onEnded] called when the camera stops by itself: lost
 * @returns {Promise<Camera>}
 * @throws {CameraError}
 */
export async function openCamera({ facing = "user", width = 1280, height = 720, onEnded } = {}) {
  const stream = await openStream({
    facingMode: facing,
    width: { ideal: width },
    height: { ideal: height },
  });
  const video = el("video", { muted: true, autoplay: true, playsInline: true });
  video.srcObject = stream;
  const close = () => {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  try {
    await video.play();
  } catch (error) {
    close();
    throw asCameraError(error);
  }
  stream.getVideoTracks()[0].addEventListener("ended", () => onEnded?.(new CameraError("lost")));
  return {
    video,
    // A camera that does not say where it looks is a computer's, above its screen.
    mirrored: stream.getVideoTracks()[0].getSettings().facingMode !== "environment",
    get size() {
      return { width: video.videoWidth, height: video.videoHeight };
    },
    grab: (options) => grab(video, options),
    close,
  };
}

/** @returns {Promise<number>} how many cameras there are; names come only after one was allowed */
export async function countCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === "videoinput").length;
}

async function openStream(video) {
  if (!globalThis.isSecureContext) throw new CameraError("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("absent");
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    throw asCameraError(error);
  }
}

function asCameraError(error) {
  const code = CODES[error.name] ?? "other";
  return new CameraError(code, code === "other" ? error.message || error.name : "");
}

async function grab(video, { maxSide = Infinity, quality = JPEG_QUALITY } = {}) {
  const longer = Math.max(video.videoWidth, video.videoHeight);
  if (!longer) throw new CameraError("other", "no picture yet");
  const scale = Math.min(1, maxSide / longer);
  const canvas = el("canvas", {
    width: Math.round(video.videoWidth * scale),
    height: Math.round(video.videoHeight * scale),
  });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
  if (!blob) throw new CameraError("other", "no picture");
  return blob;
}
