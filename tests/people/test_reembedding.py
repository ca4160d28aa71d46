"""Another embedder over a filled gallery: refused, then made anew from kept pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from face_service.composition import Parts, compose
from face_service.concurrency.gate import Place
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    EmbeddingMismatchError,
    RetryError,
)
from face_service.people.enrolment import EnrolOptions
from face_service.people.recognition import FaceOptions
from face_service.people.reembedding import Remade
from face_service.store.gallery.interface import Face, UnknownFaceError
from tests.conftest import settings_of
from tests.fakes.graphs import fake_embedder, write_fake_graphs
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import MakeParts, given, unit

FORCED = EnrolOptions(force=True)
ONE_FACE = FaceOptions(None, 1)


@pytest.fixture
def before(make_parts: MakeParts) -> Parts:
    """A service with 128 values that keeps pictures, with ann and ben enrolled."""
    parts = make_parts(keep_pictures="true")
    for person, name in enumerate(("ann", "ben")):
        parts.enrolment.enrol(name, [face_file(person)], FORCED)
    return parts


@pytest.fixture(scope="module")
def other_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs whose embedder makes 512 values."""
    folder = tmp_path_factory.mktemp("other")
    return write_fake_graphs(folder, embedder=fake_embedder(length=512))


@pytest.fixture
def after(tmp_path: Path, other_graphs: Path, before: Parts) -> Iterator[Parts]:
    """The same service on the other embedder."""
    parts = compose(settings_of(tmp_path, other_graphs, keep_pictures="true"))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(60)
    yield parts
    parts.engine.stop(10)


def everybody(parts: Parts) -> dict[str, Face]:
    return {face.id: face for face in parts.gallery.iterate()}


def reembed(parts: Parts) -> int | None:
    return parts.reembedding.apply(list(parts.reembedding.remake()))


def test_another_embedder_is_refused_with_the_ways_out(after: Parts) -> None:
    for attempt in (
        lambda: after.enrolment.enrol("cid", [face_file(3)], FORCED),
        lambda: after.recognition.identify(face_file(0), ONE_FACE, 1, None),
        lambda: after.recognition.verify(face_file(0), "ann"),
    ):
        with pytest.raises(EmbeddingMismatchError) as caught:
            attempt()
        assert "the gallery holds embeddings of 128 values, this one has 512" in str(caught.value)
        assert "`python -m face_service reembed`" in str(caught.value)
        assert "FACE_EMBEDDER" in str(caught.value)


def test_everybody_is_found_again_after_embedding_anew(before: Parts, after: Parts) -> None:
    old = everybody(before)
    assert reembed(after) == 2
    new = everybody(after)
    assert {(face.id, face.subject, face.time, face.forced) for face in new.values()} == {
        (face.id, face.subject, face.time, face.forced) for face in old.values()
    }
    assert {len(face.embedding) for face in new.values()} == {512}
    assert after.gallery.fingerprint == after.engine.embedder.fingerprint
    for person, name in enumerate(("ann", "ben")):
        found = after.recognition.identify(face_file(person), ONE_FACE, 1, None)
        (nearest,) = found.faces[0].candidates
        assert nearest.subject == name
        assert nearest.distance < 1e-3


def test_the_old_embedder_is_refused_afterwards(before: Parts, after: Parts) -> None:
    reembed(after)
    with pytest.raises(EmbeddingMismatchError):
        before.recognition.identify(face_file(0), ONE_FACE, 1, None)


def test_embedding_anew_a_second_time_finds_nothing_to_do(after: Parts) -> None:
    assert after.reembedding.pending() == 2
    reembed(after)
    assert after.reembedding.pending() == 0
    assert list(after.reembedding.remake()) == []


def test_nothing_changes_until_all_is_applied(before: Parts, after: Parts) -> None:
    old = everybody(before)
    remaking = after.reembedding.remake()
    next(remaking)
    remaking.close()  # type: ignore[attr-defined]  # a generator: interrupted
    assert everybody(after).keys() == old.keys()
    assert after.gallery.fingerprint == before.engine.embedder.fingerprint


def test_a_face_without_a_picture_or_a_face_in_it_is_told(before: Parts, after: Parts) -> None:
    before.enrolment.enrol("cid", [given(before, unit(7))], FORCED)
    (ann,) = before.gallery.iterate("ann")
    (before.settings.face_dir / "pictures" / f"{ann.id}.png").write_bytes(blank_file())
    told = {one.face.subject: one.reason for one in after.reembedding.remake()}
    assert told == {"ann": "no face detected", "ben": "", "cid": "no picture was kept"}


def test_faces_set_aside_leave_the_gallery_and_come_back_under_the_old_embedder(
    before: Parts, after: Parts, tmp_path: Path
) -> None:
    before.enrolment.enrol("cid", [given(before, unit(7))], FORCED)
    remade = list(after.reembedding.remake())
    export = tmp_path / "aside.jsonl"
    export.write_bytes(b"".join(after.reembedding.export(remade)))
    assert after.reembedding.apply(remade) == 2
    assert {face.subject for face in after.gallery.iterate()} == {"ann", "ben"}
    (before.settings.face_dir / "gallery.jsonl").unlink()
    with export.open("rb") as file:
        assert before.transfer.take_in(file, None).imported == 1
    (cid,) = before.gallery.iterate("cid")
    assert np.array_equal(cid.embedding, unit(7))


def test_who_was_enrolled_meanwhile_is_not_lost(before: Parts, after: Parts) -> None:
    remade = list(after.reembedding.remake())
    before.enrolment.enrol("cid", [face_file(5)], FORCED)
    assert after.reembedding.apply(remade) is None
    assert after.gallery.fingerprint == before.engine.embedder.fingerprint
    more = list(after.reembedding.remake(remade))
    assert [one.face.subject for one in more] == ["cid"]
    assert after.reembedding.apply([*remade, *more]) == 3


def test_who_was_deleted_or_renamed_meanwhile_stays_so(before: Parts, after: Parts) -> None:
    remade = list(after.reembedding.remake())
    before.enrolment.delete("ann")
    before.enrolment.rename("ben", "Ben", merge=False)
    assert after.reembedding.apply(remade) == 1
    assert [face.subject for face in after.gallery.iterate()] == ["Ben"]


def test_who_was_deleted_meanwhile_is_neither_told_nor_set_aside(
    before: Parts, after: Parts
) -> None:
    for seed, name in ((7, "cid"), (8, "dan")):
        before.enrolment.enrol(name, [given(before, unit(seed))], FORCED)
    remade = list(after.reembedding.remake())
    before.enrolment.delete("cid")
    before.enrolment.rename("dan", "Dan", merge=False)
    remade = after.reembedding.still_enrolled(remade)
    assert {one.face.subject for one in remade} == {"ann", "ben", "Dan"}
    export = b"".join(after.reembedding.export(remade))
    assert b'"Dan"' in export
    assert b'"cid"' not in export


@pytest.mark.parametrize("refusal", [BusyError, DeadlineExceededError])
def test_refusal_that_passes_costs_nothing(
    after: Parts, monkeypatch: pytest.MonkeyPatch, refusal: type[RetryError]
) -> None:
    refusals = [refusal("not now") for _ in range(3)]
    for error in refusals:
        error.retry_after = 0  # come again at once
    enter = after.vision.enter

    def enter_late(*pictures: bytes) -> Place:
        if refusals:
            raise refusals.pop()
        return enter(*pictures)

    monkeypatch.setattr(after.vision, "enter", enter_late)
    assert reembed(after) == 2
    assert refusals == []


def test_no_more_pictures_are_in_work_than_the_limits_let_in(
    after: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[int] = []
    weigh = after.gate.weigh

    def watched(place: Place, pixels: int) -> Place:
        inside.append(after.gate.inside[0])
        return weigh(place, pixels)

    monkeypatch.setattr(after.gate, "weigh", watched)
    list(after.reembedding.remake(most=1))
    assert inside == [1, 1]


def test_vectors_that_are_no_embedding_change_nothing(before: Parts, after: Parts) -> None:
    from face_service.errors import InvalidEmbeddingError

    (ann,) = before.gallery.iterate("ann")
    long = Remade(ann, np.full(512, 1.0, np.float32))
    with pytest.raises(InvalidEmbeddingError):
        after.reembedding.apply([long])
    with pytest.raises(UnknownFaceError):
        after.gallery.replace_embeddings({}, after.engine.embedder.fingerprint)
    with pytest.raises(EmbeddingMismatchError, match="differ in length"):
        after.gallery.replace_embeddings({"a": unit(1), "b": unit(2, 512)}, "other")
    assert len(everybody(before)) == 2
