"""What a serving process does beside its requests."""

import logging
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from face_service.store.gallery.compaction import CompactionReport
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.limits import GalleryLimits
from face_service.store.uploads import UploadStore
from face_service.web import upkeep
from face_service.web.components import Components, components_of
from face_service.web.upkeep import open_gallery, sweep
from tests.fakes.pictures import face_file
from tests.people.conftest import new_face
from tests.web.posting import upload

JOURNAL = "gallery.jsonl"


@pytest.fixture
def parts(app: Flask) -> Components:
    return components_of(app)


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    """Hear what is logged at INFO and above."""
    caplog.set_level(logging.INFO, "face_service")


def journal_of(parts: Components) -> Path:
    return parts.settings.face_dir / JOURNAL


def test_the_gallery_is_read_and_counted_at_the_start(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    parts.gallery.add([new_face(parts, "ann", 1), new_face(parts, "ann", 2)])
    open_gallery(parts)
    record = next(record for record in caplog.records if record.message == "gallery read")
    assert (record.fields["subjects"], record.fields["faces"]) == (1, 2)  # type: ignore[attr-defined]


def test_a_gallery_of_another_embedder_is_told_at_the_start_with_the_ways_out(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    parts.gallery.add([new_face(parts, "ann", 1, fingerprint="0123456789abcdef")])
    open_gallery(parts)
    assert (
        "the gallery cannot be used: its faces were made by another graph or preprocessing "
        f"(0123456789abcdef) than the loaded one ({parts.engine.embedder.fingerprint}): choose "
        "the embedder that they were enrolled with (FACE_EMBEDDER), or run `python -m "
        "face_service reembed`"
    ) in caplog.text


def test_a_gallery_of_the_loaded_embedder_or_none_is_not_complained_of(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    open_gallery(parts)
    parts.gallery.add([new_face(parts, "ann", 1)])
    open_gallery(parts)
    assert "cannot be used" not in caplog.text


def test_a_gallery_of_an_unknown_format_is_logged_and_does_not_end_the_process(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    parts.settings.face_dir.mkdir(exist_ok=True)
    journal_of(parts).write_text('{"op":"header","format":"face-gallery","version":99}\n')
    open_gallery(parts)
    assert "the gallery cannot be read: the gallery's journal is of a format" in caplog.text


def test_what_has_expired_goes_and_what_has_not_stays(app: Flask, parts: Components) -> None:
    paths = [upload(app.test_client(), face_file(person)) for person in (1, 2)]
    old, new = (parts.settings.tmp_dir / Path(path).name for path in paths)
    long_ago = time.time() - parts.settings.upload_ttl_seconds - 60
    os.utime(old, (long_ago, long_ago))
    sweep(parts)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_deletion_that_is_due_leaves_the_disk(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday = FlatFileGallery(
        parts.settings.face_dir, GalleryLimits(), clock=lambda: time.time() - 2 * 86_400
    )
    yesterday.add([new_face(parts, "ann", 1), new_face(parts, "ben", 2)])
    yesterday.delete("ann")
    assert b'"ann"' in journal_of(parts).read_bytes()
    sweep(parts)
    assert b'"ann"' not in journal_of(parts).read_bytes()
    assert "gallery compacted" in caplog.text
    assert [face.subject for face in parts.gallery.iterate()] == ["ben"]


def test_memory_is_given_back_to_the_system(
    parts: Components, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[bool] = []
    monkeypatch.setattr(upkeep, "release_free_memory", lambda: released.append(True))
    sweep(parts)
    assert released == [True]


def test_a_deletion_that_is_not_due_waits(parts: Components) -> None:
    parts.gallery.add([new_face(parts, "ann", 1)])
    parts.gallery.delete("ann")
    before = journal_of(parts).read_bytes()
    sweep(parts)
    assert journal_of(parts).read_bytes() == before


def test_a_full_disk_is_logged_and_sweeping_goes_on(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(FlatFileGallery):
        def compact_if_due(self) -> CompactionReport | None:
            raise OSError(28, "No space left on device")

    sweep(replace(parts, gallery=Full(parts.settings.face_dir)))
    assert "cannot clean up: [Errno 28] No space left on device" in caplog.text


def test_a_defect_in_one_step_does_not_end_the_others(
    parts: Components, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(UploadStore):
        def sweep(self) -> None:
            raise RuntimeError

    yesterday = FlatFileGallery(
        parts.settings.face_dir, GalleryLimits(), clock=lambda: time.time() - 2 * 86_400
    )
    yesterday.add([new_face(parts, "ann", 1)])
    yesterday.delete("ann")
    sweep(replace(parts, uploads=Broken(parts.settings.tmp_dir, 1, 1)))
    assert "cannot clean up" in caplog.text
    assert b'"ann"' not in journal_of(parts).read_bytes()
