"""Pictures by URL, without letting a client reach what only this machine can.

A URL is a way to make the service connect somewhere. So it connects only to hosts that the
settings list, by addresses that it has itself found to be public, and it says the same of
whatever cannot be had.
"""

import http.client
import ipaddress
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from face_service.errors import TooLargeError, UrlFetchError, UrlRefusedError

_LOG = logging.getLogger(__name__)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3
_MAX_ADDRESSES = 4  # of one host that are tried
_MAX_URL = 2000
_CHUNK = 65_536
# urlsplit drops some characters silently, and others mean different things to different parsers.
_PLAIN_URL = re.compile(r"[!-\[\]-~]+")
_REFUSED = "pictures are not fetched from this URL"
_FAILED = "the picture could not be fetched from its URL"
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class _Target:
    """A checked URL: ``addresses`` are public and of ``host``."""

    url: str
    secure: bool
    host: str
    port: int
    addresses: Sequence[str]

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _DEFAULT_PORTS["https" if self.secure else "http"]
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def path(self) -> str:
        """What the request line asks for."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def resolve(host: str, port: int) -> list[str]:
    """Return a host's addresses; raises :class:`OSError` or :class:`ValueError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Return whether an address, as text, is one that anybody on the internet may reach.

    IPv6 addresses that stand for an IPv4 address (mapped, 6to4, NAT64) are as public as that.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.scope_id is not None:
            return False
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if parsed not in _GLOBAL_UNICAST:
            return False
    return parsed.is_global and not parsed.is_multicast


class PictureFetcher:
    """Fetches files from listed hosts.

    Knows no proxies, cookies or credentials. Call it in the greenlet or thread of the request, not
    through the offloader: it mostly waits, and under gevent's patching only its greenlet does.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        timeout_seconds: float,
        max_bytes: int,
        resolve: Resolve = resolve,
        is_public: Callable[[str], bool] = is_public,
    ) -> None:
        """Fetch at most ``max_bytes`` in ``timeout_seconds`` from ``hosts``.

        Args:
            hosts: ``example.com``, ``*.example.com`` for what is below it, either with ``:port``;
                without, the scheme's own port is meant. None turns fetching off.
            timeout_seconds: for everything from the connection to the last byte, redirects
                included; resolving a name takes as long as the resolver does, and counts.
            max_bytes: of the file.
            resolve: returns the addresses of a host and port.
            is_public: says whether an address may be connected to.
        """
        self._hosts = tuple(host.lower() for host in hosts)
        self._timeout = timeout_seconds
        self._max_bytes = max_bytes
        self._resolve = resolve
        self._is_public = is_public

    def fetch(self, url: str) -> bytes:
        """Return the bytes at ``url``.

        Raises:
            UrlRefusedError: fetching is off, or the URL or where it leads is not allowed.
            UrlFetchError: it could not be had; the log says why, the message does not.
            TooLargeError: it holds more bytes than are taken.
        """
        deadline = time.monotonic() + self._timeout
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                target = self._check(url)
                answer = self._ask(target, deadline)
                if isinstance(answer, bytes):
                    return answer
                url = answer
            raise http.client.HTTPException("too many redirects")
        except (OSError, ValueError, http.client.HTTPException) as error:
            # The address itself stays out of the log: its path and query are the client's.
            fields = {"host": urlsplit(url).hostname, "reason": f"{type(error).__name__}: {error}"}
            _LOG.info("picture not fetched", extra={"fields": fields})
            raise UrlFetchError(_FAILED) from error

    def _check(self, url: str) -> _Target:
        """Return where ``url`` leads, if that is allowed."""
        if not self._hosts:
            raise UrlRefusedError("pictures are not fetched by URL here: FACE_URL_HOSTS is empty")
        if len(url) > _MAX_URL or not _PLAIN_URL.fullmatch(url):
            raise UrlRefusedError(_REFUSED)
        try:
            parts = urlsplit(url)
            port, host = parts.port, (parts.hostname or "")
        except ValueError as error:
            raise UrlRefusedError(_REFUSED) from error
        if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
            raise UrlRefusedError(_REFUSED)
        usual = _DEFAULT_PORTS[parts.scheme]
        port = usual if port is None else port
        if not self._is_listed(host, port, usual):
            raise UrlRefusedError(_REFUSED)
        addresses = self._resolve(host, port)
        if not addresses or not all(self._is_public(address) for address in addresses):
            raise UrlRefusedError(_REFUSED)
        return _Target(url, parts.scheme == "https", host, port, addresses[:_MAX_ADDRESSES])

    def _is_listed(self, host: str, port: int, usual: int) -> bool:
        for entry in self._hosts:
            name, port_given = _split_port(entry)
            if port != (usual if port_given is None else port_given):
                continue
            if host == name or (name.startswith("*.") and _is_below(host, name[2:])):
                return True
        return False

    def _ask(self, target: _Target, deadline: float) -> bytes | str:
        """Return the file, or the URL that the host redirects to."""
        with _connected(target, deadline) as stream:
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = stream
            headers = {"Host": target.authority, "Accept": "image/*, */*;q=0.1"}
            headers |= {"Accept-Encoding": "identity", "Connection": "close"}
            connection.request("GET", target.path, headers=headers)
            with closing(connection.getresponse()) as response:
                location = response.getheader("Location")
                if response.status in _REDIRECTS and location:
                    return urljoin(target.url, location)
                if response.status != 200:
                    raise http.client.HTTPException(f"status {response.status}")
                data = self._read(response)
        # Ended by the watch, a body without a length looks complete.
        _remaining(deadline)
        return data

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        chunks: list[bytes] = []
        room = self._max_bytes - (response.length or 0)  # a length says so before the bytes do
        if room >= 0:
            room = self._max_bytes
            while room >= 0 and (chunk := response.read(_CHUNK)):
                room -= len(chunk)
                chunks.append(chunk)
        if room < 0:
            raise TooLargeError(f"the file at the URL is larger than {self._max_bytes} bytes")
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return b"".join(chunks)


@contextmanager
def _connected(target: _Target, deadline: float) -> Iterator[socket.socket]:
    """Yield a stream to one of the target's addresses that ends at the deadline."""
    raw = _connect(target, deadline)
    # A timeout of a socket bounds each wait, not their sum: a host that sends a byte now and then
    # would hold us for hours. A second handle stays valid when TLS takes the first one over.
    handle = raw.dup()
    watch = threading.Timer(_remaining(deadline), _shut, [handle])
    watch.daemon = True
    watch.start()
    stream = raw
    try:
        if target.secure:
            # Made here: a context made before gevent patches would not be its own.
            context = ssl.create_default_context()
            stream = context.wrap_socket(raw, server_hostname=target.host)
        yield stream
    finally:
        watch.cancel()
        stream.close()
        raw.close()
        handle.close()


def _connect(target: _Target, deadline: float) -> socket.socket:
    failure: OSError = TimeoutError("no time left")
    for address in target.addresses:
        try:
            # A literal address: nothing is resolved a second time.
            return socket.create_connection((address, target.port), _remaining(deadline))
        except OSError as error:
            failure = error
    raise failure


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):  # closed in the meantime
        handle.shutdown(socket.SHUT_RDWR)


def _split_port(entry: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", entry)
    if found is None:
        return entry, None
    return found[1].strip("[]"), None if found[2] is None else int(found[2])


def _is_below(host: str, domain: str) -> bool:
    return host.endswith(f".{domain}") and len(host) > len(domain) + 1
