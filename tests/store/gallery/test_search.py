from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from face_service.store.gallery.index import View
from face_service.store.gallery.search import search


def make_view(matrix: NDArray[np.float64], subjects: Sequence[int]) -> View:
    exact = matrix.astype(np.float32)
    owners = np.array(subjects, np.int32)
    names: list[str | None] = [f"s{number}" for number in range(int(owners.max()) + 1)]
    count = len(exact)
    return View(
        exact,
        (exact.astype(np.float64) ** 2).sum(axis=1).astype(np.float32) / 2,
        owners,
        np.arange(count, dtype=np.uint64),
        np.arange(count, dtype=np.int64),
        names,
        int((owners >= 0).sum()),
    )


def by_hand(view: View, probe: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
    """Compare with each row, and sort."""
    distances = np.linalg.norm(view.matrix.astype(np.float64) - probe.astype(np.float64), axis=1)
    found: dict[int, tuple[int, float]] = {}
    for row in np.argsort(distances, kind="stable"):
        subject = int(view.subjects[row])
        if subject >= 0 and subject not in found:
            found[subject] = (int(row), float(distances[row]))
    return list(found.values())[:limit]


def assert_exact(view: View, probes: NDArray[np.float32], limit: int) -> None:
    for probe, found in zip(probes, search(view, probes, limit), strict=True):
        expected = by_hand(view, probe, limit)
        assert [row for row, _ in found] == [row for row, _ in expected]
        assert [far for _, far in found] == pytest.approx([far for _, far in expected], abs=1e-12)


def random_units(seed: int, count: int, dimension: int) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=(count, dimension))
    units: NDArray[np.float64] = values / np.linalg.norm(values, axis=1, keepdims=True)
    return units


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 3000),
    subjects=st.integers(1, 3000),
    limit=st.sampled_from([0, 1, 2, 5, 40, 5000]),
    gone=st.sampled_from([0.0, 0.1, 0.9]),
)
def test_search_finds_what_comparing_with_every_row_finds(
    seed: int, count: int, subjects: int, limit: int, gone: float
) -> None:
    generator = np.random.default_rng(seed)
    owners = generator.integers(0, subjects, count)
    owners[generator.random(count) < gone] = -1
    if (owners < 0).all():
        owners[0] = 0
    view = make_view(random_units(seed, count, 4), owners.tolist())
    probes = random_units(seed + 1, 11, 4).astype(np.float32)
    assert_exact(view, probes, limit)


@pytest.mark.parametrize("dimension", [128, 512])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_search_is_exact_at_the_lengths_in_use(dimension: int, limit: int) -> None:
    view = make_view(random_units(0, 5000, dimension), [row // 10 for row in range(5000)])
    assert_exact(view, random_units(1, 3, dimension).astype(np.float32), limit)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_others_are_found_behind_a_subject_that_has_nearly_all_the_best_faces(limit: int) -> None:
    # 19,990 faces of one subject are nearer to the probe than any other's.
    near = random_units(0, 20_000, 16) * 0.05
    near[:, 0] += 1
    matrix = near / np.linalg.norm(near, axis=1, keepdims=True)
    matrix[-10:, 0] *= -1
    subjects = [0] * 19_990 + [1, 2, 3] * 3 + [4]
    probe = np.eye(16, dtype=np.float32)[:1]
    assert_exact(make_view(matrix, subjects), probe, limit)


def test_of_equally_near_faces_the_first_enrolled_comes_first() -> None:
    matrix = np.repeat(random_units(0, 1, 16), 9000, axis=0)
    view = make_view(matrix, [3, 1, 2] * 3000)
    found = search(view, matrix[:1].astype(np.float32), 3)
    assert [row for row, _ in found[0]] == [0, 1, 2]


def test_faces_that_differ_by_less_than_a_float32_score_shows_are_told_apart() -> None:
    # In the product, differences of 1e-8 vanish; in the distance they are the square root.
    angles = np.linspace(1e-4, 2e-4, 5000)[::-1]
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert_exact(make_view(matrix, list(range(5000))), np.eye(2, dtype=np.float32)[:1], 7)


def test_vectors_of_nearly_unit_length_are_compared_by_distance_and_not_by_angle() -> None:
    angle = 0.1
    matrix = np.array([[0.96, 0.0], [np.cos(angle), np.sin(angle)], [1.04, 0.0], [-1.0, 0.0]])
    view = make_view(np.repeat(matrix, 500, axis=0), [row // 500 for row in range(2000)])
    probes = np.array([[1.0, 0.0], [0.97, 0.0], [1.04, 0.0]], dtype=np.float32)
    assert_exact(view, probes, 2)


def test_identical_vectors_are_at_distance_zero() -> None:
    view = make_view(random_units(0, 200, 128), list(range(200)))
    assert search(view, view.matrix[[17]], 1) == [[(17, 0.0)]]
