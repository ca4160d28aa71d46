"""Who may do what: API keys with scopes, and no orders from pages of other sites.

While there is no key, everything is open. From the first key on every route needs one, except
those of :data:`OPEN_PATHS`, those below ``/docs`` and ``/page``, and static files. A view says
which scope it needs by :func:`needs_scope`; one that says nothing needs ``admin``.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, request

from face_service.errors import CrossSiteError, ForbiddenError, UnauthorizedError
from face_service.settings import Settings
from face_service.store.api_keys import SCOPES, Key
from face_service.storing import ask_store
from face_service.web.components import Components, components
from face_service.web.page import PREFIX as PAGE_PREFIX

OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json"})
_OPEN_BELOW = ("/docs/", PAGE_PREFIX)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LEGACY = ("legacy.", "legacy_json.")
_LEGACY_ENROLS = frozenset({"legacy.face_register"})
_ATTRIBUTE = "face_scope"
_NOTHING = ""  # the scope of routes that are open to everybody

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])


def needs_scope(scope: str) -> Callable[[View], View]:
    """Declare the scope that a view needs once API keys exist; works above or below the route.

    Raises:
        ValueError: there is no such scope.
    """
    if scope not in SCOPES:
        raise ValueError(f"no such scope: {scope}")

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, scope)
        return view

    return mark


def identify_caller() -> None:
    """Note the key whose token the request carries: ``g.api_key``, and ``g.api_key_id``.

    Both are None without a valid one. Runs before the body is read.
    """
    key = None if _scope_needed() == _NOTHING else _presented_key(components())
    g.api_key = key
    g.api_key_id = None if key is None else key.id


def authorise_caller() -> None:
    """Refuse a request that its caller may not make; runs after :func:`identify_caller`.

    Raises:
        UnauthorizedError: there are API keys, and the request carries none of them.
        ForbiddenError: its key has not the scope that the route needs.
        CrossSiteError: a page of another site sent it, and it carries no key.
    """
    key: Key | None = g.api_key
    parts = components()
    if key is None and _comes_from_another_site(parts.settings):
        raise CrossSiteError("pages of this origin may not use the service")
    needed = _scope_needed()
    if needed == _NOTHING:
        return
    _require(parts, key, needed)


def require_scope(scope: str) -> None:
    """Refuse a request on an open route that asks for what only a key may do.

    Raises:
        UnauthorizedError, ForbiddenError: as :func:`authorise_caller`.
    """
    parts = components()
    _require(parts, _presented_key(parts), scope)


def _require(parts: Components, key: Key | None, scope: str) -> None:
    if key is not None:
        if not key.allows(scope):
            raise ForbiddenError(f"the API key does not have the scope '{scope}'")
    elif _ask(parts, parts.keys.any):
        raise UnauthorizedError("send an API key as 'Authorization: Bearer TOKEN'")


def _presented_key(parts: Components) -> Key | None:
    token = _presented_token()
    return _ask(parts, parts.keys.authenticate, token) if token else None


def _scope_needed() -> str:
    """Return the scope that the request's route needs, or :data:`_NOTHING`."""
    rule = request.url_rule
    # Without a rule the answer is 404 or 405. A browser asks by OPTIONS, which carries no key,
    # whether it may send the request that does.
    if rule is None or request.method == "OPTIONS":
        return _NOTHING
    if request.path in OPEN_PATHS or request.path.startswith(_OPEN_BELOW):
        return _NOTHING
    if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
        return _NOTHING
    if rule.endpoint.startswith(_LEGACY):
        if not components().settings.keys_on_legacy:
            return _NOTHING
        return "enrol" if rule.endpoint in _LEGACY_ENROLS else "recognize"
    return str(getattr(current_app.view_functions[rule.endpoint], _ATTRIBUTE, "admin"))


def _presented_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-API-Key", "").strip()


def _ask(parts: Components, question: Callable[..., T], *arguments: str) -> T:
    return ask_store(parts.threads.storage, parts.keys, question, *arguments)


def _comes_from_another_site(settings: Settings) -> bool:
    """Return whether a browser says that a page of a site that is not allowed sent the request.

    Other clients send neither header. A page cannot set them.
    """
    if request.method in _SAFE_METHODS:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "cross-site"
    if "*" in settings.cors_origins or origin.lower() in settings.cors_origins:
        return False
    # The scheme is left out: behind a proxy that ends TLS it is not the browser's.
    return origin == "null" or urlsplit(origin).netloc.lower() != request.host.lower()
