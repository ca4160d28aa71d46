"""What the journal survives: torn ends, damaged lines, full disks, other formats, privacy."""

import base64
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from face_service.errors import GalleryUnreadableError
from face_service.store.gallery import record
from face_service.store.gallery.compaction import CompactionReport
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Face
from face_service.store.gallery.limits import GalleryLimits
from tests.store.gallery.enrolling import GRAPH, damage_line, ids, journal, names, new_face, unit


def face_line(subject: str, seed: int = 0, graph: str = GRAPH, dimension: int = 8) -> bytes:
    face = Face(f"{seed:016x}", subject, 0.0, graph, "", {}, (), unit(seed, dimension))
    return record.encode(record.add(face))


def append(folder: Path, data: bytes) -> None:
    with journal(folder).open("ab") as file:
        file.write(data)


def quarantined(folder: Path) -> list[dict[str, object]]:
    path = folder / "gallery.quarantine.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_torn_record_is_ignored_by_readers_and_cut_by_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = FlatFileGallery(tmp_path)
    reader.add([new_face("Ada")])
    whole = journal(tmp_path).read_bytes()
    append(tmp_path, face_line("secret")[:-30])
    assert names(reader) == ["Ada"]
    assert journal(tmp_path).read_bytes() != whole
    FlatFileGallery(tmp_path).open()
    assert journal(tmp_path).read_bytes() == whole
    (message,) = [one.getMessage() for one in caplog.records]
    assert message.endswith(f"{len(face_line('secret')) - 30} bytes cut")
    assert reader.problems == []


def test_a_record_that_lacks_only_its_newline_is_completed(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    append(tmp_path, face_line("Bob")[:-1])
    assert names(gallery) == ["Ada"]
    gallery.add([new_face("Eve")])
    assert names(gallery) == ["Ada", "Bob", "Eve"]
    assert gallery.problems == []


def test_a_reader_takes_a_record_once_it_is_whole(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    line = face_line("Bob")
    for part in (line[:5], line[5:-1]):
        append(tmp_path, part)
        assert names(gallery) == ["Ada"]
    append(tmp_path, line[-1:])
    assert names(gallery) == ["Ada", "Bob"]


@pytest.mark.parametrize("kept", [1, 2])
def test_of_a_replacement_that_was_not_written_whole_nothing_counts(
    tmp_path: Path, kept: int
) -> None:
    gallery = FlatFileGallery(tmp_path)
    (old,) = gallery.add([new_face("Ada", 1)])
    before = journal(tmp_path).read_bytes()
    gallery.add([new_face("Ada", 2), new_face("Ada", 3)], replace=True)
    lines = journal(tmp_path).read_bytes()[len(before) :].splitlines(keepends=True)
    assert len(lines) == 3
    journal(tmp_path).write_bytes(before + b"".join(lines[:kept]))
    assert ids(gallery) == ids(FlatFileGallery(tmp_path)) == [old.id]
    gallery.open()
    assert journal(tmp_path).read_bytes() == before


def test_a_step_with_a_damaged_line_keeps_what_is_left_of_it(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face(name) for name in ("Ada", "Bob", "Cem")])
    content = journal(tmp_path).read_bytes()
    second_newline = content.index(b"\n", content.index(b"Bob"))
    # The newline itself is damaged: two lines have become one, and no third will follow.
    journal(tmp_path).write_bytes(
        content[:second_newline] + b"\x0b" + content[second_newline + 1 :]
    )
    reopened = FlatFileGallery(tmp_path)
    reopened.open()
    assert names(reopened) == ["Ada"]
    assert reopened.problems == [(3, "checksum")]
    reopened.add([new_face("Dan"), new_face("Eve")])
    assert names(FlatFileGallery(tmp_path)) == ["Ada", "Dan", "Eve"]


def test_a_damaged_line_is_skipped_told_and_kept_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face(name) for name in ("Ada", "secret", "Eve")])
    gallery.close()
    damage_line(journal(tmp_path), 3)
    damaged = journal(tmp_path).read_bytes().splitlines()[2]
    for _ in range(3):
        opened = FlatFileGallery(tmp_path)
        assert names(opened) == ["Ada", "Eve"]
        assert opened.problems == [(3, "checksum")]
        opened.close()
    (kept,) = quarantined(tmp_path)
    assert (kept["line"], kept["reason"]) == (3, "checksum")
    assert base64.b64decode(str(kept["bytes"])) == damaged
    assert "line 3 is skipped: checksum" in caplog.text
    assert "secret" not in caplog.text
    report = opened.compact()
    assert (report.faces, report.dropped) == (2, 1)
    assert (opened.problems, len(quarantined(tmp_path))) == ([], 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\n", "checksum"),
        (b"damaged\n", "checksum"),
        (face_line("Bob", graph="other"), "another fingerprint"),
        (face_line("Bob", dimension=16), "vector length"),
        (record.encode({"op": "forget", "time": "2024-01-01T00:00:00Z"}), "unknown operation"),
        (
            record.encode({**record.decode(face_line("B")[:-1]), "time": "2024-01-01T00:00:00Z"}),
            "",
        ),
    ],
)
def test_each_kind_of_damage_has_its_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    FlatFileGallery(tmp_path).add([new_face("Ada")])
    append(tmp_path, line)
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Eve")])
    if not reason:  # the last one is whole: the others are not refused for how they were made
        assert (names(gallery), gallery.problems) == (["Ada", "B", "Eve"], [])
        return
    assert names(gallery) == ["Ada", "Eve"]
    ((number, told),) = gallery.problems
    assert number == 3
    assert told.startswith(reason)


@pytest.mark.parametrize("value", [np.nan, 5.0])
def test_a_stored_vector_that_is_no_embedding_is_skipped(tmp_path: Path, value: float) -> None:
    FlatFileGallery(tmp_path).add([new_face("Ada")])
    face = Face("0" * 16, "Bob", 0.0, GRAPH, "", {}, (), np.full(8, value, np.float32))
    append(tmp_path, record.encode(record.add(face)))
    gallery = FlatFileGallery(tmp_path)
    assert (names(gallery), gallery.count()) == (["Ada"], (1, 1))
    assert gallery.problems == [(3, "not an embedding")]
    assert len(gallery.search(unit(1)[None], GRAPH, 5)[0]) == 1
    gallery.compact()
    assert (names(gallery), gallery.problems) == (["Ada"], [])


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_journal_of_another_version_is_left_alone(tmp_path: Path, end: bytes) -> None:
    content = b'{"op":"header","format":"face-gallery","version":2}' + end
    journal(tmp_path).write_bytes(content)
    gallery = FlatFileGallery(tmp_path)
    for use in (gallery.open, gallery.count, gallery.compact, lambda: gallery.add([new_face("A")])):
        with pytest.raises(GalleryUnreadableError):
            use()
    assert journal(tmp_path).read_bytes() == content


def test_an_empty_or_torn_header_is_written_again(tmp_path: Path) -> None:
    for content in (b"", b'{"op":"head'):
        journal(tmp_path).write_bytes(content)
        gallery = FlatFileGallery(tmp_path)
        gallery.open()
        gallery.add([new_face("Ada")])
        assert [json.loads(line)["op"] for line in journal(tmp_path).read_bytes().splitlines()] == [
            "header",
            "add",
        ]
        assert FlatFileGallery(tmp_path).problems == []


def test_a_damaged_header_costs_nothing_but_itself(tmp_path: Path) -> None:
    FlatFileGallery(tmp_path).add([new_face("Ada")])
    damage_line(journal(tmp_path), 1)
    gallery = FlatFileGallery(tmp_path)
    assert (names(gallery), gallery.problems) == (["Ada"], [(1, "checksum")])


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_what_the_disk_refuses_is_not_enrolled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    gallery, other = FlatFileGallery(tmp_path), FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    content = journal(tmp_path).read_bytes()
    write = os.write
    sent: list[int] = []

    def refuse(file: int, data: bytes = b"") -> int:
        if call == "write" and not sent:
            sent.append(write(file, data[:100]))  # the disk fills while it is written
            return sent[0]
        names(other)  # somebody reads what will be taken back
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(OSError, match="No space left"):
            gallery.add([new_face("Bob")])
    assert journal(tmp_path).read_bytes() == content
    assert names(gallery) == names(other) == ["Ada"]
    gallery.add([new_face("Cem")])  # as long as what was taken back
    assert names(gallery) == names(other) == ["Ada", "Cem"]


def test_an_acknowledged_face_was_synced_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    synced: list[int] = []
    fdatasync = os.fdatasync

    def record_size(file: int) -> None:
        fdatasync(file)
        synced.append(os.fstat(file).st_size)

    monkeypatch.setattr(os, "fdatasync", record_size)
    gallery.add([new_face("Bob"), new_face("Eve")])
    assert synced == [journal(tmp_path).stat().st_size]


def test_a_file_cut_and_grown_again_is_loaded_anew(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    before = journal(tmp_path).stat().st_size
    gallery.add([new_face("Bob")])
    assert names(gallery) == ["Ada", "Bob"]
    os.truncate(journal(tmp_path), before)
    append(tmp_path, face_line("Cem", 1) + face_line("Dan", 2) + face_line("Eve", 3))
    assert names(gallery) == ["Ada", "Cem", "Dan", "Eve"]


def test_a_file_taken_away_or_put_in_place_is_noticed(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    journal(tmp_path).rename(tmp_path / "kept")
    assert gallery.count() == (0, 0)
    gallery.add([new_face("Bob")])
    (tmp_path / "kept").rename(journal(tmp_path))
    assert names(gallery) == ["Ada"]


def test_nothing_of_who_was_deleted_renamed_or_replaced_outlives_compaction(
    tmp_path: Path,
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("deleted", 1), new_face("renamed", 2), new_face("merged", 3)])
    gallery.add([new_face("Ada", 4)])
    gallery.add([new_face("Ada", 5)], replace=True)
    gone = [*ids(gallery, "deleted"), "deleted", "renamed", "merged"]
    gone += [base64.b64encode(unit(seed).tobytes()).decode() for seed in (1, 4)]
    gallery.delete("deleted")
    gallery.rename("renamed", "Bob")
    gallery.rename("merged", "Bob", merge=True)
    before = {face.id: (face.subject, face.time) for face in gallery.iterate()}
    content = journal(tmp_path).read_text()
    assert all(one in content for one in gone)
    size = len(content.encode())
    report = gallery.compact()
    content = journal(tmp_path).read_text()
    assert not any(one in content for one in gone)
    assert report == CompactionReport(3, 6, size, len(content.encode()))
    assert {face.id: (face.subject, face.time) for face in gallery.iterate()} == before


def test_a_compaction_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada"), new_face("Bob")])
    gallery.delete("Bob")
    content = journal(tmp_path).read_bytes()

    def refuse(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            gallery.compact()
    assert journal(tmp_path).read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gallery.lock", "gallery.jsonl"]


def test_a_line_that_rots_after_loading_stops_compaction_and_is_found_by_the_next_start(
    tmp_path: Path,
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada"), new_face("Bob"), new_face("Eve")])
    assert gallery.count() == (3, 3)  # has read all
    status = journal(tmp_path).stat()
    with journal(tmp_path).open("r+b") as file:
        file.seek(journal(tmp_path).read_bytes().index(b'"Bob"'))
        file.write(b'"Rob"')
    os.utime(journal(tmp_path), ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(OSError, match="cannot be read any more"):
        gallery.compact()
    with pytest.raises(OSError, match="cannot be read any more"):
        list(gallery.iterate("Bob"))
    gallery.close()
    assert names(gallery) == ["Ada", "Eve"]
    assert gallery.compact().faces == 2


def test_compaction_is_due_by_the_age_of_a_deletion_or_by_how_much_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_700_000_000.0
    limits = GalleryLimits(compact_after=100, max_subject_faces=10_000)
    gallery = FlatFileGallery(tmp_path, limits, lambda: now)
    gallery.add([new_face("Ada", number) for number in range(1200)])
    assert not gallery.needs_compaction(now + 10**6)
    first = ids(gallery)[0]
    gallery.delete("Ada", first)
    assert not gallery.needs_compaction(now + 99)
    assert gallery.needs_compaction(now + 101)
    gallery.compact()
    assert not gallery.needs_compaction(now + 101)
    gallery.add([new_face("Bob", number) for number in range(600)])
    gallery.delete("Ada")
    assert gallery.needs_compaction(now)


def test_what_a_killed_compaction_left_is_swept(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("Ada")])
    part = tmp_path / ".gallery.jsonl.0123abcd.part"
    for use in (gallery.open, gallery.compact):
        part.write_bytes(b"faces")
        use()
        assert not part.exists()


def test_a_torn_quarantine_file_takes_more(tmp_path: Path) -> None:
    (tmp_path / "gallery.quarantine.jsonl").write_bytes(b'{"line": 3, "by')
    FlatFileGallery(tmp_path).add([new_face("Ada"), new_face("Bob")])
    damage_line(journal(tmp_path), 2)
    assert FlatFileGallery(tmp_path).problems
    lines = (tmp_path / "gallery.quarantine.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["line"] == 2


def test_reading_goes_on_where_copies_cannot_be_kept_but_compaction_insists(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    FlatFileGallery(tmp_path).add([new_face("Ada"), new_face("Bob")])
    damage_line(journal(tmp_path), 2)
    (tmp_path / "gallery.quarantine.jsonl").mkdir()
    gallery = FlatFileGallery(tmp_path)
    assert names(gallery) == ["Bob"]
    assert "could not be copied" in caplog.text
    content = journal(tmp_path).read_bytes()
    with pytest.raises(IsADirectoryError):
        gallery.compact()
    assert journal(tmp_path).read_bytes() == content
