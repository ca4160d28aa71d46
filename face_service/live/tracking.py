"""Which face of a frame is which of the frames before: boxes matched by overlap, and nothing else.

A track begins *tentative*; it is *confirmed* by its second look, because what a detector sees only
once is mostly no face; it is *lost* when looks no longer find it, and ends some time later unless
one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from face_service.live.looking import SeenFace
from object_detection.core.boxes import Boxes, compute_iou

Box = NDArray[np.float32]


class TrackState(Enum):
    """Where in its life a track is."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True)
class Track:
    """One face over time.

    Attributes:
        box: float32 [4] (ymin, xmin, ymax, xmax), 0..1, where it was last known to be.
        score: the detector's, 0..1, of the last look that found it.
        hits: looks that found it.
        last_hit: the time of the last of them, seconds.
        placed: whether ``box`` is where the face is in the current frame.
        missed_since: the time of the first look since then that did not find it, None if none.
    """

    id: int
    box: Box
    score: float
    state: TrackState
    hits: int
    last_hit: float
    placed: bool = True
    missed_since: float | None = None

    @property
    def visible(self) -> bool:
        """Whether the face is believed to be in the current frame, and where."""
        return self.state is TrackState.CONFIRMED and self.placed


@dataclass(frozen=True)
class TrackLimits:
    """When tracks begin and end.

    Attributes:
        least_iou: boxes overlapping less are not the same face. 0.3 is what trackers of pedestrians
            use; faces are further apart from each other than that.
        confirm_hits: looks after which a face is believed.
        coast_seconds: a face is still shown for so long after the first look that missed it, if its
            pixels can be followed: detectors miss a turned head for a moment.
        patience_seconds: a lost face that is found again within this keeps its number and name.
    """

    least_iou: float = 0.3
    confirm_hits: int = 2
    coast_seconds: float = 0.4
    patience_seconds: float = 2.0


def match_boxes(first: Boxes, second: Boxes, least_iou: float) -> list[tuple[int, int]]:
    """Return pairs (row of ``first``, row of ``second``), the greatest overlap first.

    Greedy, not the Hungarian method: that one maximises the sum, and may take a face from its
    track to make a pair of two that hardly overlap. Faces overlap so little that the two differ
    only where such a mistake is at stake. Boxes are [N, 4] and [M, 4]; ties go to the lower row.
    """
    iou = compute_iou(first, second)
    pairs: list[tuple[int, int]] = []
    for place in np.argsort(-iou, axis=None, kind="stable"):
        row, column = (int(index) for index in np.unravel_index(place, iou.shape))
        if iou[row, column] < least_iou:
            break
        if all(row != taken[0] and column != taken[1] for taken in pairs):
            pairs.append((row, column))
    return pairs


class Tracker:
    """The tracks of one source, numbered from 1."""

    def __init__(self, limits: TrackLimits | None = None) -> None:
        self._limits = limits or TrackLimits()
        self._tracks: dict[int, Track] = {}
        self._next_id = 1

    @property
    def tracks(self) -> list[Track]:
        """All that have not ended, the oldest first."""
        return list(self._tracks.values())

    def move(self, boxes: Mapping[int, Box | None]) -> None:
        """Put tracks, by their ids, where they are in the next frame; None where that is unknown.

        A track that is not named, or None, stays where it was and is not placed, until a look finds
        it: from there on other pixels would be followed.
        """
        for track in self.tracks:
            box = boxes.get(track.id)
            where = track.box if box is None else box
            placed = track.placed and box is not None
            self._tracks[track.id] = replace(track, box=where, placed=placed)

    def update(self, faces: Sequence[SeenFace], seconds: float) -> list[int]:
        """Take in what a look found at a time; return the ids of the tracks that ended."""
        tracks = self.tracks
        pairs = match_boxes(
            _stack([track.box for track in tracks]),
            _stack([face.box for face in faces]),
            self._limits.least_iou,
        )
        for row, column in pairs:
            self._tracks[tracks[row].id] = self._hit(tracks[row], faces[column], seconds)
        found = {column for _, column in pairs}
        for column, face in enumerate(faces):
            if column not in found:
                self._begin(face, seconds)
        hit = {row for row, _ in pairs}
        return self._miss([track for row, track in enumerate(tracks) if row not in hit], seconds)

    def _begin(self, face: SeenFace, seconds: float) -> None:
        sure = self._limits.confirm_hits <= 1
        state = TrackState.CONFIRMED if sure else TrackState.TENTATIVE
        self._tracks[self._next_id] = Track(self._next_id, face.box, face.score, state, 1, seconds)
        self._next_id += 1

    def _hit(self, track: Track, face: SeenFace, seconds: float) -> Track:
        hits = track.hits + 1
        sure = hits >= self._limits.confirm_hits
        state = TrackState.CONFIRMED if sure else TrackState.TENTATIVE
        return Track(track.id, face.box, face.score, state, hits, seconds)

    def _miss(self, missed: Sequence[Track], seconds: float) -> list[int]:
        ended = []
        for track in missed:
            if (
                track.state is TrackState.TENTATIVE
                or seconds - track.last_hit > self._limits.patience_seconds
            ):
                del self._tracks[track.id]
                ended.append(track.id)
                continue
            since = seconds if track.missed_since is None else track.missed_since
            coasts = track.visible and seconds - since <= self._limits.coast_seconds
            state = TrackState.CONFIRMED if coasts else TrackState.LOST
            self._tracks[track.id] = replace(track, state=state, missed_since=since)
        return ended


def _stack(boxes: Sequence[Box]) -> Boxes:
    return np.stack(boxes) if boxes else np.zeros((0, 4), np.float32)
