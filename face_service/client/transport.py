"""Sending requests, again where that is right, and telling errors from answers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, SSLError
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from face_service import __version__
from face_service.client.bodies import MakeBody, no_body
from face_service.client.errors import (
    FaceServiceError,
    ServerUnreachableError,
    UnexpectedAnswerError,
    class_of,
)
from face_service.client.reading import read
from face_service.client.retries import Patience, Retries

T = TypeVar("T")
# What `requests` raises of connections; its other errors are of wrong arguments.
_TROUBLE = (requests.ConnectionError, requests.Timeout, ChunkedEncodingError, ContentDecodingError)
# What passes by itself.
_PASSING = frozenset({429, 503})
_PIECE_BYTES = 65_536
# Work that may take minutes before the first byte of its answer.
SLOW_SECONDS = 600.0


@dataclass(frozen=True)
class Ask:
    """One request.

    ``harmless`` says that doing it twice is as good as once; ``again`` is False for one that is
    never repeated, ``slow`` stretches the time in which a byte must come.
    """

    method: str
    path: str
    body: MakeBody = no_body
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    harmless: bool = False
    again: bool = True
    slow: bool = False
    stream: bool = False


class _BearerKey(AuthBase):
    """Sends the key, or nothing: a password that .netrc has for the host is not for the service."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Transport:
    """One service: its URL, the key, and the connections to it."""

    def __init__(
        self,
        url: str,
        key: str | None,
        timeout: float,
        retries: Retries,
        session: requests.Session | None,
    ) -> None:
        """Arguments are those of :class:`~face_service.client.FaceClient`."""
        self.url = _checked_url(url)
        self._auth = None if key is None and session is not None else _BearerKey(_checked(key))
        self._timeout = timeout
        self._retries = retries
        self._own = session is None
        self._session = session or requests.Session()

    def close(self) -> None:
        """Close the connections, unless they are those of a session that was given."""
        if self._own:
            self._session.close()

    def ask(self, kind: type[T], ask: Ask) -> T:
        """Send a request and return its answer's JSON as ``kind``."""
        with closing(self.send(ask)) as response:
            return read(kind, _parsed(response.content))

    def send(self, ask: Ask) -> requests.Response:
        """Send a request, again if need be, and return a response of success.

        Raises:
            FaceServiceError: every other end.
        """
        patience = Patience(self._retries)
        while True:
            try:
                response = self._send_once(ask)
            except _TROUBLE as error:
                may = ask.again and (ask.harmless or _nothing_sent(error))
                # Another try does not make a certificate any better.
                if not may or isinstance(error, SSLError) or not patience.wait(None):
                    raise _unreachable(self.url, error) from error
                continue
            if 200 <= response.status_code < 300:
                return response
            with closing(response), translated(self.url):
                failure = self._error_in(response)
            # An answer with the service's code says that nothing was done.
            told = bool(failure.members) or ask.harmless
            may = ask.again and told and response.status_code in _PASSING
            if not may or not patience.wait(failure.retry_after):
                raise failure

    def _send_once(self, ask: Ask) -> requests.Response:
        read_seconds = max(self._timeout, SLOW_SECONDS) if ask.slow else self._timeout
        headers = {"User-Agent": f"face-service-client/{__version__}", **ask.headers}
        return self._session.request(
            ask.method,
            self.url + ask.path,
            params=ask.query,
            headers=headers,
            auth=self._auth,
            timeout=(self._timeout, read_seconds),
            # The key would go along, and a POST would come out as a GET.
            allow_redirects=False,
            stream=ask.stream,
            **ask.body(),
        )

    def _error_in(self, response: requests.Response) -> FaceServiceError:
        status, members = response.status_code, _problem_in(response)
        if 300 <= status < 400:
            where = response.headers.get("Location", "nowhere")[:200]
            return UnexpectedAnswerError(f"{self.url} redirects to {where}", status=status)
        code = str(members.get("code", ""))
        detail = members.get("detail") or f"{self.url} answered with status {status}"
        kind = class_of(code, status)
        if kind is FaceServiceError and not code:
            kind = UnexpectedAnswerError
        return kind(
            str(detail),
            code=code,
            status=status,
            request_id=str(members.get("request_id") or response.headers.get("X-Request-ID", "")),
            retry_after=self._retries.seconds_in(response.headers.get("Retry-After")),
            members=members,
        )


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raise what `requests` raises while an answer is read as :class:`ServerUnreachableError`."""
    try:
        yield
    except _TROUBLE as error:
        raise _unreachable(url, error) from error


def pieces_of(response: requests.Response, url: str) -> Iterator[bytes]:
    """Yield a streamed answer as it comes; raises :class:`ServerUnreachableError`."""
    with closing(response), translated(url):
        yield from response.iter_content(_PIECE_BYTES)


def lines_of(response: requests.Response, url: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects of a streamed answer's lines as they come."""
    with closing(response), translated(url):
        # Pieces of any size: a line is passed on when it is there.
        for line in response.iter_lines(chunk_size=None):
            if line:
                yield _object_in(line)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise UnexpectedAnswerError("the answer is not JSON") from error


def _object_in(line: bytes) -> Mapping[str, Any]:
    value = _parsed(line)
    if not isinstance(value, dict):
        raise UnexpectedAnswerError("a line of the answer is no object")
    return value


def _problem_in(response: requests.Response) -> Mapping[str, Any]:
    """Return the members of a problem of this service; none of another's answer."""
    try:
        found = json.loads(response.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("code"), str) else {}


def _nothing_sent(error: requests.RequestException) -> bool:
    """Return whether a request failed before there was a connection to send it on."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _unreachable(url: str, error: requests.RequestException) -> ServerUnreachableError:
    if isinstance(error, SSLError):
        reason = "its certificate is not trusted, or it does not speak TLS"
    elif isinstance(error, requests.ReadTimeout):
        reason = "no answer came in time"
    elif _nothing_sent(error):
        reason = "it does not accept connections"
    else:
        reason = "the connection broke off"
    return ServerUnreachableError(f"{url}: {reason}")


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected a URL such as http://localhost:5000")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the URL holds more than a host, a port and a path")
    return url.rstrip("/")


def _checked(key: str | None) -> str | None:
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key and key):
        raise ValueError("a key holds letters, digits and marks of ASCII, and no spaces")
    return key
