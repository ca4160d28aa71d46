/** The frame around the views. */

export default {
  "app.title": "Face service",
  "app.skip": "Skip to the content",
  "app.views": "Views",
  "app.try": "Try",
  "app.enrol": "Register",
  "app.people": "People",
  "app.threshold": "Threshold",
  "app.live": "Live",
  "app.theme.dark": "Switch to the dark theme",
  "app.theme.light": "Switch to the light theme",
  "app.language": "中文",
  "app.language.label": "切换到中文",
  "app.key": "API key",
  "app.key.set": "API key (set)",
  "app.docs": "API",
  "app.docs.hint": "The API, to browse and try out",
  "app.starting": "The service is starting. This page goes on by itself when it is ready.",
  "app.ready": "The service is ready.",
  "app.close": "Close",
  "app.cancel": "Cancel",
  "app.undo": "Undo",
  "app.retry": "Try again",
  "app.soon": "This view is not there yet.",
  "app.progress": "Progress",

  "key.title": "API key",
  "key.needed": "This server needs an API key for what you are doing.",
  "key.rejected": "The server does not know this key. Check it and enter it again.",
  "key.about":
    "It stays in this tab until you close it. Whoever runs the server makes one with " +
    "“python -m face_service keys create”.",
  "key.invalid":
    "This cannot be a key: keys hold no spaces and only plain letters, digits and signs. Copy it once more.",
  "key.field": "Key",
  "key.use": "Use this key",
  "key.forget": "Forget the key",
  "key.saved": "The key is in use.",
  "key.forgotten": "The key is forgotten.",
};
