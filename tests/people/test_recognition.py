import numpy as np
import pytest

from face_service.composition import Parts
from face_service.errors import (
    EmbeddingMismatchError,
    NoFaceError,
    NotAPictureError,
    SubjectNotFoundError,
)
from face_service.people.enrolment import EnrolOptions
from face_service.people.recognition import FaceOptions, Telling
from face_service.pipeline.distance import Embedding, euclidean_distance
from tests.fakes.graphs import FACE_BOX
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import given, new_face, unit

ALL = FaceOptions(min_score=0.01, max_faces=20)  # the fake's second face has a score of 0.05
DEFAULT = FaceOptions(min_score=None, max_faces=20)
NOTHING = Telling(landmarks=False)
EVERYTHING = Telling(embedding=True)


def near(vector: Embedding, distance: float) -> Embedding:
    """Return a unit vector at a distance of ``vector``."""
    other = unit(99)
    across = other - (other @ vector) * vector
    across /= np.linalg.norm(across)
    cosine = 1 - distance**2 / 2
    return np.asarray(cosine * vector + np.sqrt(1 - cosine**2) * across, np.float32)


def test_all_faces_are_found_best_first(parts: Parts) -> None:
    found = parts.recognition.analyse(face_file(1), ALL, NOTHING)
    assert (found.width, found.height) == (320, 240)
    assert [round(face.detection.score, 2) for face in found.faces] == [0.9, 0.05]
    assert [(f.landmarks, f.quality, f.embedding) for f in found.faces] == [(None,) * 3] * 2


def test_score_is_by_default_the_cards(parts: Parts) -> None:
    found = parts.recognition.analyse(face_file(1), DEFAULT, NOTHING)
    assert [round(face.detection.score, 2) for face in found.faces] == [0.9]


def test_no_more_faces_than_asked_for(parts: Parts) -> None:
    one = FaceOptions(0.01, 1)
    found = parts.recognition.analyse(face_file(1), one, NOTHING)
    assert [round(face.detection.score, 2) for face in found.faces] == [0.9]


@pytest.mark.parametrize("least", [0.91, 1.0])
def test_score_asked_for_drops_what_is_below(parts: Parts, least: float) -> None:
    which = FaceOptions(least, 20)
    found = parts.recognition.analyse(face_file(1), which, EVERYTHING)
    assert found.faces == []


def test_each_face_comes_with_what_is_asked_for(parts: Parts) -> None:
    best, second = parts.recognition.analyse(face_file(1), ALL, EVERYTHING).faces
    assert best.landmarks is not None
    assert best.landmarks.points.shape == (68, 2)
    assert best.quality is not None
    assert (round(best.quality.score, 2), best.quality.pixels) == (0.9, 120.0)
    assert best.embedding is not None
    assert second.embedding is not None
    np.testing.assert_array_equal(best.embedding, parts.recognition.embed(face_file(1)).embedding)
    assert not np.array_equal(best.embedding, second.embedding)


def test_picture_without_a_face_has_none(parts: Parts) -> None:
    found = parts.recognition.analyse(blank_file(), ALL, EVERYTHING)
    assert (found.width, found.height, found.faces) == (320, 240, [])


def test_embedding_needs_a_face(parts: Parts) -> None:
    with pytest.raises(NoFaceError):
        parts.recognition.embed(blank_file())


def test_text_is_no_picture(parts: Parts) -> None:
    with pytest.raises(NotAPictureError):
        parts.recognition.embed(b"no picture at all")


def test_same_person_matches_and_another_does_not(parts: Parts) -> None:
    compare = parts.recognition.compare
    same = compare(face_file(4), face_file(4), None)
    assert (same.match, same.distance, same.threshold) == (True, 0.0, 1.05)
    other = compare(face_file(4), face_file(5), None)
    assert (other.match, other.threshold) == (False, 1.05)
    assert other.distance == pytest.approx(1.1709, abs=1e-3)
    assert len(other.probes) == 2
    assert other.nearest is None


def test_threshold_of_the_request_replaces_the_one_in_force(parts: Parts) -> None:
    lax = parts.recognition.compare(face_file(4), face_file(5), 1.2)
    assert (lax.match, lax.threshold) == (True, 1.2)
    strict = parts.recognition.compare(face_file(4), face_file(4), 0.0)
    assert (strict.match, strict.threshold) == (False, 0.0)


def test_picture_compares_with_an_embedding(parts: Parts) -> None:
    vector = parts.recognition.embed(face_file(1)).embedding
    found = parts.recognition.compare(face_file(1), given(parts, vector), None)
    assert (found.match, found.distance) == (True, 0.0)


def test_verification_is_by_the_subjects_nearest_face(parts: Parts) -> None:
    vector = unit(1)
    parts.gallery.add([new_face(parts, "ann", 7), new_face(parts, "bob", 1)])
    chosen = parts.enrolment.enrol("ann", [given(parts, near(vector, 0.5))], EnrolOptions())
    found = parts.recognition.verify(given(parts, vector), "ann")
    assert found.nearest is not None
    assert (found.match, found.nearest.subject) == (True, "ann")
    assert found.nearest.face_id == chosen[0].face.id
    assert found.distance == found.nearest.distance == pytest.approx(0.5, abs=1e-6)


def test_verification_fails_from_the_threshold_on(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1)])
    probe = given(parts, near(unit(1), 0.5))
    distance = parts.recognition.verify(probe, "ann").distance
    assert not parts.recognition.verify(probe, "ann", distance).match
    assert parts.recognition.verify(probe, "ann", float(np.nextafter(distance, 2))).match


@pytest.mark.parametrize("enrolled", [[], ["bob"]])
def test_nobody_of_that_name_can_be_verified(parts: Parts, enrolled: list[str]) -> None:
    parts.gallery.add([new_face(parts, name, 1) for name in enrolled])
    with pytest.raises(SubjectNotFoundError):
        parts.recognition.verify(given(parts, unit(1)), "ann")


def test_gallery_of_another_card_is_refused(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1, "another card")])
    with pytest.raises(EmbeddingMismatchError):
        parts.recognition.verify(given(parts, unit(1)), "ann")
    with pytest.raises(EmbeddingMismatchError):
        parts.recognition.identify(face_file(1), DEFAULT, 5, None)


def test_every_face_of_a_picture_is_identified(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(1)], EnrolOptions())
    found = parts.recognition.identify(face_file(1), ALL, 5, None)
    assert found.threshold == 1.05
    whole = parts.recognition.analyse(face_file(1), ALL, Telling(landmarks=False, embedding=True))
    assert len(found.faces) == len(whole.faces) == 2
    for face, seen in zip(found.faces, whole.faces, strict=True):
        assert face.probe.detection is not None
        assert face.probe.detection.score == seen.detection.score
        assert [candidate.subject for candidate in face.candidates] == ["ann"]
    assert found.faces[0].candidates[0].distance == 0.0
    assert found.faces[1].candidates[0].distance > 0.1


def test_nearest_subjects_come_first_each_once(parts: Parts) -> None:
    base = unit(1)
    for name, distance in (("far", 1.0), ("near", 0.3), ("near", 0.4), ("middle", 0.6)):
        parts.enrolment.enrol(name, [given(parts, near(base, distance))], EnrolOptions())
    found = parts.recognition.identify(given(parts, base), DEFAULT, 2, None)
    assert [one.subject for one in found.faces[0].candidates] == ["near", "middle"]
    distances = [one.distance for one in found.faces[0].candidates]
    assert distances == pytest.approx([0.3, 0.6], abs=1e-6)
    assert found.faces[0].probe.detection is None


def test_distance_of_a_candidate_is_that_of_a_comparison(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 2)])
    found = parts.recognition.identify(given(parts, unit(1)), DEFAULT, 1, None)
    expected = euclidean_distance(unit(1), unit(2))
    assert found.faces[0].candidates[0].distance == pytest.approx(expected, abs=1e-12)


def test_empty_gallery_has_no_candidates(parts: Parts) -> None:
    found = parts.recognition.identify(face_file(1), DEFAULT, 5, 0.7)
    assert found.threshold == 0.7
    assert [face.candidates for face in found.faces] == [[]]


def test_picture_without_a_face_identifies_nobody(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1)])
    assert parts.recognition.identify(blank_file(), DEFAULT, 5, None).faces == []


def test_identified_face_tells_where_it_is(parts: Parts) -> None:
    (face,) = parts.recognition.identify(face_file(1), DEFAULT, 5, None).faces
    assert face.probe.detection is not None
    np.testing.assert_array_equal(face.probe.detection.box, np.array(FACE_BOX, np.float32))
