import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from face_service.composition import Parts
from face_service.errors import (
    BusyError,
    EnrolmentRefusedError,
    InvalidSubjectError,
    ServiceError,
    TooLargeError,
)
from face_service.people import bulk
from face_service.people.bulk import (
    BulkFile,
    BulkResult,
    enrol_files,
    files_in_folder,
    is_clutter,
    subject_in,
)
from face_service.people.enrolment import EnrolledFace, Enrolment, EnrolOptions
from face_service.people.samples import Sample
from face_service.store.gallery.interface import Face
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import small_file, unit

PLAIN = EnrolOptions()


def file_of(subject: str, data: bytes | Exception, name: str = "one.png") -> BulkFile:
    """Return a file that holds ``data``, or cannot be read."""

    def read() -> bytes:
        if isinstance(data, Exception):
            raise data
        return data

    return BulkFile(subject, f"{subject}/{name}", read)


class FakeEnrolment(Enrolment):
    """Enrols whatever it is given, after what ``behave`` does with the subject."""

    def __init__(self, behave: Callable[[str], None]) -> None:
        self._behave = behave
        self.begun: list[str] = []

    def enrol(
        self, subject: str, samples: Sequence[Sample], options: EnrolOptions
    ) -> list[EnrolledFace]:
        self.begun.append(subject)
        self._behave(subject)
        face = Face("0" * 16, subject, 0.0, "card", options.source, {}, (), unit(1))
        return [EnrolledFace(face, [])]


def busy() -> BusyError:
    """Return a refusal that asks to come again at once."""
    error = BusyError("too many requests are in work already")
    error.retry_after = 0
    return error


def test_results_come_in_the_files_order_whoever_is_done_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    last_of_a_round = threading.Event()

    def behave(subject: str) -> None:
        if subject == "0":
            assert last_of_a_round.wait(30)
        if subject == "3":
            last_of_a_round.set()

    files = [file_of(str(number), b"") for number in range(20)]
    results = list(enrol_files(FakeEnrolment(behave), files, PLAIN))
    assert [result.file.subject for result in results] == [str(number) for number in range(20)]


def test_one_bad_file_does_not_keep_the_others_out(parts: Parts) -> None:
    files = [
        file_of("ann", face_file(1)),
        file_of("bob", b"text"),
        file_of("cid", OSError(13, "Permission denied", "/secret/cid")),
        file_of("a/b", face_file(2)),
        file_of("dan", small_file(3)),
        file_of("eve", blank_file()),
        file_of("fay", ZeroDivisionError("fay")),
        file_of("gus", face_file(4)),
    ]
    results = [result.as_dict() for result in enrol_files(parts.enrolment, files, PLAIN)]
    assert [result["status"] for result in results] == [
        "enrolled",
        *["failed"] * 3,
        *["refused"] * 2,
        "failed",
        "enrolled",
    ]
    assert [result.get("code") for result in results] == [
        None,
        "NOT_A_PICTURE",
        "INTERNAL",
        "INVALID_SUBJECT",
        None,
        None,
        "INTERNAL",
        None,
    ]
    assert results[2]["detail"] == "cannot be read: Permission denied"
    assert results[6]["detail"] == "internal error"
    assert [reason["code"] for reason in results[4]["reasons"]] == ["FACE_TOO_SMALL"]
    assert {face.subject for face in parts.gallery.iterate()} == {"ann", "gus"}


def test_enrolled_line_has_the_face_and_its_warnings(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(1)], PLAIN)
    how = EnrolOptions(source="folder")
    (result,) = enrol_files(parts.enrolment, [file_of("bob", face_file(1))], how)
    (face,) = parts.gallery.iterate("bob")
    assert face.source == "folder"
    line = result.as_dict()
    warnings = line.pop("warnings")
    assert line == {
        "file": "bob/one.png",
        "subject": "bob",
        "status": "enrolled",
        "face_id": face.id,
    }
    assert [(warning["code"], warning["subject"]) for warning in warnings] == [
        ("ALREADY_ENROLLED_AS", "ann")
    ]


def test_force_reaches_every_file(parts: Parts) -> None:
    how = EnrolOptions(force=True)
    files = [file_of("ann", small_file(1)), file_of("bob", blank_file())]
    results = [result.as_dict()["status"] for result in enrol_files(parts.enrolment, files, how)]
    assert results == ["enrolled", "refused"]


def test_busy_is_waited_for() -> None:
    refusals = iter([busy(), busy()])

    def behave(_: str) -> None:
        for error in refusals:
            raise error

    enrolment = FakeEnrolment(behave)
    (result,) = enrol_files(enrolment, [file_of("ann", b"")], PLAIN)
    assert result.as_dict()["status"] == "enrolled"
    assert enrolment.begun == ["ann"] * 3


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_PATIENCE_SECONDS", -1.0)

    def behave(_: str) -> None:
        raise busy()

    (result,) = enrol_files(FakeEnrolment(behave), [file_of("ann", b"")], PLAIN)
    assert result.as_dict()["code"] == "BUSY"


def test_no_files_no_results(parts: Parts) -> None:
    assert list(enrol_files(parts.enrolment, [], PLAIN)) == []


def test_reader_that_goes_away_stops_the_work() -> None:
    read: list[int] = []

    def endless() -> Iterator[BulkFile]:
        for number in range(1_000_000):
            read.append(number)
            yield file_of(str(number), b"")

    enrolment = FakeEnrolment(lambda _: None)
    results = enrol_files(enrolment, endless(), PLAIN)
    next(results)
    results.close()
    assert len(read) == 8  # as many as are in memory at once
    assert len(enrolment.begun) <= 8


def test_reader_that_goes_away_ends_the_waiting_of_busy_files() -> None:
    waiting = threading.Event()

    def behave(subject: str) -> None:
        if subject == "ann":
            return
        error = BusyError("full", retry_after=50)
        waiting.set()
        raise error

    files = [file_of("ann", b""), *[file_of("bob", b"")] * 7]
    results = enrol_files(FakeEnrolment(behave), files, PLAIN)
    assert next(results).as_dict()["status"] == "enrolled"
    assert waiting.wait(30)
    ended = threading.Thread(target=results.close)
    ended.start()
    ended.join(30)
    assert not ended.is_alive()


def test_files_that_break_off_do_so_after_the_results_of_those_before() -> None:
    def files() -> Iterator[BulkFile]:
        yield file_of("ann", b"")
        yield file_of("bob", b"")
        raise TooLargeError("the ZIP unpacks to more bytes than the service takes")

    results = enrol_files(FakeEnrolment(lambda _: None), files(), PLAIN)
    assert [next(results).file.subject for _ in range(2)] == ["ann", "bob"]
    with pytest.raises(TooLargeError):
        next(results)


def test_result_of_a_refusal_has_its_reasons() -> None:
    refused = EnrolmentRefusedError("no", [{"sample": 0, "code": "BLURRED"}])
    line = BulkResult(file_of("ann", b""), None, refused).as_dict()
    assert line == {
        "file": "ann/one.png",
        "subject": "ann",
        "status": "refused",
        "reasons": [{"sample": 0, "code": "BLURRED"}],
    }


def test_result_of_an_error_has_its_code() -> None:
    line = BulkResult(file_of("ann", b""), None, ServiceError("why")).as_dict()
    assert (line["status"], line["code"], line["detail"]) == ("failed", "INTERNAL", "why")


def test_folders_are_subjects_in_order(tmp_path: Path) -> None:
    for name in ("bob/2.png", "bob/1.png", "ann/x.jpg", "ann/.hidden.png", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "loose.png").write_bytes(b"")
    (tmp_path / "ann" / "deeper").mkdir()
    (tmp_path / "ann" / "deeper" / "y.png").write_bytes(b"")
    (tmp_path / "bob" / "Thumbs.db").write_bytes(b"")
    files = files_in_folder(tmp_path, 100)
    assert [(file.subject, file.name) for file in files] == [
        ("ann", "ann/x.jpg"),
        ("bob", "bob/1.png"),
        ("bob", "bob/2.png"),
    ]
    assert [file.read() for file in files] == [b"ann/x.jpg", b"bob/1.png", b"bob/2.png"]


def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "film.mkv").write_bytes(b"x" * 1000)
    (file,) = files_in_folder(tmp_path, 10)
    assert file.read() == b"x" * 11


def test_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert files_in_folder(tmp_path / "absent", 10) == []


@pytest.mark.parametrize(
    ("name", "clutter"),
    [
        ("ann/1.png", False),
        ("1.png", False),
        ("../1.png", False),
        ("ann/a.b.png", False),
        ("ann/.1.png", True),
        (".ann/1.png", True),
        ("__MACOSX/ann/._1.png", True),
        ("x/__MACOSX/1.png", True),
        ("ann/Thumbs.db", True),
        ("ann\\.DS_Store", True),
        ("ann\\desktop.ini", True),
    ],
)
def test_clutter_is_what_desktops_leave_behind(name: str, clutter: bool) -> None:
    assert is_clutter(name) is clutter


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("ann/1.png", "ann"),
        ("all/ann/1.png", "ann"),
        ("./ann/1.png", "ann"),
        ("ann\\1.png", "ann"),
        ("../1.png", ".."),  # which is no name, and refused as one
    ],
)
def test_subject_is_the_folder_of_the_file(name: str, subject: str) -> None:
    assert subject_in(name) == subject


@pytest.mark.parametrize("name", ["1.png", "./1.png", ""])
def test_file_in_no_folder_has_no_subject(name: str) -> None:
    with pytest.raises(InvalidSubjectError):
        subject_in(name)


def test_log_of_a_failing_file_holds_no_names(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    files = [
        file_of("Zebedee", KeyError("Zebedee")),
        file_of("Zebedee", OSError(2, "No such file", "Zebedee/one.png")),
        file_of("Zebedee", b"text"),
        file_of("Zebedee", face_file(1)),
    ]
    statuses = [r.as_dict()["status"] for r in enrol_files(parts.enrolment, files, PLAIN)]
    assert statuses == ["failed", "failed", "failed", "enrolled"]
    own = [record for record in caplog.records if record.name.startswith("face_service")]
    (message,) = [record.getMessage() for record in own]
    assert message.startswith("a file of a bulk enrolment failed: KeyError\n")
    assert "in _enrol_one" in message  # where it was
    assert "Zebedee" not in caplog.text
