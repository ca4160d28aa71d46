"""Searches, points, liveness and sizes of faces, on cases whose figures can be told by hand."""

import numpy as np
import pytest

from face_service.evaluation.metrics.detection import (
    SearchedPicture,
    SizeRange,
    score_detections,
)
from face_service.evaluation.metrics.identification import open_set, rank_rate, ranks
from face_service.evaluation.metrics.landmarks import (
    area_under,
    cumulative,
    failure_rate,
    normalised_error,
)
from face_service.evaluation.metrics.liveness import liveness_rates

INF = float("inf")
# Probes of the people 0, 0, 1 and 2 in a gallery of three.
KNOWN = np.array([[0.1, 0.5, 0.9], [0.6, 0.5, 0.4], [0.3, 0.3, 0.9], [INF, INF, INF]])
OWNERS = np.array([0, 0, 1, 2])


def test_rank_counts_who_is_nearer_and_who_is_as_near() -> None:
    assert ranks(KNOWN, OWNERS).tolist() == [1, 3, 2, INF]


def test_a_person_who_is_not_enrolled_has_no_rank() -> None:
    assert ranks(KNOWN[:2], np.array([-1, 0])).tolist() == [INF, 3]


def test_rank_rate_counts_a_missing_face_as_a_miss() -> None:
    ranked = ranks(KNOWN, OWNERS)
    assert [rank_rate(ranked, rank) for rank in (1, 2, 3, 5)] == [0.25, 0.5, 0.75, 0.75]


def test_open_set_lets_in_as_many_strangers_as_it_may() -> None:
    strangers = np.array([[0.2, 0.9], [0.8, 0.5], [0.7, 0.7], [0.9, 0.6]])  # nearest .2 .5 .7 .6
    known, owners = (
        np.array([[0.1, 0.9], [0.3, 0.9], [0.9, 0.55], [0.3, 0.2]]),
        np.array([0, 0, 1, 0]),
    )
    none = open_set(known, owners, strangers, 0.01)
    assert (none.threshold, none.fpir, none.tpir) == (0.2, 0.0, 0.25)
    one = open_set(known, owners, strangers, 0.25)
    assert (one.threshold, one.fpir, one.tpir) == (0.5, 0.25, 0.5)
    # The last probe's own face is below every threshold but not the nearest: never named.
    everybody = open_set(known, owners, strangers, 1.0)
    assert (everybody.threshold, everybody.fpir, everybody.tpir) == (INF, 1.0, 0.75)


def test_error_is_in_distances_of_the_outer_eye_corners() -> None:
    truth = np.zeros((68, 2))
    truth[36], truth[45] = (10, 5), (60, 5)
    located = truth + np.array([3, 4])  # each point 5 pixels off, the eyes 50 apart
    assert normalised_error(located, truth) == pytest.approx(0.1)


def test_a_face_that_is_not_found_fails_and_adds_nothing_to_the_curve() -> None:
    errors = np.array([0.05, 0.1, 0.2, INF])
    assert failure_rate(errors) == 0.5
    assert cumulative(errors, np.array([0.04, 0.05, 0.1, 0.5])).tolist() == [0, 0.25, 0.5, 0.75]
    assert area_under(errors) == pytest.approx(0.5 / 4)


def test_liveness_counts_both_kinds_of_error_and_a_missing_score_as_refused() -> None:
    live, spoof = np.array([0.9, 0.5, 0.4, np.nan]), np.array([0.1, 0.6, np.nan])
    rates = liveness_rates(live, spoof, 0.5)
    assert rates.bpcer == 0.5
    assert rates.apcer == pytest.approx(1 / 3)
    assert rates.acer == pytest.approx((0.5 + 1 / 3) / 2)


def searched(
    truths: list[list[float]], found: list[list[float]], longer_side: float = 1024
) -> SearchedPicture:
    return SearchedPicture(
        truths=np.array(truths, dtype=np.float32).reshape(-1, 4),
        valid=np.ones(len(truths), dtype=bool),
        found=np.array(found, dtype=np.float32).reshape(-1, 4),
        scores=np.linspace(0.9, 0.5, len(found), dtype=np.float32),
        longer_side=longer_side,
    )


LARGE, SMALL = [0.0, 0, 100, 80], [500.0, 500, 520, 516]
BESIDE_SMALL = [515.0, 510, 535, 526]  # an overlap far below one half
NOWHERE = [800.0, 800, 900, 880]


def test_a_small_box_beside_a_small_face_is_no_mistake_about_large_ones() -> None:
    picture = searched([LARGE, SMALL], [BESIDE_SMALL, LARGE])
    large = score_detections([picture], SizeRange(50))
    assert (large.faces, large.hits, large.misses, large.average_precision) == (1, 1, 0, 1.0)
    everything = score_detections([picture], SizeRange(10))
    assert (everything.faces, everything.hits, everything.misses) == (2, 1, 1)
    assert everything.average_precision == pytest.approx(0.25)


def test_a_large_box_where_nobody_is_is_a_mistake_about_large_faces_only() -> None:
    picture = searched([LARGE, SMALL], [NOWHERE, LARGE, SMALL])
    large = score_detections([picture], SizeRange(50))
    assert (large.hits, large.misses, large.average_precision) == (1, 1, 0.5)
    small = score_detections([picture], SizeRange(10, 50))
    assert (small.hits, small.misses, small.average_precision) == (1, 0, 1.0)


def test_size_is_that_in_the_picture_scaled_to_1024() -> None:
    assert SizeRange(50).holds(np.array([[0, 0, 100, 1]], np.float32), 2048).tolist() == [True]
    assert SizeRange(50).holds(np.array([[0, 0, 99, 1]], np.float32), 2048).tolist() == [False]
    assert SizeRange(10, 50).holds(np.array([[0, 0, 50, 1]], np.float32), 1024).tolist() == [False]


def test_invalid_faces_are_neither_to_be_found_nor_wrong_to_find() -> None:
    picture = searched([LARGE], [LARGE])
    picture.valid[:] = False
    score = score_detections([picture], SizeRange(50))
    assert (score.faces, score.hits, score.misses, score.average_precision) == (0, 0, 0, 0.0)


def test_precision_and_recall_above_a_score() -> None:
    score = score_detections(
        [searched([LARGE, NOWHERE], [LARGE, [300, 0, 400, 80]])], SizeRange(50)
    )
    assert score.at(0.95) == (1.0, 0.0)
    assert score.at(0.6) == (1.0, 0.5)
    assert score.at(0.1) == (0.5, 0.5)


def test_no_pictures_score_nothing() -> None:
    score = score_detections([], SizeRange(50))
    assert (score.faces, score.average_precision, score.at(0.3)) == (0, 0.0, (1.0, 0.0))
