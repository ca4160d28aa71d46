from face_service.live.schedule import MOST_FRAMES, Schedule


def looks(schedule: Schedule, frames: int, calm: bool, astray: int | None = None) -> list[int]:
    """Return the frames that are looked at; on the frame ``astray`` a face cannot be followed."""
    found = []
    for index in range(frames):
        if schedule.is_due(index, astray=index == astray):
            found.append(index)
            schedule.looked(index, calm=calm)
    return found


def test_every_nth_frame_is_looked_at_whatever_happens() -> None:
    assert looks(Schedule(3), 10, calm=True) == [0, 3, 6, 9]
    assert looks(Schedule(3), 10, calm=False, astray=4) == [0, 3, 6, 9]
    assert looks(Schedule(1), 4, calm=True) == [0, 1, 2, 3]


def test_without_a_number_looks_become_rarer_while_nothing_happens() -> None:
    assert MOST_FRAMES == 10
    assert looks(Schedule(), 45, calm=True) == [0, 2, 6, 14, 24, 34, 44]


def test_without_a_number_each_frame_is_looked_at_while_something_does() -> None:
    assert looks(Schedule(), 5, calm=False) == [0, 1, 2, 3, 4]


def test_a_face_that_cannot_be_followed_is_looked_at_at_once() -> None:
    assert looks(Schedule(), 14, calm=True, astray=9) == [0, 2, 6, 9]


def test_frames_that_were_dropped_count() -> None:
    schedule = Schedule(5)
    schedule.looked(10, calm=True)
    assert not schedule.is_due(14, astray=False)
    assert schedule.is_due(23, astray=False)
