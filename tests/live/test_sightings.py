import csv
import io
import json

from face_service.live.sightings import COLUMNS, Sightings, as_csv, as_json
from face_service.live.voting import Named

UNDECIDED = Named(False, None, None)
UNKNOWN = Named(True, None, 1.25)
ANN, BEN = Named(True, "ann", 0.51236), Named(True, "ben", 0.7)


def gathered(*seen: tuple[int, Named]) -> Sightings:
    """Return sightings of (track, name), a frame each, at 10 frames a second."""
    sightings = Sightings()
    for frame, (track, named) in enumerate(seen):
        sightings.see(track, named, frame, frame / 10)
    return sightings


def test_a_face_is_told_from_its_first_frame_to_its_last() -> None:
    (row,) = gathered((1, UNDECIDED), (1, UNDECIDED), (1, ANN)).rows()
    assert row.as_dict() == {
        "subject": "ann",
        "unknown": False,
        "track": 1,
        "first_seconds": 0.0,
        "last_seconds": 0.2,
        "first_frame": 0,
        "last_frame": 2,
        "frames": 3,
        "best_distance": 0.5124,
    }


def test_frames_on_which_a_face_was_not_seen_do_not_count() -> None:
    first, second = gathered((1, ANN), (2, UNKNOWN), (1, ANN)).rows()
    assert (first.track, first.first_frame, first.last_frame, first.frames) == (1, 0, 2, 2)
    assert (second.track, second.subject, second.frames, second.best_distance) == (2, None, 1, 1.25)


def test_another_name_is_another_stay() -> None:
    rows = gathered((1, ANN), (1, ANN), (1, BEN), (1, UNKNOWN), (1, UNKNOWN)).rows()
    assert [(row.subject, row.track, row.frames) for row in rows] == [
        ("ann", 1, 2),
        ("ben", 1, 1),
        (None, 1, 2),
    ]


def test_who_was_decided_to_be_unknown_was_not_there_before_by_name() -> None:
    rows = gathered((1, UNDECIDED), (1, UNKNOWN), (1, UNKNOWN), (1, ANN), (1, ANN)).rows()
    assert [
        (row.subject, row.first_frame, row.last_frame, row.frames, row.best_distance)
        for row in rows
    ] == [(None, 0, 2, 3, 1.25), ("ann", 3, 4, 2, 0.51236)]


def test_a_name_that_falls_open_and_comes_back_is_one_stay() -> None:
    nearer = Named(True, "ann", 0.4)
    (row,) = gathered(
        (1, nearer), (1, UNDECIDED), (1, UNDECIDED), (1, ANN), (1, UNDECIDED), (1, ANN)
    ).rows()
    assert (row.subject, row.first_frame, row.last_frame, row.frames) == ("ann", 0, 5, 6)
    assert row.best_distance == 0.4


def test_a_name_that_falls_open_for_another_ends_with_the_last_frame_before() -> None:
    ann, ben = gathered((1, ANN), (1, ANN), (1, UNDECIDED), (1, UNDECIDED), (1, BEN)).rows()
    assert (ann.subject, ann.first_frame, ann.last_frame, ann.frames) == ("ann", 0, 1, 2)
    assert (ben.subject, ben.first_frame, ben.last_frame, ben.frames) == ("ben", 2, 4, 3)


def test_what_was_never_confirmed_is_not_told() -> None:
    sightings = Sightings()
    sightings.see(1, UNDECIDED, 0, 0.0, confirmed=False)
    assert sightings.rows() == []
    sightings.end([1])
    sightings.see(2, UNDECIDED, 1, 0.1, confirmed=False)
    sightings.see(2, UNDECIDED, 2, 0.2, confirmed=True)
    (row,) = sightings.rows()
    assert (row.track, row.first_frame, row.frames) == (2, 1, 2)


def test_an_ended_track_is_kept() -> None:
    sightings = gathered((1, ANN))
    sightings.end([1, 99])
    assert [row.subject for row in sightings.rows()] == ["ann"]


def test_csv_has_a_line_of_headings_and_keeps_any_name() -> None:
    odd = Named(True, '张伟, "the" first', 0.5)
    text = as_csv(gathered((1, odd), (2, UNDECIDED)).rows())
    assert text.splitlines()[0] == ",".join(COLUMNS)
    one, two = csv.DictReader(io.StringIO(text))
    assert (one["subject"], one["unknown"], one["best_distance"]) == (odd.subject, "false", "0.5")
    assert (two["subject"], two["unknown"], two["best_distance"]) == ("", "true", "")


def test_json_has_the_same_beside_the_run() -> None:
    sightings = gathered((1, Named(True, "张伟", 0.5)), (2, UNKNOWN))
    text = as_json(sightings.rows(), {"source": "film.mp4"})
    assert "张伟" in text
    table = json.loads(text)
    assert list(table) == ["source", "sightings"]
    assert table["sightings"] == [row.as_dict() for row in sightings.rows()]
    assert (table["sightings"][1]["subject"], table["sightings"][1]["unknown"]) == (None, True)
