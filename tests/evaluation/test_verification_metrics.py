"""Rates of pairs, on cases whose figures can be told by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.evaluation.metrics.verification import (
    accepted,
    accuracy,
    best_threshold,
    cross_validate,
    equal_error_rate,
    roc,
    tar_at_far,
)

INF = float("inf")


def of(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def test_kinds_that_lie_apart_are_told_apart_without_an_error() -> None:
    genuine, impostor = of(0.2, 0.4), of(1.0, 1.2, 1.4)
    curve = roc(genuine, impostor)
    assert curve.auc == 1.0
    assert equal_error_rate(curve) == 0.0
    assert best_threshold(genuine, impostor) == pytest.approx(0.7)
    assert accuracy(genuine, impostor, 0.7) == 1.0
    tar, threshold = tar_at_far(curve, 0.001)
    assert tar == 1.0
    assert 0.4 < threshold < 1.0


def test_one_impostor_among_the_genuine_pairs_costs_what_it_should() -> None:
    genuine, impostor = of(0.1, 0.2, 0.3, 0.5), of(0.4, 0.9, 1.0, 1.1)
    curve = roc(genuine, impostor)
    # Of 16 couples of a genuine and an impostor pair one is the wrong way round.
    assert curve.auc == pytest.approx(15 / 16)
    assert tar_at_far(curve, 0.0)[0] == 0.75
    assert tar_at_far(curve, 0.2)[0] == 0.75
    assert tar_at_far(curve, 0.25)[0] == 1.0
    assert equal_error_rate(curve) == pytest.approx(0.25)
    # As good as 0.35: the middle one of the best thresholds is not decided by rounding.
    assert accuracy(genuine, impostor, best_threshold(genuine, impostor)) == 0.875


def test_a_tie_is_half_a_win_and_no_threshold_parts_it() -> None:
    curve = roc(of(0.5), of(0.5))
    assert curve.auc == 0.5
    assert equal_error_rate(curve) == 0.5
    assert tar_at_far(curve, 0.5)[0] == 0.0


def test_the_wrong_way_round_is_the_worst() -> None:
    curve = roc(of(1.0, 1.1), of(0.1, 0.2))
    assert curve.auc == 0.0
    assert equal_error_rate(curve) == 1.0


def test_equal_error_rate_lies_on_the_line_between_two_steps() -> None:
    # Steps (FAR, FRR): (0, 1), (0, 1/2), (1, 1/2), (1, 0): they cross at a FAR of 1/2.
    assert equal_error_rate(roc(of(0.1, 0.9), of(0.5))) == pytest.approx(0.5)


def test_a_distance_at_the_threshold_does_not_match() -> None:
    assert accepted(of(0.5, 0.7), 0.5) == 0.0
    assert accepted(of(0.5, 0.7), 0.6) == 0.5
    assert accuracy(of(0.5), of(0.5), 0.5) == 0.5


def test_a_pair_without_a_face_matches_never_and_is_judged_wrongly() -> None:
    genuine, impostor = of(0.1, INF), of(0.9, 1.0, 1.1, INF)
    curve = roc(genuine, impostor)
    assert tar_at_far(curve, 0.0)[0] == 0.5
    assert (curve.far[-1], curve.tar[-1]) == (1.0, 1.0)
    assert accuracy(genuine, impostor, 0.5) == pytest.approx((0.5 + 1.0) / 2)
    assert accuracy(genuine, impostor, 0.5, wrong=(1, 1)) == pytest.approx((0.5 + 0.75) / 2)


def test_kinds_of_different_number_weigh_alike() -> None:
    assert accuracy(of(0.1), of(0.1, 0.1, 0.1, 0.9), 0.5) == pytest.approx((1 + 0.25) / 2)


def test_each_fold_is_judged_by_a_threshold_of_the_others() -> None:
    # On fold 1 alone 0.85 would be right; fold 0 says 0.5, which is wrong for both of its pairs.
    genuine, impostor = of(0.4, 0.8), of(0.6, 0.9)
    at = np.array([0, 1])
    found = cross_validate(genuine, impostor, at, at, 2)
    assert found.thresholds == pytest.approx([0.85, 0.5])
    # Fold 0 at 0.85 takes its impostor too, fold 1 at 0.5 refuses its genuine pair.
    assert found.accuracies == pytest.approx([0.5, 0.5])
    assert (found.mean, found.std) == (0.5, 0.0)


def test_the_spread_is_that_of_the_folds() -> None:
    genuine, impostor = of(0.1, 0.1, 0.1, 0.9), of(1.0, 1.0, 1.0, 0.2)
    at = np.array([0, 1, 2, 3])
    found = cross_validate(genuine, impostor, at, at, 4)
    assert found.accuracies == pytest.approx([1.0, 1.0, 1.0, 0.0])
    assert found.mean == pytest.approx(0.75)
    assert found.std == pytest.approx(np.sqrt(3) / 4)


def test_a_pair_without_a_face_counts_against_its_fold() -> None:
    genuine, impostor = of(0.1, 0.1), of(1.0, INF)
    at = np.array([0, 1])
    assert cross_validate(genuine, impostor, at, at, 2).accuracies.tolist() == [1.0, 0.5]


def test_no_pair_with_a_face_at_all_gives_figures_still() -> None:
    curve = roc(of(INF), of(INF))
    assert tar_at_far(curve, 0.01)[0] == 0.0
    assert best_threshold(of(INF), of(INF)) == 0.0
