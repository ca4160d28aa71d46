"""The loop's inside on drawn frames and a fake looker."""

from collections.abc import Sequence

import numpy as np
import pytest

from face_service.errors import BusyError
from face_service.live.run import Ended, run
from face_service.live.sources import Frame
from face_service.live.tracking import TrackState
from face_service.live.watching import Shown, Watcher
from face_service.pipeline.decode import Pixels
from tests.live.fakes import HEIGHT, WIDTH, ColourLooker, ListSource, scene

PEOPLE = {"red": "ann", "green": "ben"}


def moving(frames: int) -> list[Pixels]:
    """Two patches: a red one that goes right and a blue one that goes up, 2 pixels a frame."""
    return [scene({"red": (60, 20 + 2 * at), "blue": (170 - 2 * at, 240)}) for at in range(frames)]


def watch(
    watcher: Watcher, frames: list[Pixels], start: int = 0, rate: float = 25.0
) -> list[list[Shown]]:
    return [
        watcher.step(Frame(pixels, start + at, (start + at) / rate))
        for at, pixels in enumerate(frames)
    ]


def edges(shown: Shown) -> list[float]:
    return [float(v) for v in shown.track.box * [HEIGHT, WIDTH, HEIGHT, WIDTH]]


def test_a_face_is_shown_from_its_second_frame_and_named_from_its_third() -> None:
    shown = watch(Watcher(ColourLooker(PEOPLE), every=1), moving(4))
    assert [[one.mark.label for one in frame] for frame in shown] == [
        [],
        ["#1", "#2"],
        ["ann", "unknown #2"],
        ["ann", "unknown #2"],
    ]


@pytest.mark.parametrize(("every", "looks"), [(1, 40), (5, 8), (10, 4)])
def test_boxes_stay_on_their_faces_between_looks(every: int, looks: int) -> None:
    looker = ColourLooker(PEOPLE)
    shown = watch(Watcher(looker, every), moving(40))
    assert looker.looks == looks
    for at in range(2 * every, 40):
        red, blue = shown[at]
        assert edges(red) == pytest.approx([60, 20 + 2 * at, 120, 80 + 2 * at], abs=2.5)
        assert edges(blue) == pytest.approx([170 - 2 * at, 240, 230 - 2 * at, 300], abs=2.5)


def test_looks_become_rare_while_nothing_happens_and_names_too() -> None:
    looker = ColourLooker(PEOPLE)
    watcher = Watcher(looker)
    watch(watcher, moving(60))
    # 0, 1, 2 until both are settled, then after 1, 2, 4, 8 and 10 frames.
    assert looker.looks == len([0, 1, 2, 3, 5, 9, 17, 27, 37, 47, 57])
    # Three times each to settle; the recheck after 2 s would come with frame 53 or later.
    assert looker.named.count("red") == looker.named.count("blue") == 4
    assert (watcher.work.frames, watcher.work.looks, watcher.work.named) == (60, 11, 8)


def test_a_new_face_is_followed_closely_until_it_is_named() -> None:
    looker = ColourLooker(PEOPLE)
    watcher = Watcher(looker)
    alone, joined = [scene({"red": (60, 100)})] * 30, scene({"red": (60, 100), "green": (60, 200)})
    watch(watcher, alone)
    before = looker.looks
    shown = watch(watcher, [joined] * 12, start=30)
    assert {one.mark.label for one in shown[-1]} == {"ann", "ben"}
    # One look that finds it by chance of the rhythm, then each frame until it is settled.
    assert looker.looks - before >= 3


def test_a_face_whose_pixels_went_away_is_looked_for_at_once() -> None:
    looker = ColourLooker(PEOPLE)
    watcher = Watcher(looker)
    watch(watcher, [scene({"red": (60, 100)})] * 30)
    before = looker.looks
    (shown,) = watch(watcher, [scene({})], start=30)
    assert (shown, looker.looks) == ([], before + 1)
    assert [track.state for track in watcher._tracker.tracks] == [TrackState.LOST]
    # And then no more often than usual: that it is away is no news.
    watch(watcher, [scene({})] * 20, start=31)
    assert looker.looks - before < 8


def test_somebody_else_in_the_place_of_who_went_gets_a_row_of_their_own() -> None:
    watcher = Watcher(ColourLooker(PEOPLE))
    frames = [scene({"red": (60, 100)})] * 20 + [scene({})] * 5
    watch(watcher, frames + [scene({"green": (60, 100)})] * 20)
    ann, ben = watcher.sightings.rows()
    assert (ann.subject, ann.track, ann.first_frame, ann.last_frame) == ("ann", 1, 0, 19)
    assert (ben.subject, ben.track, ben.last_frame) == ("ben", 1, 44)
    assert ben.first_frame <= 34  # the longest that a look is put off


def film_with_cuts() -> list[Pixels]:
    """Ann for 75 frames, Ben in her place and Cem beside him for 75, then Cem in Ben's place."""
    ann = scene({"red": (60, 100)})
    ben_and_cem = scene({"green": (64, 104), "blue": (60, 220)})
    cem = scene({"blue": (60, 100)})
    return [ann] * 75 + [ben_and_cem] * 75 + [cem] * 50


ALL_THREE = {"red": "ann", "green": "ben", "blue": "cem"}


@pytest.mark.parametrize("every", [None, 1])
def test_after_a_cut_nobody_has_the_name_of_who_was_there_before(every: int | None) -> None:
    watcher = Watcher(ColourLooker(ALL_THREE), every)
    shown = watch(watcher, film_with_cuts())
    told = [(row.subject, row.first_frame, row.last_frame) for row in watcher.sightings.rows()]
    assert told == [("ann", 0, 74), ("ben", 75, 149), ("cem", 75, 149), ("cem", 150, 199)]
    labels = [sorted(one.mark.label for one in frame) for frame in shown]
    assert labels[74:79] == [["ann"], ["#1"], ["#2", "ben"], ["ben", "cem"], ["ben", "cem"]]
    assert labels[149:153] == [["ben", "cem"], ["#1"], ["cem"], ["cem"]]


def test_a_cut_between_two_looks_hides_the_face_until_the_next() -> None:
    watcher = Watcher(ColourLooker(ALL_THREE), every=10)
    shown = watch(watcher, film_with_cuts())
    told = [(row.subject, row.first_frame, row.last_frame) for row in watcher.sightings.rows()]
    assert told == [("ann", 0, 74), ("ben", 80, 149), ("cem", 80, 149), ("cem", 150, 199)]
    assert [len(frame) for frame in shown[74:81]] == [1, 0, 0, 0, 0, 0, 1]


def test_an_unknown_face_does_not_lend_its_time_to_who_follows_it() -> None:
    watcher = Watcher(ColourLooker({"green": "ben"}), every=1)
    watch(watcher, [scene({"red": (60, 100)})] * 30 + [scene({"green": (60, 100)})] * 30)
    told = [(row.subject, row.first_frame, row.last_frame) for row in watcher.sightings.rows()]
    assert told == [(None, 0, 29), ("ben", 30, 59)]


def test_a_face_that_changes_its_look_for_a_moment_is_one_stay() -> None:
    red = scene({"red": (60, 100)})
    turned = scene({"red": (60, 100)})
    turned[60:120, 100:160] = turned[60:120, 100:160][::-1, ::-1]
    watcher = Watcher(ColourLooker(PEOPLE), every=1)
    watch(watcher, [red] * 30 + [turned] * 10 + [red] * 20)
    (row,) = watcher.sightings.rows()
    assert (row.subject, row.first_frame, row.last_frame, row.frames) == ("ann", 0, 59, 60)


@pytest.mark.parametrize("every", [None, 1])
def test_a_face_without_corners_is_named_though_it_cannot_be_followed(every: int | None) -> None:
    plain = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    plain[60:120, 100:160] = (255, 0, 0)
    looker = ColourLooker(PEOPLE)
    watcher = Watcher(looker, every)
    shown = watch(watcher, [plain] * 12)
    assert [[one.mark.label for one in frame] for frame in shown[:4]] == [
        [],
        ["#1"],
        ["ann"],
        ["ann"],
    ]
    assert watcher.sightings.rows()[0].frames == 12
    assert len(looker.named) == 3  # in doubt or not, it is settled


def test_with_a_number_a_face_that_cannot_be_followed_is_hidden_until_the_next_look() -> None:
    looker = ColourLooker(PEOPLE)
    watcher = Watcher(looker, every=4)
    frames = [scene({"red": (60, 100)})] * 9
    noise = np.random.default_rng(0).integers(0, 160, (HEIGHT, WIDTH, 3), np.uint8)
    frames += [noise, noise, noise, scene({"red": (75, 115)})]
    shown = watch(watcher, frames)
    assert [len(frame) for frame in shown] == [0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1]
    assert shown[12][0].track.id == 1


def test_a_sighting_covers_all_frames_of_its_face() -> None:
    watcher = Watcher(ColourLooker(PEOPLE))
    watch(watcher, moving(40))
    red, blue = watcher.sightings.rows()
    assert red.as_dict() == {
        "subject": "ann",
        "unknown": False,
        "track": 1,
        "first_seconds": 0.0,
        "last_seconds": 1.56,
        "first_frame": 0,
        "last_frame": 39,
        "frames": 40,
        "best_distance": 0.5,
    }
    assert (blue.subject, blue.frames, blue.best_distance) == (None, 40, 1.4)


def test_frames_that_were_dropped_are_counted() -> None:
    watcher = Watcher(ColourLooker(PEOPLE), every=1)
    for index in (0, 3, 4, 9):
        watcher.step(Frame(scene({}), index, index / 25))
    assert (watcher.work.frames, watcher.work.dropped) == (4, 6)


class Gathering:
    """A sink that keeps the numbers of its frames, and wants to stop after some."""

    def __init__(self, most: int = 10**9) -> None:
        self.indices: list[int] = []
        self.idled = 0
        self._most = most

    def take(self, frame: Frame, shown: Sequence[Shown]) -> None:
        self.indices.append(frame.index)

    def idle(self) -> None:
        self.idled += 1

    @property
    def wants_stop(self) -> bool:
        return len(self.indices) >= self._most


def never() -> bool:
    return False


def test_a_source_is_worked_on_to_its_end() -> None:
    sink = Gathering()
    outcome = run(ListSource(moving(5)), Watcher(ColourLooker(PEOPLE)), [sink], never)
    assert (outcome.ended, outcome.error, outcome.last_seconds) == (Ended.END, None, 0.16)
    assert sink.indices == [0, 1, 2, 3, 4]


def test_a_sink_or_a_signal_stops_between_frames() -> None:
    sink = Gathering(most=2)
    watcher = Watcher(ColourLooker(PEOPLE))
    assert run(ListSource(moving(5)), watcher, [sink], never).ended is Ended.STOPPED
    assert sink.indices == [0, 1]
    asked = iter([False, False, False, True])
    sink = Gathering()
    outcome = run(ListSource(moving(5)), Watcher(ColourLooker(PEOPLE)), [sink], lambda: next(asked))
    assert (outcome.ended, sink.indices) == (Ended.STOPPED, [0, 1, 2])


def test_the_most_seconds_of_a_file_are_its_own() -> None:
    sink = Gathering()
    watcher = Watcher(ColourLooker(PEOPLE))
    outcome = run(ListSource(moving(9)), watcher, [sink], never, max_seconds=0.12)
    assert (outcome.ended, sink.indices) == (Ended.TIME, [0, 1, 2])


class Stalling(ListSource):
    """A live source that gives each frame only when it is asked for the third time."""

    def __init__(self, frames: list[Pixels]) -> None:
        super().__init__(frames, is_live=True)
        self._asked = 0

    def read(self, wait: float) -> Frame | None:
        self._asked += 1
        return super().read(wait) if self._asked % 3 == 0 else None


def test_a_camera_that_stalls_is_waited_for_up_to_the_most_seconds() -> None:
    sink, now = Gathering(), iter(range(1000))
    outcome = run(
        Stalling(moving(9)),
        Watcher(ColourLooker(PEOPLE)),
        [sink],
        never,
        max_seconds=8.5,
        clock=lambda: float(next(now)),  # a second each time it is asked
    )
    assert (outcome.ended, sink.indices, sink.idled) == (Ended.TIME, [0, 1], 6)


def test_an_error_ends_the_run_and_keeps_what_was_seen() -> None:
    looker = ColourLooker(PEOPLE)

    def fail(look: int) -> None:
        if look == 4:
            raise BusyError("too much")

    looker.on_look = fail
    watcher = Watcher(looker, every=1)
    outcome = run(ListSource(moving(9)), watcher, [], never)
    assert outcome.ended is Ended.FAILED
    assert isinstance(outcome.error, BusyError)
    assert [row.frames for row in watcher.sightings.rows()] == [3, 3]
