"""The client's operations on the whole gallery, against the application itself."""

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from face_service.client import (
    BulkSummary,
    EmbeddingMismatchError,
    FaceClient,
    ForbiddenError,
    ImportInvalidError,
    ImportOutcome,
    NotAPictureError,
    Picture,
    TooLargeError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from face_service.client.bulk import PackedFiles, files_in_folder
from face_service.store.api_keys import ApiKeys
from face_service.store.feature_file import format_embedding
from tests.client.answers import as_json
from tests.client.conftest import Connect, Recorder
from tests.client.serving import Reply, scripted
from tests.fakes.commands import write_files
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import unit
from tests.web.v1.zips import pack

PEOPLE = {"ann/1.png": face_file(1), "張/1.png": face_file(3), "bob/1.png": blank_file()}


def test_named_pictures_are_enrolled_each_on_its_own(face_client: FaceClient) -> None:
    files: list[tuple[str, Picture]] = [
        ("ann/1.png", face_file(1)),
        ("bob/1.png", io.BytesIO(face_file(2))),
        ("bob/2.png", blank_file()),
        ("bob/3.png", b"text"),
        ("loose.png", face_file(3)),
    ]
    with face_client.bulk(files) as results:
        before = results.summary
        found = list(results)
    assert before is None
    assert results.summary == BulkSummary(enrolled=2, refused=1, failed=2)
    assert [one.status for one in found] == ["enrolled", "enrolled", "refused", "failed", "failed"]
    ann, bob, blank, text, loose = found
    assert ann.face_id == face_client.subject("ann").faces[0].face_id
    assert (bob.file, bob.subject, bob.warnings, bob.reasons) == ("bob/1.png", "bob", (), ())
    assert ([reason.code for reason in blank.reasons], blank.face_id) == (["NO_FACE"], None)
    assert (text.code, text.face_id, text.reasons) == ("NOT_A_PICTURE", None, ())
    assert (loose.code, loose.subject) == ("INVALID_SUBJECT", "")
    assert face_client.subject("ann").faces[0].source == "bulk"


def test_a_folder_is_sent_without_what_is_hidden(face_client: FaceClient, tmp_path: Path) -> None:
    clutter = {".git/x.png": b"", "ann/.x.png": b"", "ann/Thumbs.db": b"", "loose.png": b""}
    folder = write_files(tmp_path / "people", PEOPLE | clutter | {"ann/deep/x.png": b""})
    assert [name for name, _ in files_in_folder(folder)] == ["ann/1.png", "bob/1.png", "張/1.png"]
    results = face_client.bulk(folder)
    assert [(one.file, one.status) for one in results] == [
        ("ann/1.png", "enrolled"),
        ("bob/1.png", "refused"),
        ("張/1.png", "enrolled"),
    ]
    assert results.summary == BulkSummary(enrolled=2, refused=1, failed=0)


@pytest.mark.parametrize("form", ["path", "file"])
def test_a_zip_is_sent_as_it_is(face_client: FaceClient, tmp_path: Path, form: str) -> None:
    path = tmp_path / "people.zip"
    path.write_bytes(pack(PEOPLE))
    with path.open("rb") as file:
        results = face_client.bulk(path if form == "path" else file)
        assert [one.subject for one in results] == ["ann", "張", "bob"]


def test_one_subject_for_all_and_poor_pictures_by_force(face_client: FaceClient) -> None:
    from tests.people.conftest import small_file

    files = [("1.png", small_file(1)), ("x/2.png", face_file(1))]
    assert [one.status for one in face_client.bulk(files, subject="ann")] == ["refused", "enrolled"]
    forced = face_client.bulk(files, subject="ann", force=True)
    assert [(one.subject, one.status) for one in forced] == [("ann", "enrolled")] * 2
    assert len(face_client.subject("ann").faces) == 3


def test_files_that_cannot_be_read_do_not_keep_others_out(
    face_client: FaceClient, tmp_path: Path
) -> None:
    files: list[tuple[str, Picture]] = [
        ("ann/1.png", str(tmp_path / "absent")),
        ("bob/\udcff.png", face_file(2)),
    ]
    results = face_client.bulk([*files, ("bob/1.png", face_file(2))])
    bob, absent, nameless = results
    assert (bob.subject, bob.status) == ("bob", "enrolled")
    assert (absent.file, absent.subject, absent.status) == ("ann/1.png", "ann", "failed")
    assert absent.code == nameless.code == "UNREADABLE_FILE"
    assert absent.detail == "cannot be read: No such file or directory"
    assert nameless.detail == "cannot be read: its name is no text"
    assert results.summary == BulkSummary(enrolled=1, refused=0, failed=2)


def test_what_is_no_zip_or_too_much_is_refused_as_a_whole(connect: Connect) -> None:
    client = connect(max_bulk_files="1")
    with pytest.raises(NotAPictureError):
        client.bulk(io.BytesIO(b"text"))
    with pytest.raises(TooLargeError):
        client.bulk([("ann/1.png", face_file(1)), ("ann/2.png", face_file(1))])
    with pytest.raises(FileNotFoundError):
        client.bulk("/absent/people.zip")


def test_work_that_was_given_up_is_an_error_after_its_results(connect: Connect) -> None:
    first, second = face_file(1), face_file(2)
    client = connect(max_bulk_bytes=str(len(first) + len(second) // 2 + 400))
    results = client.bulk(io.BytesIO(pack({"ann/1.png": first, "bob/1.png": b"0" * 10_000})))
    told = []
    with pytest.raises(TooLargeError) as caught:
        told += [next(results)]
        told += list(results)
    assert [one.subject for one in told] == ["ann"]
    assert caught.value.detail == "the ZIP unpacks to more bytes than the service takes"
    assert results.summary == BulkSummary(enrolled=1, refused=0, failed=0)


def test_results_that_break_off_are_no_end() -> None:
    line = (
        b'{"file": "a/1", "subject": "a", "status": "enrolled", "face_id": "0", "warnings": []}\n'
    )
    with scripted(Reply(body=line)) as script, FaceClient(script.url) as client:
        results = client.bulk([("a/1", b"x")])
        assert next(results).face_id == "0"
        with pytest.raises(UnexpectedAnswerError, match="no summary"):
            next(results)
        assert results.summary is None


def test_a_result_is_told_before_the_next_one_is_known() -> None:
    line = {"file": "a/1", "subject": "a", "status": "enrolled", "face_id": "0", "warnings": []}
    end = {"summary": {"enrolled": 1, "refused": 0, "failed": 0}}
    gate = threading.Event()
    body = f"{json.dumps(line)}\n{json.dumps(end)}\n".encode()
    with scripted(Reply(body=body, gate=gate)) as script, FaceClient(script.url) as client:
        results = client.bulk([("a/1", b"x")])
        assert next(results).face_id == "0"
        gate.set()
        assert list(results) == []
        assert results.summary == BulkSummary(enrolled=1, refused=0, failed=0)
    assert not script.waited_in_vain
    # The ZIP is not made before it is sent, either.
    assert script.received[0].headers["Transfer-Encoding"] == "chunked"


def test_a_zip_is_made_in_pieces_and_once_more(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    later = io.BytesIO(b"skipped" + data)
    later.seek(7)
    packed = PackedFiles([("a/1", data), ("b/張", later), ("c/3", tmp_path / "absent")])
    first = list(packed.pieces())
    assert max(map(len, first)) <= 65_536
    for pieces in (first, list(packed.pieces())):
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
            assert {one.filename: archive.read(one) for one in archive.infolist()} == {
                "a/1": data,
                "b/張": data,
            }
    assert packed.unreadable == {"c/3": "No such file or directory"}
    assert packed.repeatable


def test_an_export_goes_out_and_in(face_client: FaceClient, recorder: Recorder) -> None:
    face_client.enrol("ann", [face_file(1), face_file(1)])
    face_client.enrol("bob", [face_file(2)])
    file = io.BytesIO()
    assert face_client.export(file) == 3
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert (lines[0]["format"], lines[-1]) == ("face-export", {"end": True, "faces": 3})
    assert face_client.delete("bob") == 1
    file.seek(0)
    outcome = face_client.import_(file)
    assert (outcome, as_json(outcome)) == (ImportOutcome(imported=1, skipped=2), recorder.last)
    assert [one.subject for one in face_client.subjects()] == ["ann", "bob"]


def test_a_feature_file_needs_its_subject(face_client: FaceClient, tmp_path: Path) -> None:
    path = tmp_path / "feature.txt"
    path.write_text(format_embedding(unit(1)))
    with pytest.raises(ImportInvalidError, match="name its subject"):
        face_client.import_(path)
    assert face_client.import_(path, subject="ann") == ImportOutcome(imported=1, skipped=0)
    assert face_client.import_(str(path), subject="ann") == ImportOutcome(imported=0, skipped=1)
    path.write_text("1,2,3")
    with pytest.raises(EmbeddingMismatchError):
        face_client.import_(path, subject="ann")


@pytest.mark.parametrize("cut", [-1, -30, 200])
def test_an_export_that_is_cut_off_is_told(face_client: FaceClient, cut: int) -> None:
    face_client.enrol("ann", [face_file(1)])
    whole = io.BytesIO()
    face_client.export(whole)
    with scripted(Reply(body=whole.getvalue()[:cut])) as script:
        client = FaceClient(script.url)
        with client, pytest.raises(UnexpectedAnswerError, match="cut off"):
            client.export(io.BytesIO())


def tokens(root: Path) -> Iterator[str]:
    for scope in ("recognize", "enrol", "admin"):
        yield ApiKeys(root / "face").create(scope, [scope])[1]


def test_a_key_opens_what_its_scope_covers(connect: Connect, tmp_path: Path) -> None:
    recognize, enrol, admin = tokens(tmp_path)
    url = connect()._transport.url
    files = [("ann/1.png", face_file(1) * 50)]  # more than fits into a socket's buffer
    with FaceClient(url) as nobody:
        nobody.health()
        with pytest.raises(UnauthorizedError):
            nobody.detect(face_file(1))
        with pytest.raises(UnauthorizedError):
            nobody.bulk(files)
    with FaceClient(url, key=recognize) as client:
        assert len(client.detect(face_file(1)).faces) == 1
        with pytest.raises(ForbiddenError) as caught:
            list(client.subjects())
        assert caught.value.detail == "the API key does not have the scope 'enrol'"
    with FaceClient(url, key=enrol) as client:
        client.enrol("ann", [face_file(1)])
        with pytest.raises(ForbiddenError):
            client.export(io.BytesIO())
    with FaceClient(url, key=admin) as client:
        assert client.export(io.BytesIO()) == 1
        assert admin not in repr(client)
