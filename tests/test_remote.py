"""Pictures by URL: what may be fetched, from where, and how much."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from face_service.errors import TooLargeError, UrlFetchError, UrlRefusedError
from face_service.remote import PictureFetcher, is_public, resolve

PICTURE = b"\x89PNG" + bytes(range(256)) * 400
REFUSED = "pictures are not fetched from this URL"
FAILED = "the picture could not be fetched from its URL"


class Handler(BaseHTTPRequestHandler):
    """Serves a picture, redirects, and what goes wrong."""

    server: "Site"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        path, _, query = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", query)
            self.end_headers()
        elif path == "/picture":
            self._send(200, PICTURE)
        elif path == "/unsized":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PICTURE)
        elif path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", str(len(PICTURE) + 1))
            self.end_headers()
            self.wfile.write(PICTURE)
        elif path == "/drip":
            self.send_response(200)
            self.end_headers()
            self.server.drip(self.wfile.write)
        elif path == "/drip-headers":
            self.server.drip(self.wfile.write)
        else:
            self._send(404, b"nothing here")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Site(ThreadingHTTPServer):
    """A host on this machine that the tests take for a public one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.gave_up = threading.Event()
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str, host: str = "pictures.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def drip(self, write: Callable[[bytes], object]) -> None:
        """Send a byte now and then until the client has gone or the test ends."""
        try:
            while not self.closing.wait(0.01):
                write(b"x")
        except OSError:
            self.gave_up.set()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, args=(0.01,))
    thread.start()
    yield site
    site.closing.set()
    site.shutdown()
    thread.join()
    site.server_close()


class Names:
    """A resolver; ``addresses`` are those of every host that is not listed otherwise."""

    def __init__(self, *addresses: str, **others: Sequence[str]) -> None:
        self.addresses = addresses or ("127.0.0.1",)
        self.others = others
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.others.get(host.split(".", maxsplit=1)[0], self.addresses)


def fetcher_for(
    site: Site, names: Names | None = None, seconds: float = 30, room: int = 10**6
) -> PictureFetcher:
    hosts = [f"pictures.example:{site.port}", f"*.below.example:{site.port}"]
    return PictureFetcher(hosts, seconds, room, names or Names(), lambda a: a == "127.0.0.1")


@pytest.mark.parametrize("path", ["/picture", "/unsized", "/picture?size=%20large"])
def test_a_picture_is_fetched_from_a_listed_host(site: Site, path: str) -> None:
    assert fetcher_for(site).fetch(site.url(path)) == PICTURE
    [(asked, headers)] = site.asked
    assert asked == path
    assert headers["Host"] == f"pictures.example:{site.port}"
    assert headers["Accept-Encoding"] == "identity"


def test_a_host_is_resolved_once_and_its_checked_address_used(site: Site) -> None:
    names = Names()
    fetcher_for(site, names).fetch(site.url("/picture", "a.below.example"))
    assert names.asked == [("a.below.example", site.port)]


def test_without_listed_hosts_fetching_is_off() -> None:
    names = Names()
    with pytest.raises(UrlRefusedError, match="FACE_URL_HOSTS is empty"):
        PictureFetcher((), 5, 1000, names).fetch("http://pictures.example/")
    assert names.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pictures.example",
        "//pictures.example/a",
        "ftp://pictures.example/a",
        "file:///etc/passwd",
        "gopher://pictures.example/",
        "http://other.example/",
        "http://pictures.example.evil.example/",
        "http://evilpictures.example/",
        "http://a.pictures.example/",
        "http://below.example/",
        "http://.below.example/",
        "http://a.below.example.evil.example/",
        "http://pictures.example:8080/",
        "http://pictures.example:443/",
        "https://pictures.example:80/",
        "http://pictures.example:99999/",
        "http://pictures.example:x/",
        "http://user@pictures.example/",
        "http://user:word@pictures.example/",
        "http://@pictures.example/",
        "http://pictures.example@evil.example/",
        "http://evil.example\\@pictures.example/",
        "http://pictures.example/a b",
        "http://pictures.example/\r\nX-Evil: 1",
        "http://pictures.example\t/",
        "http://pictures.example/ä",
        "http://[::1/",
        "http://127.0.0.1/",
        "http://pictures.example/" + "a" * 2000,
    ],
)
def test_other_urls_are_refused_before_anything_is_resolved(url: str) -> None:
    names = Names("203.0.113.9")
    hosts = ("pictures.example", "*.below.example")
    with pytest.raises(UrlRefusedError) as caught:
        PictureFetcher(hosts, 5, 1000, names, lambda _: True).fetch(url)
    assert caught.value.message == REFUSED
    assert names.asked == []


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://pictures.example/", ("pictures.example", 80)),
        ("HTTPS://Pictures.EXAMPLE/", ("pictures.example", 443)),
        ("http://pictures.example:80/", ("pictures.example", 80)),
        ("http://a.b.below.example/", ("a.b.below.example", 80)),
        ("https://odd.example:8443/", ("odd.example", 8443)),
        ("http://[2001:db8::1]/", ("2001:db8::1", 80)),
    ],
)
def test_what_is_listed_is_resolved_and_its_addresses_judged(
    url: str, asked: tuple[str, int]
) -> None:
    names = Names("127.0.0.1")
    hosts = ("Pictures.example", "*.below.example", "odd.example:8443", "[2001:db8::1]")
    with pytest.raises(UrlRefusedError) as caught:
        PictureFetcher(hosts, 5, 1000, names).fetch(url)
    assert caught.value.message == REFUSED
    assert names.asked == [asked]


def test_one_private_address_among_public_ones_is_too_many(site: Site) -> None:
    names = Names("127.0.0.1", "10.0.0.1")
    with pytest.raises(UrlRefusedError):
        fetcher_for(site, names).fetch(site.url("/picture"))
    with pytest.raises(UrlRefusedError):
        fetcher_for(site, Names(pictures=())).fetch(site.url("/picture"))
    assert site.asked == []


def test_redirects_are_followed_and_judged_alike(site: Site) -> None:
    fetcher = fetcher_for(site, Names(inner=["10.0.0.1"]))
    assert fetcher.fetch(site.url("/to?/to?/to?/picture")) == PICTURE
    assert fetcher.fetch(site.url(f"/to?{site.url('/picture', 'a.below.example')}")) == PICTURE
    site.asked.clear()
    for target in (
        "http://other.example/",
        "file:///etc/passwd",
        site.url("/", "inner.below.example"),
    ):
        with pytest.raises(UrlRefusedError, match=REFUSED):
            fetcher.fetch(site.url(f"/to?{target}"))
    assert len(site.asked) == 3


def test_redirects_end(site: Site) -> None:
    with pytest.raises(UrlFetchError, match=FAILED):
        fetcher_for(site).fetch(site.url("/to?" * 4 + "/picture"))
    assert len(site.asked) == 4


@pytest.mark.parametrize("path", ["/picture", "/unsized"])
def test_no_more_bytes_are_taken_than_allowed(site: Site, path: str) -> None:
    assert fetcher_for(site, room=len(PICTURE)).fetch(site.url(path)) == PICTURE
    with pytest.raises(TooLargeError, match="larger than 1000 bytes"):
        fetcher_for(site, room=1000).fetch(site.url(path))


@pytest.mark.parametrize("path", ["/nothing", "/short", "/to?http://["])
def test_what_cannot_be_had_is_told_the_same_way(site: Site, path: str) -> None:
    with pytest.raises(UrlFetchError) as caught:
        fetcher_for(site).fetch(site.url(path))
    assert caught.value.message == FAILED


def test_a_closed_port_and_one_that_speaks_otherwise_look_alike(site: Site) -> None:
    messages = set()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening
        port = closed.getsockname()[1]
        messages.add(failure_at(port))
    with answering(b"SSH-2.0-Server\r\n") as port:
        messages.add(failure_at(port))
        messages.add(failure_at(port, scheme="https"))
    assert messages == {FAILED}


def failure_at(port: int, scheme: str = "http") -> str:
    fetcher = PictureFetcher([f"pictures.example:{port}"], 30, 1000, Names(), lambda _: True)
    with pytest.raises(UrlFetchError) as caught:
        fetcher.fetch(f"{scheme}://pictures.example:{port}/")
    return caught.value.message


@contextmanager
def answering(line: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """Yield a port whose connections are answered by a line once something was heard."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with closing(connection):
                    data = connection.recv(65_536)
                    if heard is not None:
                        heard.append(data)
                    connection.sendall(line)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_tls_names_the_host_though_the_connection_goes_to_its_address() -> None:
    heard: list[bytes] = []
    with answering(b"no TLS", heard) as port:
        failure_at(port, scheme="https")
    assert heard[0][:1] == b"\x16"  # a TLS handshake
    assert b"pictures.example" in heard[0]


def test_a_name_that_does_not_resolve_is_a_failure() -> None:
    def fail(*_: object) -> list[str]:
        raise socket.gaierror("no such name")

    for resolver in (fail, resolve):
        fetcher = PictureFetcher(["*.below.example"], 5, 1000, resolver)
        with pytest.raises(UrlFetchError, match=FAILED):  # a label is longer than names allow
            fetcher.fetch(f"http://{'a' * 64}.below.example/")


@pytest.mark.parametrize("path", ["/drip", "/drip-headers"])
def test_a_host_that_drips_is_left_at_the_deadline(site: Site, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(UrlFetchError, match=FAILED):
        fetcher_for(site, seconds=0.3).fetch(site.url(path))
    assert 0.3 <= time.monotonic() - started < 20
    assert site.gave_up.wait(20)


def test_an_address_that_does_not_answer_gives_way_to_the_next(site: Site) -> None:
    hosts = [f"pictures.example:{site.port}"]
    names = Names("127.0.0.2", "127.0.0.1")  # the site listens on one of them only
    fetcher = PictureFetcher(hosts, 30, 10**6, names, lambda _: True)
    assert fetcher.fetch(site.url("/picture")) == PICTURE


def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetcher_for(site).fetch(site.url("/picture")) == PICTURE


def test_the_log_says_why_without_the_path(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "face_service.remote")
    with pytest.raises(UrlFetchError):
        fetcher_for(site).fetch(site.url("/secret?token=1"))
    [record] = caplog.records
    assert record.__dict__["fields"] == {
        "host": "pictures.example",
        "reason": "HTTPException: status 404",
    }


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "2606:4700:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "4000::1",
        "localhost",
        "",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
