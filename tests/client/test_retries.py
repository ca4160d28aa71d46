"""What is asked again, when, and what is not."""

import io
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from face_service.client import (
    BusyError,
    FaceClient,
    FaceServiceError,
    NotReadyError,
    RateLimitedError,
    Retries,
    ServerUnreachableError,
    UnavailableError,
)
from tests.client.serving import Reply, Script, scripted
from tests.client.test_errors import problem

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
OK = Reply(body=b'{"subject": "ann", "faces": []}')
DELETED = Reply(body=b'{"deleted": 1}')
LOST = Reply(status=0)  # worked on, perhaps, but not answered
Call = Callable[[FaceClient], Any]
HARMLESS: dict[str, Call] = {
    "health": lambda client: client.health(),
    "subject_page": lambda client: client.subject_page(),
    "subject": lambda client: client.subject("ann"),
    "face": lambda client: client.face("ann", "0"),
    "picture": lambda client: client.picture("ann", "0"),
    "limits": lambda client: client.limits(),
    "detect": lambda client: client.detect(b"x"),
    "embed": lambda client: client.embed(b"x"),
    "identify": lambda client: client.identify(b"x"),
    "verify": lambda client: client.verify(b"x", b"y"),
    "export": lambda client: client.export(io.BytesIO()),
    "import": lambda client: client.import_(io.BytesIO(b"x")),
    "calibrate": lambda client: client.calibrate(),
    "thresholds": lambda client: client.thresholds(),
    "reset_thresholds": lambda client: client.reset_thresholds(),
}
CHANGING: dict[str, Call] = {
    "verify subject": lambda client: client.verify(b"x", subject="ann"),
    "enrol": lambda client: client.enrol("ann", [b"x"]),
    "add_faces": lambda client: client.add_faces("ann", [b"x"]),
    "rename": lambda client: client.rename("ann", "bob"),
    "delete": lambda client: client.delete("ann"),
    "delete_face": lambda client: client.delete_face("ann", "0"),
    "bulk": lambda client: list(client.bulk([("ann/1", b"x")])),
}
ALL = HARMLESS | CHANGING


@dataclass
class Sleeper:
    """Notes the waits and takes no time."""

    waits: list[float] = field(default_factory=list)

    def client(self, script: Script, count: int = 3, total: float = 30.0) -> FaceClient:
        retries = Retries(count, total, sleep=self.waits.append, now=NOW.timestamp)
        return FaceClient(script.url, retries=retries)


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


def busy(header: str | None, code: str = "BUSY", status: int = 503) -> Reply:
    reply = problem(code, status)
    extra = {} if header is None else {"Retry-After": header}
    return Reply(reply.status, reply.body, reply.headers | extra)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("soon", 0.5),
        ("-3", 0.5),
        (None, 0.5),
    ],
)
def test_the_wait_that_the_service_names_is_kept(
    sleeper: Sleeper, header: str | None, seconds: float
) -> None:
    with scripted(busy(header), OK) as script, sleeper.client(script) as client:
        assert client.subject("ann").subject == "ann"
    assert sleeper.waits == [seconds]
    assert len(script.received) == 2


@pytest.mark.parametrize(("code", "status"), [("RATE_LIMITED", 429), ("DEADLINE_EXCEEDED", 503)])
@pytest.mark.parametrize("call", ALL)
def test_what_was_refused_with_a_code_is_asked_again(
    sleeper: Sleeper, call: str, code: str, status: int
) -> None:
    with (
        scripted(busy("2", code, status), problem("STOP", 400)) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError) as caught,
    ):
        ALL[call](client)
    assert (caught.value.code, sleeper.waits) == ("STOP", [2.0])
    first, second = script.received
    assert (first.path, len(first.body)) == (second.path, len(second.body))


@pytest.mark.parametrize("call", HARMLESS)
def test_a_lost_answer_to_what_is_harmless_is_asked_for_again(sleeper: Sleeper, call: str) -> None:
    with (
        scripted(LOST, LOST, problem("STOP", 400)) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError) as caught,
    ):
        HARMLESS[call](client)
    assert (caught.value.code, sleeper.waits) == ("STOP", [0.5, 1.0])
    assert len(script.received) == 3


@pytest.mark.parametrize("reply", [LOST, Reply(503, b"<html>"), Reply(429, b"<html>")])
@pytest.mark.parametrize("call", CHANGING)
def test_what_may_have_been_done_is_not_done_again(
    sleeper: Sleeper, call: str, reply: Reply
) -> None:
    with (
        scripted(reply, DELETED) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError),
    ):
        CHANGING[call](client)
    assert (sleeper.waits, len(script.received)) == ([], 1)


def test_what_a_proxy_refuses_is_asked_again_where_it_is_harmless(sleeper: Sleeper) -> None:
    with (
        scripted(Reply(503, b"<html>", {"Retry-After": "4"}), OK) as script,
        sleeper.client(script) as client,
    ):
        client.subject("ann")
    assert sleeper.waits == [4.0]


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 502, 507])
def test_other_errors_stay_what_they_are(sleeper: Sleeper, status: int) -> None:
    with (
        scripted(busy("1", "SOMETHING", status), OK) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError),
    ):
        client.subject("ann")
    assert (sleeper.waits, len(script.received)) == ([], 1)


def test_it_is_asked_again_so_often_and_no_more(sleeper: Sleeper) -> None:
    with (
        scripted(busy("1")) as script,
        sleeper.client(script, count=2) as client,
        pytest.raises(BusyError) as caught,
    ):
        client.subject("ann")
    assert (sleeper.waits, len(script.received)) == ([1.0, 1.0], 3)
    assert caught.value.retry_after == 1.0


def test_it_waits_so_long_in_all_and_no_more(sleeper: Sleeper) -> None:
    with (
        scripted(busy("4"), busy("5"), busy("2", "RATE_LIMITED", 429)) as script,
        sleeper.client(script, total=10) as client,
        pytest.raises(RateLimitedError),
    ):
        client.subject("ann")
    assert (sleeper.waits, len(script.received)) == ([4.0, 5.0], 3)


def test_a_wait_that_is_too_long_is_not_begun(sleeper: Sleeper) -> None:
    with (
        scripted(busy("300", "SUBJECT_LOCKED", 429), OK) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError) as caught,
    ):
        client.subject("ann")
    assert (caught.value.retry_after, sleeper.waits) == (300.0, [])


def test_each_request_has_its_own_repetitions(sleeper: Sleeper) -> None:
    with (
        scripted(busy("1"), OK, busy("1"), OK) as script,
        sleeper.client(script, count=1, total=1) as client,
    ):
        client.subject("ann")
        client.subject("ann")
    assert sleeper.waits == [1.0, 1.0]


def test_whether_it_is_ready_is_asked_once(sleeper: Sleeper) -> None:
    with (
        scripted(busy("1", "NOT_READY")) as script,
        sleeper.client(script) as client,
        pytest.raises(NotReadyError),
    ):
        client.ready()
    assert (sleeper.waits, len(script.received)) == ([], 1)


class _NoConnection(BaseAdapter):
    """Fails to connect so often, then sends by another adapter."""

    def __init__(self, failures: int, then: BaseAdapter) -> None:
        super().__init__()
        self.left = failures
        self._then = then

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if self.left:
            self.left -= 1
            refused = NewConnectionError(None, "refused")  # type: ignore[arg-type]
            raise requests.ConnectionError(MaxRetryError(None, "/", refused))  # type: ignore[arg-type]
        return self._then.send(request, *args, **kwargs)

    def close(self) -> None:
        self._then.close()


@pytest.mark.parametrize("call", ALL)
def test_what_there_was_no_connection_for_is_sent_again(sleeper: Sleeper, call: str) -> None:
    with scripted(problem("STOP", 400)) as script, requests.Session() as session:
        session.mount("http://", _NoConnection(2, session.get_adapter("http://")))
        retries = Retries(sleep=sleeper.waits.append)
        with (
            FaceClient(script.url, retries=retries, session=session) as client,
            pytest.raises(FaceServiceError) as caught,
        ):
            ALL[call](client)
    assert (caught.value.code, sleeper.waits) == ("STOP", [0.5, 1.0])
    assert len(script.received) == 1


def test_no_connection_at_all_is_told_in_the_end(sleeper: Sleeper) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        script = Script([], f"http://127.0.0.1:{taken.getsockname()[1]}")
        with sleeper.client(script) as client, pytest.raises(ServerUnreachableError):
            client.enrol("ann", [b"x"])
    assert sleeper.waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("call", ["import_", "bulk"])
def test_a_file_is_sent_again_from_where_it_stood(sleeper: Sleeper, call: str) -> None:
    file = io.BytesIO(b"label" + b"content")
    file.seek(5)
    with (
        scripted(busy("1"), problem("STOP", 400)) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError),
    ):
        getattr(client, call)(file)
    assert [one.body for one in script.received] == [b"content"] * 2


def test_a_picture_file_is_sent_again(sleeper: Sleeper) -> None:
    with (
        scripted(busy("1"), LOST, problem("STOP", 400)) as script,
        sleeper.client(script) as client,
        pytest.raises(FaceServiceError),
    ):
        client.detect(io.BytesIO(b"the picture"))
    assert [one.body.count(b"the picture") for one in script.received] == [1, 1, 1]


class _Pipe(io.RawIOBase):
    """A file that cannot go back."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


@pytest.mark.parametrize("call", ["import_", "bulk"])
def test_a_file_that_cannot_go_back_is_sent_once(sleeper: Sleeper, call: str) -> None:
    with (
        scripted(busy("1"), OK) as script,
        sleeper.client(script) as client,
        pytest.raises(UnavailableError),
    ):
        getattr(client, call)(io.BufferedReader(_Pipe(b"content")))
    assert ([one.body for one in script.received], sleeper.waits) == ([b"content"], [])


def test_a_stream_that_broke_off_is_not_begun_anew(sleeper: Sleeper) -> None:
    with (
        scripted(Reply(body=b"x" * 1000, cut=10)) as script,
        sleeper.client(script) as client,
        pytest.raises(ServerUnreachableError, match="broke off"),
    ):
        client.export(io.BytesIO())
    assert (sleeper.waits, len(script.received)) == ([], 1)


def test_a_number_of_repetitions_will_do() -> None:
    assert Retries() == Retries(count=3, total_seconds=30.0)
    with (
        scripted(busy("0")) as script,
        FaceClient(script.url, retries=1) as client,
        pytest.raises(BusyError),
    ):
        client.subject("ann")
    assert len(script.received) == 2


def test_the_key_goes_along_and_a_netrc_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(OK) as script:
        for key in ("the-key", None):
            with FaceClient(script.url, key=key) as client:
                client.subject("ann")
        with requests.Session() as session:
            session.headers["X-Other"] = "kept"
            with FaceClient(script.url, key="the-key", session=session) as client:
                client.subject("ann")
            assert session.get(script.url, timeout=10).ok  # it is still open
    mine, nobodys, other, _ = (one.headers for one in script.received)
    assert mine["Authorization"] == other["Authorization"] == "Bearer the-key"
    assert "Authorization" not in nobodys
    assert other["X-Other"] == "kept"
    assert mine["User-Agent"].startswith("face-service-client/")


def test_a_service_may_lie_below_a_path() -> None:
    with scripted(OK) as script, FaceClient(f"{script.url}/faces/") as client:
        client.subject("a/b c")
    assert script.received[0].path == "/faces/v1/subjects/a%2Fb%20c?embedding=false"
