import numpy as np
import pytest

from face_service.live.tracking import Tracker, TrackLimits, TrackState, match_boxes
from object_detection.core.boxes import Boxes
from tests.live.fakes import box, seen

LEFT, RIGHT = (0.2, 0.1, 0.4, 0.3), (0.2, 0.6, 0.4, 0.8)


def boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_boxes_are_matched_to_those_they_overlap_most() -> None:
    # Shifted by a fifth of its width a box overlaps by 0.8 / 1.2.
    first = boxes(LEFT, RIGHT)
    second = boxes((0.2, 0.64, 0.4, 0.84), (0.2, 0.14, 0.4, 0.34))
    assert sorted(match_boxes(first, second, 0.3)) == [(0, 1), (1, 0)]


def test_the_greatest_overlap_is_kept_even_where_the_sum_would_be_greater_without_it() -> None:
    # Row 0 overlaps both columns, by 0.8 / 1.2 and 0.6 / 1.4; row 1 only column 0, by 0.5 / 1.5.
    first = boxes((0, 0.0, 1, 0.10), (0, 0.07, 1, 0.17))
    second = boxes((0, 0.02, 1, 0.12), (0, -0.04, 1, 0.06))
    # The Hungarian method would take 0.43 + 0.33 for the sum; the better pair has 0.67.
    assert match_boxes(first, second, 0.3) == [(0, 0)]


@pytest.mark.parametrize(("least", "pairs"), [(0.33, [(0, 0)]), (0.34, [])])
def test_boxes_that_overlap_too_little_are_not_the_same_face(
    least: float, pairs: list[tuple[int, int]]
) -> None:
    # Shifted by half its width: 0.5 / 1.5.
    assert match_boxes(boxes((0, 0, 1, 0.2)), boxes((0, 0.1, 1, 0.3)), least) == pairs


def test_nothing_matches_nothing() -> None:
    none = np.zeros((0, 4), np.float32)
    assert match_boxes(none, boxes(LEFT), 0.3) == []
    assert match_boxes(boxes(LEFT), none, 0.3) == []


def test_a_face_is_believed_with_its_second_look() -> None:
    tracker = Tracker()
    assert tracker.update([seen(*LEFT)], 0.0) == []
    (track,) = tracker.tracks
    assert (track.id, track.state, track.visible) == (1, TrackState.TENTATIVE, False)
    tracker.update([seen(*LEFT, score=0.7)], 0.04)
    (track,) = tracker.tracks
    assert (track.id, track.state, track.visible) == (1, TrackState.CONFIRMED, True)
    assert (track.hits, track.last_hit, track.score) == (2, 0.04, 0.7)


def test_what_is_seen_once_only_ends_with_the_next_look() -> None:
    tracker = Tracker()
    tracker.update([seen(*LEFT)], 0.0)
    assert tracker.update([seen(*RIGHT)], 0.04) == [1]
    assert [track.id for track in tracker.tracks] == [2]


def test_faces_keep_their_numbers_when_their_order_changes() -> None:
    tracker = Tracker()
    tracker.update([seen(*LEFT), seen(*RIGHT)], 0.0)
    tracker.update([seen(*RIGHT), seen(*LEFT)], 0.04)
    assert [track.id for track in tracker.tracks] == [1, 2]
    assert tracker.tracks[0].box.tolist() == box(*LEFT).tolist()


def confirmed() -> Tracker:
    tracker = Tracker(TrackLimits(coast_seconds=0.4, patience_seconds=2.0))
    tracker.update([seen(*LEFT)], 0.0)
    tracker.update([seen(*LEFT)], 1.0)
    return tracker


def state_after(tracker: Tracker, seconds: float) -> list[TrackState]:
    tracker.update([], seconds)
    return [track.state for track in tracker.tracks]


def test_a_missed_face_coasts_while_its_pixels_can_be_followed() -> None:
    tracker = confirmed()
    assert state_after(tracker, 1.5) == [TrackState.CONFIRMED]
    assert state_after(tracker, 1.875) == [TrackState.CONFIRMED]
    assert state_after(tracker, 2.0) == [TrackState.LOST]
    assert not tracker.tracks[0].visible


def test_a_missed_face_that_cannot_be_followed_is_lost_at_once() -> None:
    tracker = confirmed()
    tracker.move({1: None})
    assert state_after(tracker, 1.04) == [TrackState.LOST]


def test_a_lost_face_is_found_again_under_its_number() -> None:
    tracker = confirmed()
    tracker.move({1: None})
    tracker.update([], 1.5)
    tracker.update([seen(*LEFT)], 2.9)
    (track,) = tracker.tracks
    assert (track.id, track.state, track.hits) == (1, TrackState.CONFIRMED, 3)
    # What coasted before does not count against it later.
    assert state_after(tracker, 3.0) == [TrackState.CONFIRMED]


def test_a_lost_face_ends_after_its_patience() -> None:
    tracker = confirmed()
    assert tracker.update([], 3.0) == []
    assert tracker.update([], 3.04) == [1]
    assert tracker.tracks == []
    tracker.update([seen(*LEFT)], 3.08)
    assert [track.id for track in tracker.tracks] == [2]


def test_moving_puts_a_track_elsewhere_and_tells_where_that_is_not_known() -> None:
    tracker = Tracker()
    tracker.update([seen(*LEFT), seen(*RIGHT)], 0.0)
    tracker.update([seen(*LEFT), seen(*RIGHT)], 0.04)
    tracker.move({1: box(*RIGHT), 2: None})
    moved, kept = tracker.tracks
    assert (moved.box.tolist(), moved.visible) == (box(*RIGHT).tolist(), True)
    assert (kept.box.tolist(), kept.visible) == (box(*RIGHT).tolist(), False)
    tracker.move({1: box(*LEFT), 2: box(*LEFT)})
    assert [track.visible for track in tracker.tracks] == [True, False]


def test_a_single_look_is_enough_where_the_limits_say_so() -> None:
    tracker = Tracker(TrackLimits(confirm_hits=1))
    tracker.update([seen(*LEFT)], 0.0)
    assert tracker.tracks[0].visible
