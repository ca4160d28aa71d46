/** One sentence for each stable code of an error (problem.) and of the gate (reason.). */

export default {
  "problem.MISSING_FIELD": "The request lacks something: {detail}.",
  "problem.BAD_REQUEST": "The server could not read the request: {detail}",
  "problem.INVALID_REQUEST": "The server does not accept this: {detail}.",
  "problem.INVALID_SUBJECT":
    "This cannot be a name. Use 1 to 128 characters, without slashes or line breaks.",
  "problem.INVALID_EMBEDDING": "The vector does not fit the loaded model: {detail}.",
  "problem.UNAUTHORIZED": "This server needs an API key. Enter one with the key button above.",
  "problem.FORBIDDEN":
    "This API key may not do that. Enter one with a wider scope with the key button above.",
  "problem.CROSS_SITE": "The server refused because the request came from another site's page.",
  "problem.NOT_FOUND": "The server does not know this address. Is it an older version?",
  "problem.UPLOAD_NOT_FOUND": "The uploaded picture has expired. Upload it again.",
  "problem.TASK_NOT_FOUND": "This task is not known any more. Start it again.",
  "problem.NOT_ENROLLED": "Nobody has been registered yet.",
  "problem.SUBJECT_NOT_FOUND": "Nobody is registered under this name.",
  "problem.FACE_NOT_FOUND": "This sample is not there any more.",
  "problem.PICTURE_NOT_KEPT": "No picture of this sample is kept.",
  "problem.METHOD_NOT_ALLOWED": "The server does not do that here: {detail}",
  "problem.EMBEDDING_MISMATCH":
    "The stored faces were made by another model than the loaded one and cannot be compared. " +
    "On the server, run “python -m face_service reembed”, or register again.",
  "problem.FEATURE_FILE_INVALID": "The stored face file is damaged. Register again.",
  "problem.SUBJECT_EXISTS": "Somebody else already has this name.",
  "problem.SUBJECT_FULL": "This person has as many samples as the server keeps. Delete some first.",
  "problem.TOO_FEW_FACES": "There are too few registered faces for that: {detail}.",
  "problem.TOO_LARGE": "That is larger than the server takes. Use a smaller picture, or fewer.",
  "problem.NOT_A_PICTURE":
    "This is not a picture the server can read. Use a JPEG, PNG, WebP or BMP that is not damaged.",
  "problem.UNSUPPORTED_MEDIA_TYPE": "The server does not take files of this type: {detail}",
  "problem.NO_FACE": "No face was found. Show the whole face, from the front, in good light.",
  "problem.NOT_LIVE":
    "This does not look like a live face. Show the face itself, not a screen or a print of it.",
  "problem.ENROLMENT_REFUSED": "The picture is not good enough to be registered.",
  "problem.IMPORT_INVALID": "This file is no export of a gallery: {detail}.",
  "problem.URL_REFUSED": "The server does not fetch pictures from this address.",
  "problem.RATE_LIMITED": "Too many requests in a short time.",
  "problem.SUBJECT_LOCKED": "Too many failed attempts for this name.",
  "problem.INTERNAL": "Something broke in the server. Its log has the details.",
  "problem.URL_FETCH_FAILED": "The picture could not be fetched from its address.",
  "problem.BUSY": "The server is very busy.",
  "problem.DEADLINE_EXCEEDED": "The server took too long, it is very busy.",
  "problem.NOT_READY": "The server is still starting.",
  "problem.UNAVAILABLE": "The server is stopping.",
  "problem.STORE_UNAVAILABLE": "The server cannot read or write its files: {detail}.",
  "problem.GALLERY_UNREADABLE": "The gallery's file is of a format this version does not know.",
  "problem.GALLERY_FULL": "The gallery is full. Delete some people, or raise the server's limit.",
  "problem.NO_MATCH": "The face is another one than the registered one.",
  "problem.TASK_LOST": "The server lost this task. Start it again.",
  "problem.UNREACHABLE":
    "The server cannot be reached. Check that it runs and that you are online.",
  "problem.PICTURE_UNREADABLE":
    "The browser cannot open this file as a picture. Use a JPEG, PNG or WebP.",
  "problem.other": "The server answered {code}: {detail}",
  "problem.page": "Something broke in this page: {detail}",
  "problem.wait.seconds": {
    one: "Try again in {count} second.",
    other: "Try again in {count} seconds.",
  },
  "problem.wait.minutes": {
    one: "Try again in {count} minute.",
    other: "Try again in {count} minutes.",
  },

  "reason.NO_FACE": "No face was found: show it from the front, in good light.",
  "reason.NOT_LIVE": "This does not look live: show the face itself, not a screen or a print.",
  "reason.SEVERAL_FACES": "There are {value} faces: let the others step out of the picture.",
  "reason.LOW_DETECTION_SCORE":
    "This is hardly a face (score {value}, at least {limit}): show it whole, and closer.",
  "reason.FACE_TOO_SMALL":
    "The face is {value} pixels wide, at least {limit} are needed: come closer.",
  "reason.BLURRED":
    "The face is blurred (sharpness {value}, at least {limit}): hold still, or wipe the lens.",
  "reason.TOO_DARK": "The face is too dark ({value}, at least {limit}): turn to the light.",
  "reason.TOO_BRIGHT":
    "The face is too bright ({value}, at most {limit}): turn away from the light.",
  "reason.EXTREME_POSE":
    "The head is turned or tilted by {value}°, at most {limit}° are allowed: look straight ahead.",
  "reason.ALREADY_ENROLLED_AS": "This face looks like {subject}, who is registered already.",
  "reason.other": "{code}: {message}",
};
