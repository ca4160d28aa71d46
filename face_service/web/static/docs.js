"use strict";

// The page's own script, in a file: its Content-Security-Policy allows no inline scripts.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#api",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis],
    // Nothing is sent to a validator elsewhere.
    validatorUrl: null,
  });
});
