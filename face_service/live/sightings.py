"""Who was seen when: a row for each stay of each face."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from face_service.live.voting import Named

_DIGITS = 4  # of seconds and distances


@dataclass(eq=False)  # each is a row of its own
class Sighting:
    """One face from its first frame to its last.

    ``subject`` None is unknown. ``frames`` are those on which it was seen, of the frames worked on;
    ``best_distance`` is the least to ``subject`` (of an unknown one: to anybody), unsquared L2.
    """

    track: int
    subject: str | None
    first_seconds: float
    last_seconds: float
    first_frame: int
    last_frame: int
    frames: int = 1
    best_distance: float | None = None
    confirmed: bool = False
    decided: bool = False
    former: "Sighting | None" = None  # of the same track, while it is open whether it goes on

    def as_dict(self) -> dict[str, Any]:
        """Return the members of the JSON report, in the order of the CSV's columns."""
        best = self.best_distance
        return {
            "subject": self.subject,
            "unknown": self.subject is None,
            "track": self.track,
            "first_seconds": round(self.first_seconds, _DIGITS),
            "last_seconds": round(self.last_seconds, _DIGITS),
            "first_frame": self.first_frame,
            "last_frame": self.last_frame,
            "frames": self.frames,
            "best_distance": None if best is None else round(best, _DIGITS),
        }


COLUMNS = tuple(Sighting(0, None, 0, 0, 0, 0).as_dict())


class Sightings:
    """Gathers sightings, frame by frame."""

    def __init__(self) -> None:
        self._all: list[Sighting] = []
        self._open: dict[int, Sighting] = {}

    def see(
        self, track: int, named: Named, frame: int, seconds: float, *, confirmed: bool = True
    ) -> None:
        """Note a face on a frame, by its number and time.

        Whose name is not decided yet gets it from the first frame of the row on. One decided name
        after another, unknown among them, is another stay, which begins with that frame: nobody is
        said to have been there before. A name that falls open again begins a row, too, which joins
        the one before if it comes to the same name. A face that is never ``confirmed`` is not told.
        """
        row = self._open.get(track)
        if row is None or (row.decided and _differs(row, named)):
            former = None if row is None or named.decided else row
            row = Sighting(track, None, seconds, seconds, frame, frame, frames=0, former=former)
            self._open[track] = row
            self._all.append(row)
        elif named.decided:
            row = self._rejoined(row, named)
        row.frames += 1
        row.last_frame, row.last_seconds = frame, seconds
        row.best_distance = _least(row, named)
        row.subject, row.decided = named.subject, named.decided
        row.confirmed = row.confirmed or confirmed

    def _rejoined(self, row: Sighting, named: Named) -> Sighting:
        """Return the row that an open one belongs to, now that it is decided."""
        former, row.former = row.former, None
        if former is None or former.subject != named.subject:
            return row
        self._all.remove(row)
        former.frames += row.frames
        self._open[row.track] = former
        return former

    def end(self, tracks: Iterable[int]) -> None:
        """Note that tracks have ended."""
        for track in tracks:
            row = self._open.pop(track, None)
            if row is not None and not row.confirmed:
                self._all.remove(row)

    def rows(self) -> list[Sighting]:
        """Return the sightings so far, by when they began."""
        return [row for row in self._all if row.confirmed]


def _differs(row: Sighting, named: Named) -> bool:
    return not named.decided or row.subject != named.subject


def _least(row: Sighting, named: Named) -> float | None:
    """Return the least distance to whom a row is decided to show."""
    known = [row.best_distance] if row.decided and named.decided else []
    return min((d for d in (*known, named.distance) if d is not None), default=None)


def as_csv(rows: Sequence[Sighting]) -> str:
    """Return the sightings as CSV with a line of headings; an unknown's subject is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        table = row.as_dict() | {"unknown": "true" if row.subject is None else "false"}
        writer.writerow(["" if value is None else value for value in table.values()])
    return text.getvalue()


def as_json(rows: Sequence[Sighting], run: Mapping[str, Any]) -> str:
    """Return the sightings as JSON beside the members of ``run``."""
    table = dict(run) | {"sightings": [row.as_dict() for row in rows]}
    return json.dumps(table, ensure_ascii=False, indent=2) + "\n"
