import time

import numpy as np
import pytest

from face_service.composition import Parts
from face_service.errors import EmbeddingMismatchError, InvalidEmbeddingError, NoFaceError
from face_service.people.samples import (
    GivenEmbedding,
    Sample,
    accept_embedding,
    accept_values,
    make_probe,
    make_probes,
    pictures_among,
)
from face_service.pipeline.distance import euclidean_distance
from tests.fakes.graphs import FACE_BOX
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import given, unit


def test_unit_vector_is_taken_bit_for_bit() -> None:
    vector = unit(1)
    accepted = accept_values(vector.tolist(), 128)
    assert accepted.dtype == np.float32
    np.testing.assert_array_equal(accepted, vector)


@pytest.mark.parametrize("stretch", [0.951, 0.999, 1.001, 1.049])
def test_rounded_vector_is_brought_back_to_unit_length(stretch: float) -> None:
    accepted = accept_values([0.6 * stretch, 0.0, 0.8 * stretch], 3)
    np.testing.assert_allclose(accepted, [0.6, 0.0, 0.8], atol=1e-7)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0], "expected 2 values, found 1"),
        ([1.0, 0.0, 0.0], "expected 2 values, found 3"),
        ([], "expected 2 values, found 0"),
        ([float("nan"), 0.0], "a value is not finite"),
        ([float("inf"), 0.0], "a value is not finite"),
        ([1e39, 0.0], "a value is not finite"),
        ([0.0, 0.0], "expected a vector of length 1, found 0"),
        ([0.94, 0.0], "expected a vector of length 1, found 0.94"),
        ([1.06, 0.0], "expected a vector of length 1, found 1.06"),
    ],
)
def test_what_is_no_unit_vector_is_refused(values: list[float], message: str) -> None:
    with pytest.raises(InvalidEmbeddingError) as caught:
        accept_values(values, 2)
    assert caught.value.message == message


def test_embedding_of_another_card_is_refused_before_its_values_are_looked_at(parts: Parts) -> None:
    with pytest.raises(EmbeddingMismatchError, match=parts.engine.embedder.fingerprint):
        accept_embedding(parts.engine.embedder, GivenEmbedding("other", []), time.monotonic() + 9)


def test_embedding_must_be_as_long_as_the_graphs(parts: Parts) -> None:
    short = given(parts, unit(1, length=64))
    with pytest.raises(InvalidEmbeddingError, match="expected 128 values, found 64"):
        accept_embedding(parts.engine.embedder, short, time.monotonic() + 9)


def test_probe_of_a_picture_tells_where_its_face_was_found(parts: Parts) -> None:
    probe = make_probe(parts.vision, face_file(1), time.monotonic() + 9)
    assert probe.detection is not None
    np.testing.assert_array_equal(probe.detection.box, np.array(FACE_BOX, np.float32))
    assert probe.picture is not None
    assert (probe.picture.width, probe.picture.height) == (320, 240)
    assert np.linalg.norm(probe.embedding) == pytest.approx(1, abs=1e-6)


def test_probe_of_an_embedding_has_no_place(parts: Parts) -> None:
    probe = make_probe(parts.vision, given(parts, unit(1)), time.monotonic() + 9)
    np.testing.assert_array_equal(probe.embedding, unit(1))
    assert (probe.detection, probe.picture) == (None, None)


def test_probe_needs_a_face(parts: Parts) -> None:
    with pytest.raises(NoFaceError):
        make_probe(parts.vision, blank_file(), time.monotonic() + 9)


def test_only_pictures_weigh_on_the_gate(parts: Parts) -> None:
    assert pictures_among([b"one", given(parts, unit(1)), b"two"]) == [b"one", b"two"]


def test_samples_keep_their_order_and_pictures_share_a_batch(parts: Parts) -> None:
    vision = parts.vision
    first = make_probe(vision, face_file(1), vision.deadline())
    own = GivenEmbedding(vision.engine.embedder.fingerprint, first.embedding.tolist())
    samples: list[Sample] = [face_file(2), own, face_file(1)]
    probes = make_probes(vision, samples, vision.deadline())
    assert [probe.picture is None for probe in probes] == [False, True, False]
    for probe in probes[1:]:
        np.testing.assert_allclose(probe.embedding, first.embedding, atol=1e-6)
    assert euclidean_distance(probes[0].embedding, first.embedding) > 0.01
