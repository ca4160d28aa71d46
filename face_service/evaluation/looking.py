"""Many pictures through the product's own steps, a few of them at once."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from tqdm import tqdm

from face_service.errors import (
    EvaluationError,
    MissingFieldError,
    NoFaceError,
    NotAPictureError,
    TooLargeError,
)
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import Embedding
from face_service.vision import Landmarks, Vision

# Pictures in work at once: each waits for at most one graph, so they never fill a queue.
MAX_WORKERS = 4
_PATIENCE_SECONDS = 120.0  # for one picture: nobody waits behind it as behind a request
Trouble = Literal["damaged", "no face"]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Seen(Generic[T]):
    """What a picture showed, or why it showed nothing."""

    value: T | None
    trouble: Trouble | None = None


class Use(Protocol[T_co]):
    """What is done with a decoded picture until the deadline; may raise :class:`NoFaceError`."""

    def __call__(self, picture: Picture, deadline: float, /) -> T_co:
        """Return what was asked of the picture."""


class Looker:
    """Takes files the way that posted pictures take."""

    def __init__(self, vision: Vision, workers: int = MAX_WORKERS) -> None:
        """The engine of ``vision`` must be ready; ``workers`` pictures are in work at once."""
        self.vision = vision
        self._workers = max(1, min(MAX_WORKERS, workers))

    def look_at(self, path: Path, use: Use[T]) -> Seen[T]:
        """Return what ``use`` makes of a picture file.

        Raises:
            EvaluationError: the file cannot be read.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise EvaluationError(f"{path}: cannot be read: {error.strerror}") from error
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            return Seen(use(self.vision.decode(data, deadline), deadline))
        except NoFaceError:
            return Seen(None, "no face")
        except (MissingFieldError, NotAPictureError, TooLargeError):
            return Seen(None, "damaged")

    def over(self, items: Sequence[Item], look: Callable[[Item], T], label: str) -> Iterator[T]:
        """Yield ``look(item)`` for each, in order, with a progress bar on a terminal."""
        window: deque[Future[T]] = deque()
        with (
            ThreadPoolExecutor(self._workers) as pool,
            tqdm(total=len(items), desc=label, unit="picture", disable=None) as bar,
        ):
            try:
                for item in items:
                    window.append(pool.submit(look, item))
                    if len(window) >= 2 * self._workers:
                        yield window.popleft().result()
                        bar.update()
                while window:
                    yield window.popleft().result()
                    bar.update()
            finally:
                for waiting in window:
                    waiting.cancel()

    def embed_all(self, paths: Sequence[Path]) -> dict[Path, Seen[Embedding]]:
        """Return the embedding of the face that is meant in each picture."""
        found = self.over(paths, lambda path: self.look_at(path, self._embed), "embed")
        return dict(zip(paths, found, strict=True))

    def meant(self, picture: Picture, deadline: float) -> Detection:
        """Return the face that is meant; raises :class:`NoFaceError`."""
        return self.vision.choose(self.vision.find_faces(picture, deadline))

    def landmarks_of(self, picture: Picture, face: Detection, deadline: float) -> Landmarks:
        """Return a face's 68 points."""
        return self.vision.locate_landmarks(picture, [face], deadline)[0]

    def _embed(self, picture: Picture, deadline: float) -> Embedding:
        return self.vision.embed([(picture, self.meant(picture, deadline))], deadline)[0]


@dataclass(frozen=True)
class Troubles:
    """How many pictures there were, and those that showed nothing."""

    pictures: int
    no_face: list[str]
    damaged: list[str]

    @property
    def undetected(self) -> int:
        """All that showed nothing."""
        return len(self.no_face) + len(self.damaged)

    def as_dict(self) -> dict[str, object]:
        """The troubles as JSON has them."""
        return {"pictures": self.pictures, "no_face": self.no_face, "damaged": self.damaged}

    def as_rows(self) -> list[tuple[str, object]]:
        """The troubles as rows of a table."""
        return [
            ("pictures", self.pictures),
            ("of them without a detected face", len(self.no_face)),
            ("of them damaged (count as without a face)", len(self.damaged)),
        ]


def troubles_of(seen: Sequence[tuple[Path, Trouble | None]]) -> Troubles:
    """Return what went wrong with which picture, each named once."""
    unique = dict(seen)
    named: dict[Trouble, list[str]] = {"no face": [], "damaged": []}
    for path, trouble in unique.items():
        if trouble is not None:
            named[trouble].append(f"{path.parent.name}/{path.name}")
    return Troubles(len(unique), named["no face"], named["damaged"])
