"""API keys in one flat file, ``api_keys.json``: who may do what.

Of a key's secret only the SHA-256 is kept. A secret is 256 random bits, so there is nothing to
guess and a slow hash, which protects what people make up, would only slow down each request.
"""

import fcntl
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from face_service.errors import ApiKeyError, StoreError
from face_service.store.atomic import read_plain_file, write_atomically
from face_service.store.remembered import Remembered

FILE_NAME = "api_keys.json"
SCOPES = ("recognize", "enrol", "metrics", "admin")
_FORMAT = 1
_MAX_NAME = 64
_TOKEN = re.compile(r"fk_([0-9a-f]{16})_([0-9a-f]{64})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RETRY_SECONDS = 30
# What a token of an unknown id is compared with, so that the time taken says nothing.
_NOBODYS_DIGEST = "0" * 64

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """An API key without its secret; ``created`` is UTC in seconds since the epoch."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    digest: str = field(repr=False)

    def allows(self, scope: str) -> bool:
        """Return whether the key may do what ``scope`` covers; ``admin`` covers all."""
        return scope in self.scopes or "admin" in self.scopes


class ApiKeys:
    """The keys of one folder; safe across processes, and always as the file is now.

    Every method raises :class:`~face_service.errors.StoreError` when the file is there and cannot
    be read or understood: a damaged file must not open the service to everybody.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._remembered = Remembered([self._path], self._read)

    def create(self, name: str, scopes: Sequence[str]) -> tuple[Key, str]:
        """Add a key; return it with its token, which cannot be had again.

        Raises:
            ApiKeyError: the name is empty, long or not printable, or a scope is unknown.
        """
        if not 0 < len(name) <= _MAX_NAME or not name.isprintable() or name != name.strip():
            raise ApiKeyError(f"a key's name has 1 to {_MAX_NAME} printable characters")
        if not scopes or not set(scopes) <= set(SCOPES):
            raise ApiKeyError(f"a key has scopes of {', '.join(SCOPES)}")
        key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
        chosen = tuple(scope for scope in SCOPES if scope in scopes)
        key = Key(key_id, name, chosen, round(time.time(), 3), _digest(secret))
        _guarded(self._replace, lambda keys: [*keys, key])
        return key, f"fk_{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """Remove a key; returns once that is durable.

        Raises:
            ApiKeyError: there is no such key.
        """

        def without(keys: Sequence[Key]) -> list[Key]:
            kept = [key for key in keys if key.id != key_id]
            if len(kept) == len(keys):
                raise ApiKeyError("there is no key of this id")
            return kept

        _guarded(self._replace, without)

    def list(self) -> Sequence[Key]:
        """Return the keys in the order of their making."""
        return tuple(self._current().values())

    def any(self) -> bool:
        """Return whether there is a key at all."""
        return bool(self._current())

    def authenticate(self, token: str) -> Key | None:
        """Return the key that ``token`` is of, None if it is of none."""
        keys = self._current()
        parts = _TOKEN.fullmatch(token)
        if parts is None:  # what a token looks like is no secret
            return None
        key = keys.get(parts[1])
        expected = _NOBODYS_DIGEST if key is None else key.digest
        return key if hmac.compare_digest(_digest(parts[2]), expected) else None

    def is_fresh(self) -> bool:
        """Return whether the next question is answered from memory: the file has not changed."""
        return self._remembered.is_fresh()

    def _current(self) -> Mapping[str, Key]:
        return _guarded(self._remembered.get)

    def _read(self) -> Mapping[str, Key]:
        try:
            content = read_plain_file(self._path)
        except FileNotFoundError:
            return {}
        return {key.id: key for key in _parse(content)}

    def _replace(self, change: Callable[[Sequence[Key]], Sequence[Key]]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._exclusive():
            for stale in self._folder.glob(f".{FILE_NAME}.*.part"):  # of writers that were killed
                stale.unlink()
            keys = change(tuple(self._read().values()))
            stored = [vars(key) for key in keys]
            content = json.dumps({"format": _FORMAT, "keys": stored}, ensure_ascii=False, indent=1)
            write_atomically(self._path, content.encode(), durable=True, private=True)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with (self._folder / ".api_keys.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _guarded(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{FILE_NAME} cannot be used: {reason}", _RETRY_SECONDS) from error


def _parse(content: bytes | None) -> list[Key]:
    try:
        stored = json.loads(content or b"")
        if stored["format"] != _FORMAT:
            raise ValueError("another format")
        keys = [_parse_key(entry) for entry in stored["keys"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{FILE_NAME} is damaged", _RETRY_SECONDS) from error
    if len({key.id for key in keys}) != len(keys):
        raise StoreError(f"{FILE_NAME} is damaged: an id appears twice", _RETRY_SECONDS)
    return keys


def _parse_key(entry: Any) -> Key:
    key = Key(
        id=str(entry["id"]),
        name=str(entry["name"]),
        scopes=tuple(str(scope) for scope in entry["scopes"]),
        created=float(entry["created"]),
        digest=str(entry["digest"]),
    )
    if not _DIGEST.fullmatch(key.digest) or key.digest == _NOBODYS_DIGEST:
        raise ValueError("not a digest")
    if not set(key.scopes) <= set(SCOPES):
        raise ValueError("an unknown scope")
    return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
