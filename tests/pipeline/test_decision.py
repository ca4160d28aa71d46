"""Thresholds with their rates, counted on all pairs."""

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.errors import TooFewFacesError
from face_service.pipeline.decision import measure_decision
from face_service.pipeline.impostor_tail import TAIL_FARS


def at_angles(*degrees: float) -> NDArray[np.float32]:
    """Unit vectors whose distances are 2 sin(half the angle between them)."""
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


FACES = at_angles(0, 10, 90, 120)  # of ann, ann, ben and ben
PEOPLE = np.array([0, 0, 1, 1])
NEAREST = 2 * np.sin(np.radians(40))  # of ann and ben, 80 degrees apart


def test_the_largest_threshold_within_the_far_is_chosen() -> None:
    found = measure_decision(FACES, PEOPLE, 0.25)
    # One of four impostor pairs may match: the second nearest, at 90 degrees, must not.
    assert found.threshold == pytest.approx(2 * np.sin(np.radians(45)), abs=2e-6)
    assert (found.far, found.tar, found.genuine, found.impostor) == (0.25, 1.0, 2, 4)


def test_a_given_threshold_is_measured() -> None:
    found = measure_decision(FACES, PEOPLE, 0.25, threshold=0.4)
    assert (found.threshold, found.far, found.tar) == (0.4, 0.0, 0.5)


def test_too_few_pairs_for_a_rate_are_refused() -> None:
    with pytest.raises(TooFewFacesError, match=r"4 impostor pairs are too few for a FAR 0\.1"):
        measure_decision(FACES, PEOPLE, 0.1)
    with pytest.raises(TooFewFacesError, match="same and of different people"):
        measure_decision(FACES, np.arange(4), 0.5)


def test_a_tail_needs_a_false_accept_at_its_lowest_rate() -> None:
    assert measure_decision(FACES, PEOPLE, 0.25).tail == ()
    many = np.random.default_rng(1).normal(size=(840, 8)).astype(np.float32)
    many /= np.linalg.norm(many, axis=1, keepdims=True)
    tail = measure_decision(many, np.arange(840) // 2, 0.01).tail  # 352,380 - 420 impostor pairs
    assert len(tail) == len(TAIL_FARS)
    assert list(tail) == sorted(tail, reverse=True)
    assert tail[0] == pytest.approx(measure_decision(many, np.arange(840) // 2, 0.01).threshold)
