"""``/``: the page for people, or the demos' line for everything that does not ask for HTML.

The page's files are read once, at the start: a file that is added or changed later is not served,
and no request reads the disk.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

ROOT = Path(__file__).parent / "static" / "page"
INDEX = "index.html"
PREFIX = "/page/"
# What a browser is told that a file is; files of other kinds are not served.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Everything comes from here. Pictures are shown from memory (blob:), and so is the camera.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
# Where the index names all modules: a browser that follows imports one by one waits for each.
_PRELOAD_MARK = b"    <!-- modules -->\n"
_CLASSIC = "js/first.js"
_HELLO = "<h1>Hello World!</h1>"


@dataclass(frozen=True)
class Asset:
    """A file of the page; ``tag`` is a hash of its content."""

    body: bytes
    kind: str
    tag: str


def make_blueprint() -> Blueprint:
    """Return the blueprint, with the page's files in memory."""
    blueprint = Blueprint("page", __name__)
    assets = read_assets(ROOT)
    index = with_preloads(assets.pop(INDEX), assets)

    @blueprint.get("/")
    def home() -> Response:
        page = _answer(index) if _asks_for_html() else Response(_HELLO, mimetype="text/html")
        page.vary.add("Accept")
        return page

    @blueprint.get(f"{PREFIX}<path:name>")
    def asset(name: str) -> Response:
        if name not in assets:
            raise NotFound
        return _answer(assets[name])

    return blueprint


def read_assets(root: Path) -> dict[str, Asset]:
    """Return the files below ``root`` that browsers may have, by their path from there."""
    files = [path for path in root.rglob("*") if path.suffix in _TYPES and path.is_file()]
    return {path.relative_to(root).as_posix(): _read(path) for path in files}


def with_preloads(index: Asset, names: Iterable[str]) -> Asset:
    """Return the index with a link for each module among the files' ``names``."""
    modules = sorted(name for name in names if name.endswith(".js") and name != _CLASSIC)
    links = "".join(f'    <link rel="modulepreload" href="page/{name}">\n' for name in modules)
    return _asset(index.body.replace(_PRELOAD_MARK, links.encode()), index.kind)


def _read(path: Path) -> Asset:
    return _asset(path.read_bytes(), _TYPES[path.suffix])


def _asset(body: bytes, kind: str) -> Asset:
    return Asset(body, kind, hashlib.sha256(body).hexdigest())


def _answer(asset: Asset) -> Response:
    response = Response(asset.body, content_type=asset.kind)
    response.set_etag(asset.tag)
    # Kept, but asked after each time: an upgrade of the service is seen at once.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = _POLICY
    response.make_conditional(request)
    return response


def _asks_for_html() -> bool:
    """Whether the client names HTML: browsers do, the demos' clients accept just anything."""
    return any(
        kind.lower() == "text/html" and quality > 0 for kind, quality in request.accept_mimetypes
    )
