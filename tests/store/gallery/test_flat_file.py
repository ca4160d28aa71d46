"""What the gallery answers; test_model.py holds it against a dict as well."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from face_service.errors import (
    EmbeddingMismatchError,
    FaceNotFoundError,
    GalleryFullError,
    GalleryUnreadableError,
    InvalidEmbeddingError,
    InvalidSubjectError,
    SubjectExistsError,
    SubjectFullError,
    SubjectNotFoundError,
)
from face_service.pipeline.distance import Embedding
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Gallery, SubjectPage, SubjectSummary
from face_service.store.gallery.limits import GalleryLimits
from tests.store.gallery.enrolling import GRAPH, ids, journal, names, new_face, unit


class Clock:
    """A clock that the test sets; seconds since the epoch."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.125

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def gallery(tmp_path: Path) -> FlatFileGallery:
    return FlatFileGallery(tmp_path, GalleryLimits(max_faces=10, max_subject_faces=4))


def test_it_is_a_gallery(tmp_path: Path) -> None:
    interface: Gallery = FlatFileGallery(tmp_path)
    assert interface.count() == (0, 0)


def test_an_empty_gallery_answers_and_makes_no_file(
    gallery: FlatFileGallery, tmp_path: Path
) -> None:
    assert gallery.count() == (0, 0)
    assert gallery.search(unit(0)[None], GRAPH, 5) == [[]]
    assert list(gallery.iterate()) == []
    assert gallery.list_subjects() == SubjectPage([], None, 0)
    assert gallery.add([]) == []
    assert not gallery.needs_compaction(1e12)
    assert list(tmp_path.iterdir()) == []


def test_a_face_comes_back_as_it_was_enrolled(tmp_path: Path) -> None:
    clock = Clock()
    given = replace(new_face(" Ju\u0308rgen "), forced=("BLURRED", "DARK"))
    (enrolled,) = FlatFileGallery(tmp_path, clock=clock).add([given])
    assert (enrolled.subject, enrolled.time) == ("Jürgen", clock.seconds)
    (read,) = FlatFileGallery(tmp_path).iterate()
    np.testing.assert_array_equal(read.embedding, given.embedding)
    assert read.embedding.dtype == np.float32
    assert replace(read, embedding=enrolled.embedding) == enrolled
    assert (read.forced, read.quality) == (("BLURRED", "DARK"), {"score": 0.5})


def test_only_the_service_may_read_its_files(gallery: FlatFileGallery, tmp_path: Path) -> None:
    gallery.add([new_face("Ada")])
    journal(tmp_path).write_bytes(journal(tmp_path).read_bytes() + b"damaged\n")
    assert gallery.problems
    gallery.compact()
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_every_line_is_json(gallery: FlatFileGallery, tmp_path: Path) -> None:
    (face, _) = gallery.add([new_face("Ada"), new_face("Bob")])
    gallery.rename("Ada", "Eve")
    gallery.delete("Eve", face.id)
    gallery.delete("Bob")
    lines = [json.loads(line) for line in journal(tmp_path).read_text().splitlines()]
    assert [line["op"] for line in lines] == [
        *("header", "add", "add", "rename", "delete-face", "delete-subject"),
    ]
    assert all("time" in line and list(line)[-1] == "crc" for line in lines)


@pytest.mark.parametrize(
    "embedding",
    [
        np.zeros(8, np.float32),
        unit(0) * np.float32(1.06),
        unit(0) * np.float32(0.94),
        np.full(8, np.nan, np.float32),
        np.array([np.inf] + [0] * 7, np.float32),
        np.zeros(0, np.float32),
        unit(0).reshape(2, 4),
    ],
)
def test_what_is_no_embedding_is_not_enrolled(
    gallery: FlatFileGallery, embedding: Embedding
) -> None:
    with pytest.raises(InvalidEmbeddingError):
        gallery.add([new_face("Ada"), replace(new_face("Bob"), embedding=embedding)])
    assert gallery.count() == (0, 0)


def test_a_vector_of_nearly_unit_length_is_kept_with_every_bit(gallery: FlatFileGallery) -> None:
    embedding = unit(0) * np.float32(1.04)
    gallery.add([replace(new_face("Ada"), embedding=embedding)])
    (read,) = gallery.iterate()
    np.testing.assert_array_equal(read.embedding, embedding)
    ((found,),) = gallery.search(embedding[None], GRAPH, 1)
    assert found.distance == 0


def test_a_name_that_cannot_be_one_is_refused(gallery: FlatFileGallery) -> None:
    with pytest.raises(InvalidSubjectError):
        gallery.add([new_face("a/b")])
    gallery.add([new_face("Ada")])
    with pytest.raises(InvalidSubjectError):
        gallery.rename("Ada", "..")
    assert names(gallery) == ["Ada"]


def test_faces_of_another_graph_or_length_are_refused(gallery: FlatFileGallery) -> None:
    gallery.add([new_face("Ada")])
    other = replace(new_face("Bob"), fingerprint="other")
    message = r"made by another graph or preprocessing \(graph\) than this one \(other\)"
    with pytest.raises(EmbeddingMismatchError, match=message):
        gallery.add([other])
    with pytest.raises(EmbeddingMismatchError, match=message):
        gallery.add([replace(other, subject="Ada")], replace=True)
    with pytest.raises(EmbeddingMismatchError, match=message):
        gallery.search(unit(0)[None], "other", 1)
    with pytest.raises(EmbeddingMismatchError, match="embeddings of 8 values, this one has 16"):
        gallery.add([new_face("Bob", dimension=16)])
    with pytest.raises(EmbeddingMismatchError, match="embeddings of 8 values, this one has 16"):
        gallery.search(unit(0, 16)[None], GRAPH, 1)
    assert gallery.count() == (1, 1)


def test_faces_enrolled_together_are_of_one_graph(gallery: FlatFileGallery) -> None:
    for other in (replace(new_face("Bob"), fingerprint="other"), new_face("Bob", dimension=16)):
        with pytest.raises(EmbeddingMismatchError, match="more than one graph"):
            gallery.add([new_face("Ada"), other])


def test_a_gallery_that_became_empty_takes_any_faces(
    gallery: FlatFileGallery, tmp_path: Path
) -> None:
    gallery.add([new_face("Ada"), new_face("Bob", 1)])
    gallery.delete("Ada")
    gallery.delete("Bob", ids(gallery, "Bob")[0])
    gallery.add([replace(new_face("Ada", dimension=16), fingerprint="other")])
    for one in (gallery, FlatFileGallery(tmp_path)):
        ((found,),) = one.search(unit(0, 16)[None], "other", 5)
        assert (found.subject, found.distance) == ("Ada", 0)
        assert one.problems == []


def test_a_probe_must_be_finite(gallery: FlatFileGallery) -> None:
    gallery.add([new_face("Ada")])
    with pytest.raises(InvalidEmbeddingError):
        gallery.search(np.full((1, 8), np.nan, np.float32), GRAPH, 1)


def test_one_subject_is_searched_alone(gallery: FlatFileGallery) -> None:
    gallery.add([new_face("Ada", 1), new_face("Bob", 2), new_face("Bob", 3)])
    probes = np.stack([unit(1), unit(3)])
    ada, bob = gallery.search(probes, GRAPH, 5, "Bob")
    assert [one.subject for one in ada] == ["Bob"]
    assert [(one.subject, one.distance) for one in bob] == [("Bob", 0)]
    assert bob[0].face_id == ids(gallery, "Bob")[1]
    assert gallery.search(probes, GRAPH, 0, "Bob") == [[], []]


def test_nobody_is_told(gallery: FlatFileGallery) -> None:
    for full in (False, True):
        with pytest.raises(SubjectNotFoundError):
            gallery.search(unit(0)[None], GRAPH, 1, "Eve")
        with pytest.raises(SubjectNotFoundError):
            gallery.iterate("Eve")
        with pytest.raises(SubjectNotFoundError):
            gallery.delete("Eve")
        with pytest.raises(SubjectNotFoundError):
            gallery.rename("Eve", "Mallory")
        if not full:
            gallery.add([new_face("Ada")])


@pytest.mark.parametrize("face_id", ["", "xyz", "0" * 16, "../face"])
def test_a_face_must_be_the_subject_s(gallery: FlatFileGallery, face_id: str) -> None:
    gallery.add([new_face("Ada"), new_face("Bob")])
    with pytest.raises(FaceNotFoundError):
        gallery.delete("Ada", face_id)
    with pytest.raises(FaceNotFoundError):
        gallery.delete("Ada", ids(gallery, "Bob")[0])
    assert gallery.count() == (2, 2)


def test_limits_hold_and_replaced_faces_do_not_count(gallery: FlatFileGallery) -> None:
    gallery.add([new_face("Ada", number) for number in range(4)])
    with pytest.raises(SubjectFullError):
        gallery.add([new_face("Ada", 5)])
    gallery.add([new_face("Bob", number) for number in range(4)])
    with pytest.raises(GalleryFullError):
        gallery.add([new_face(f"new {number}", number) for number in range(3)])
    gallery.add([new_face("Ada", number) for number in range(4, 8)], replace=True)
    gallery.add([new_face("Eve", number) for number in range(2)])
    with pytest.raises(SubjectFullError):
        gallery.rename("Eve", "Ada", merge=True)
    with pytest.raises(SubjectExistsError):
        gallery.rename("Eve", "Ada")
    assert gallery.count() == (3, 10)


def test_a_rename_keeps_ids_times_and_vectors(tmp_path: Path) -> None:
    clock = Clock()
    gallery = FlatFileGallery(tmp_path, clock=clock)
    (face,) = gallery.add([new_face("Ada")])
    clock.seconds += 10
    gallery.rename("Ada", " Eve ")
    gallery.rename("Eve", "Eve")
    gallery.compact()
    (read,) = gallery.iterate("Eve")
    assert (read.id, read.time) == (face.id, face.time)
    np.testing.assert_array_equal(read.embedding, face.embedding)


def test_subjects_are_listed_in_pages(tmp_path: Path) -> None:
    clock = Clock()
    gallery = FlatFileGallery(tmp_path, clock=clock)
    _, zoe, _ = gallery.add([new_face(name) for name in ("Émile", "Zoe", "Ada")])
    first = clock.seconds
    clock.seconds += 60
    (ada,) = gallery.add([new_face("Ada")])
    page = gallery.list_subjects(limit=2)
    assert page == SubjectPage(
        [
            SubjectSummary("Ada", 2, first, clock.seconds, ada.id),
            SubjectSummary("Zoe", 1, first, first, zoe.id),
        ],
        "Zoe",
        3,
    )
    rest = gallery.list_subjects(page.after or "", limit=2)
    assert [one.name for one in rest.subjects] == ["Émile"]
    assert (rest.after, rest.total) == (None, 3)
    found = gallery.list_subjects(contains="E\u0301MI")
    assert ([one.name for one in found.subjects], found.total) == (["Émile"], 1)
    assert gallery.list_subjects(contains="nobody") == SubjectPage([], None, 0)
    assert gallery.list_subjects(limit=0) == SubjectPage([], None, 3)


def test_the_list_follows_what_comes_and_goes(gallery: FlatFileGallery) -> None:
    gallery.add([new_face("Bob"), new_face("Eve")])
    assert names(gallery) == ["Bob", "Eve"]
    gallery.add([new_face("Cem")])
    gallery.delete("Bob")
    gallery.rename("Eve", "Ada")
    assert names(gallery) == ["Ada", "Cem"]


def test_iteration_goes_on_as_it_began(gallery: FlatFileGallery) -> None:
    enrolled = gallery.add([new_face("Ada", 1), new_face("Bob", 2), new_face("Eve", 3)])
    faces = gallery.iterate()
    first = next(faces)
    gallery.delete("Bob")
    gallery.rename("Eve", "Mallory")
    gallery.compact()
    gallery.add([new_face("new")])
    gallery.close()
    assert [(face.id, face.subject) for face in (first, *faces)] == [
        (face.id, face.subject) for face in enrolled
    ]


def test_after_closing_it_loads_again(gallery: FlatFileGallery) -> None:
    gallery.add([new_face("Ada")])
    gallery.close()
    assert gallery.count() == (1, 1)


def test_a_face_that_must_join_somebody_does_not_make_somebody(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path)
    with pytest.raises(SubjectNotFoundError):
        gallery.add([new_face("ann")], must_exist=True)
    gallery.add([new_face("ann")])
    gallery.add([new_face("ann")], must_exist=True)
    gallery.delete("ann")
    with pytest.raises(SubjectNotFoundError):
        gallery.add([new_face("ann")], must_exist=True)
    assert gallery.count() == (0, 0)


def test_compaction_that_another_process_has_done_is_not_done_again(tmp_path: Path) -> None:
    past = FlatFileGallery(tmp_path, clock=lambda: 1e9)
    past.add([new_face("ann"), new_face("ben", 2)])
    past.delete("ann")
    first, second = FlatFileGallery(tmp_path), FlatFileGallery(tmp_path)
    assert first.needs_compaction(2e9)
    assert second.needs_compaction(2e9)
    report = first.compact_if_due()
    assert report is not None
    assert report.faces == 1
    assert second.compact_if_due() is None


@pytest.mark.parametrize("how", ["gone", "emptied"])
def test_a_gallery_that_vanishes_is_an_error_in_the_log_and_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    gallery = FlatFileGallery(tmp_path)
    gallery.add([new_face("ann"), new_face("ben", 2)])
    assert gallery.count() == (2, 2)
    content = journal(tmp_path).read_bytes()
    journal(tmp_path).unlink()
    if how == "emptied":
        journal(tmp_path).touch()
    assert gallery.count() == (0, 0)
    assert "holds none of its 2 faces any more" in caplog.text
    journal(tmp_path).unlink(missing_ok=True)
    journal(tmp_path).write_bytes(content)
    assert gallery.count() == (2, 2)


def test_a_file_without_a_single_record_is_not_an_empty_gallery(tmp_path: Path) -> None:
    journal(tmp_path).write_bytes(b"nothing of ours\n" * 10)
    gallery = FlatFileGallery(tmp_path)
    with pytest.raises(
        GalleryUnreadableError, match="no line of the gallery's journal is a record"
    ):
        gallery.count()
    with pytest.raises(GalleryUnreadableError):
        gallery.add([new_face("ann")])
    assert journal(tmp_path).read_bytes() == b"nothing of ours\n" * 10
