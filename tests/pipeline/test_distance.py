import numpy as np
import pytest

from face_service.pipeline.distance import euclidean_distance, is_match, similarity


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ([1, 0], [1, 0], 0.0),
        ([1, 0], [-1, 0], 2.0),
        ([0, 3], [4, 0], 5.0),
    ],
    ids=["same", "opposite", "unsquared"],
)
def test_distances(first: list[float], second: list[float], distance: float) -> None:
    pair = np.array([first, second], dtype=np.float32)
    assert euclidean_distance(pair[0], pair[1]) == distance
    assert euclidean_distance(pair[1], pair[0]) == distance


def test_differences_are_taken_in_double_precision() -> None:
    tiny = np.array([2e-23, 0], dtype=np.float32)  # its square is no float32
    assert euclidean_distance(tiny, np.zeros(2, dtype=np.float32)) == pytest.approx(2e-23, rel=1e-6)


@pytest.mark.parametrize(("first", "second"), [(128, 512), (1, 128)])
def test_embeddings_of_different_lengths_are_refused(first: int, second: int) -> None:
    with pytest.raises(ValueError, match=rf"^embeddings of {first} and {second} values$"):
        euclidean_distance(np.zeros(first, np.float32), np.zeros(second, np.float32))


@pytest.mark.parametrize(("distance", "match"), [(0.29, True), (0.3, False), (0.31, False)])
def test_a_match_is_below_the_threshold(distance: float, match: bool) -> None:
    assert is_match(distance, 0.3) is match


@pytest.mark.parametrize(
    ("distance", "alike"), [(0.0, 1.0), (2**0.5, 0.5), (2.0, 0.0), (2.0000001, 0.0), (9.0, 0.0)]
)
def test_similarity_falls_from_1_to_0(distance: float, alike: float) -> None:
    assert similarity(distance) == pytest.approx(alike, abs=1e-12)


@pytest.mark.parametrize("degrees", [0, 10, 60, 90, 135, 180])
def test_similarity_of_unit_vectors_is_their_cosine_moved_to_0_to_1(degrees: float) -> None:
    angle = np.radians(degrees)
    other = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)
    distance = euclidean_distance(np.array([1, 0], dtype=np.float32), other)
    assert similarity(distance) == pytest.approx((1 + np.cos(angle)) / 2, abs=1e-6)
