"""One frame after the other: move what is known, look where it is due, name whom it is due."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from face_service.live.appearance import Thumbnail, looks_alike, thumbnail
from face_service.live.drawing import NAMED, UNDECIDED, UNKNOWN, Mark
from face_service.live.flow import BoxFlow
from face_service.live.looking import Looker
from face_service.live.schedule import Schedule
from face_service.live.sightings import Sightings
from face_service.live.sources import Frame
from face_service.live.tracking import Track, Tracker, TrackState
from face_service.live.voting import Named, NameVoting
from object_detection.core.boxes import compute_iou

# Overlap of a followed box with the one that a look then finds, below which following is doubted.
_TRUE_TO_LOOK = 0.6


@dataclass(frozen=True)
class Shown:
    """A face on a frame, and what is held of it."""

    track: Track
    named: Named

    @property
    def mark(self) -> Mark:
        """How it is drawn."""
        if self.named.subject is not None:
            return Mark(self.track.box, self.named.subject, NAMED)
        if self.named.decided:
            return Mark(self.track.box, f"unknown #{self.track.id}", UNKNOWN)
        return Mark(self.track.box, f"#{self.track.id}", UNDECIDED)


@dataclass
class Work:
    """What was done: frames worked on and dropped before, runs of the detector, faces named."""

    frames: int = 0
    dropped: int = 0
    looks: int = 0
    named: int = 0


class Watcher:
    """What is known of the faces of one source."""

    def __init__(
        self,
        looker: Looker,
        every: int | None = None,
        tracker: Tracker | None = None,
        voting: NameVoting | None = None,
    ) -> None:
        """Begin with nothing; ``every`` as :class:`~face_service.live.schedule.Schedule` has it."""
        self._looker = looker
        self._schedule = Schedule(every)
        self._tracker = tracker or Tracker()
        self._voting = voting or NameVoting()
        self._flow = BoxFlow()
        self._last_seen: dict[int, Thumbnail | None] = {}  # by track, where it was last placed
        self.sightings = Sightings()
        self.work = Work()

    def step(self, frame: Frame) -> list[Shown]:
        """Take in the next frame and return the faces on it.

        Raises:
            ServiceError: the looker's.
        """
        self._follow(frame)
        astray = any(not track.placed for track in self._tracker.tracks if _counts(track))
        if self._schedule.is_due(frame.index, astray=astray):
            self._look(frame)
        self.work.frames += 1
        self.work.dropped = frame.index + 1 - self.work.frames
        self._remember(frame)
        shown = []
        for track in self._tracker.tracks:
            named = self._voting.name_of(track.id)
            if track.placed and _counts(track):
                self.sightings.see(
                    track.id, named, frame.index, frame.seconds, confirmed=track.visible
                )
            if track.visible:
                shown.append(Shown(track, named))
        return shown

    def _follow(self, frame: Frame) -> None:
        tracks = [track for track in self._tracker.tracks if track.placed]
        boxes = np.reshape([track.box for track in tracks], (-1, 4)).astype(np.float32)
        moved = self._flow.move(frame.pixels, boxes)
        # Where the pixels are others all of a sudden, it was not the face that was followed.
        self._tracker.move(
            {
                track.id: box if box is not None and self._is_alike(track, frame, box) else None
                for track, box in zip(tracks, moved, strict=True)
            }
        )

    def _is_alike(self, track: Track, frame: Frame, box: NDArray[np.float32]) -> bool:
        return looks_alike(self._last_seen.get(track.id), thumbnail(frame.pixels, box))

    def _remember(self, frame: Frame) -> None:
        tracks = self._tracker.tracks
        known = {track.id: self._last_seen.get(track.id) for track in tracks}
        now = {t.id: thumbnail(frame.pixels, t.box) for t in tracks if t.placed and _counts(t)}
        self._last_seen = known | now

    def _look(self, frame: Frame) -> None:
        before = {track.id: track for track in self._tracker.tracks}
        faces = self._looker.look(frame.pixels)
        ended = self._tracker.update(faces, frame.seconds)
        self._voting.forget(ended)
        self.sightings.end(ended)
        self.work.looks += 1
        found = [track for track in self._tracker.tracks if track.last_hit == frame.seconds]
        for track in found:
            self._doubt(track, before.get(track.id), frame)
        self._name(frame, [track for track in found if track.state is TrackState.CONFIRMED])
        calm = all(
            self._is_as_expected(track, before.get(track.id), frame)
            for track in self._tracker.tracks
        )
        self._schedule.looked(frame.index, calm=calm)

    def _doubt(self, track: Track, before: Track | None, frame: Frame) -> None:
        """Take in that a track that went astray or was lost may have been found as somebody else.

        One that looks unlike before is named anew, with nothing of its old votes.
        """
        if before is None or (before.placed and _counts(before)):
            return
        if not self._is_alike(track, frame, track.box):
            self._voting.forget([track.id])
        elif not _counts(before) or _overlap(before, track) < _TRUE_TO_LOOK:
            self._voting.doubt(track.id)

    def _name(self, frame: Frame, tracks: Sequence[Track]) -> None:
        due = [track for track in tracks if self._voting.is_due(track.id, frame.seconds)]
        if not due:
            return
        boxes = np.stack([track.box for track in due])
        for track, naming in zip(due, self._looker.name(frame.pixels, boxes), strict=True):
            self._voting.cast(track.id, naming, frame.seconds)
        self.work.named += len(due)

    def _is_as_expected(self, track: Track, before: Track | None, frame: Frame) -> bool:
        if before is None or track.state is not before.state:
            return False
        if not _counts(track):
            return True  # it has been lost for longer
        if track.last_hit != frame.seconds or not self._voting.is_settled(track.id):
            return False
        return before.placed and _overlap(before, track) >= _TRUE_TO_LOOK


def _overlap(first: Track, second: Track) -> float:
    return float(compute_iou(first.box[None], second.box[None])[0, 0])


def _counts(track: Track) -> bool:
    return track.state is not TrackState.LOST
