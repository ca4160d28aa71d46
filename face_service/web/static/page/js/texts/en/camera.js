/** The camera and the picture input. */

export default {
  "problem.camera.refused":
    "The browser may not use the camera. Allow it in the browser's settings for this site, or " +
    "choose a picture instead.",
  "problem.camera.absent": "No camera was found. Connect one, or choose a picture instead.",
  "problem.camera.insecure":
    "Browsers give the camera only to pages served over HTTPS or from localhost. Open the page " +
    "that way, or choose a picture instead.",
  "problem.camera.busy":
    "Another program is using the camera. Close it and try again, or choose a picture instead.",
  "problem.camera.lost":
    "The camera went away. Connect it again and start it anew, or choose a picture instead.",
  "problem.camera.other": "The camera could not be started: {detail}. Choose a picture instead.",

  "input.label": "Picture",
  "input.title": "Drop a picture here",
  "input.hint": "or paste one. JPEG, PNG, WebP or BMP.",
  "input.title.touch": "Choose a picture",
  "input.hint.touch": "from your photos, or take one now.",
  "input.choose": "Choose a picture",
  "input.camera": "Use the camera",
  "input.opening": "Starting the camera…",
  "input.take": "Take a picture",
  "input.flip": "Switch camera",
  "input.close": "Close camera",
  "input.opened": "The camera is on.",
  "input.video": "What the camera sees",
};
