"""What stands between the network and the routes, in the order in which it is passed."""

import re

from flask import Flask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from face_service.settings import Settings
from face_service.web.auth import authorise_caller, identify_caller
from face_service.web.rate_limits import RateLimits, limit_rate
from face_service.web.request_metrics import TIMING_HEADER
from face_service.web.security_headers import install_security_headers

_EXPOSED = ("X-Face-Code", "X-Request-ID", "Retry-After", TIMING_HEADER)
_ALLOWED = ("Authorization", "X-API-Key", "Content-Type")


def protect(app: Flask, settings: Settings) -> None:
    """Install proxies' addresses, CORS, headers, keys and rate limits, as the settings say."""
    if settings.trusted_proxies:
        # Only the client's address: a proxy that sets no X-Forwarded-Host passes on the client's.
        proxies = settings.trusted_proxies
        believed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0, x_host=0)
        app.wsgi_app = believed  # type: ignore[method-assign]
    if settings.trusted_hosts:
        # Against DNS rebinding: a page whose name is made to lead here is of no known name.
        app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts)
    install_security_headers(app, settings)
    if settings.cors_origins:
        origins = [_as_pattern(origin) for origin in settings.cors_origins]
        CORS(app, origins=origins, expose_headers=_EXPOSED, allow_headers=_ALLOWED)
    # Counted before refused: whoever tries tokens has only so many tries.
    app.before_request(identify_caller)
    app.before_request(limit_rate(RateLimits(settings.rate_per_minute)))
    app.before_request(authorise_caller)


def _as_pattern(origin: str) -> str | re.Pattern[str]:
    """Return an origin as Flask-Cors takes it: it would read the brackets of IPv6 as a pattern."""
    return origin if origin == "*" else re.compile(rf"{re.escape(origin)}\Z", re.IGNORECASE)
