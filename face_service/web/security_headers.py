"""Headers that tell browsers to expect nothing of a response but what it is."""

from flask import Flask, Response

from face_service.settings import Settings

_DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    # For a page that runs scripts or shows pictures this is too narrow: it sets its own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self)",
    # Answers are about people: neither a browser nor a proxy keeps them.
    "Cache-Control": "no-store",
}


def install_security_headers(app: Flask, settings: Settings) -> None:
    """Give each response those of the headers that it has not set itself."""
    # Pages of other origins may read answers only where the settings let them call the API.
    sharing = "cross-origin" if settings.cors_origins else "same-origin"
    headers = {**_DEFAULTS, "Cross-Origin-Resource-Policy": sharing}

    @app.after_request
    def _set(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response
