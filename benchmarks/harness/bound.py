"""The bare bound: the same pictures through the same Sessions without a server around them.

It runs in a process of its own, which waits idly between questions, so that its rounds can be
interleaved with a server's.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, cast

from benchmarks.harness.arrangements import Rate, arrangements, measure
from benchmarks.harness.pictures import read_all
from benchmarks.harness.processes import Usage, Worker, answer_questions
from benchmarks.harness.stats import or_zero
from benchmarks.harness.steps import Steps, load_steps


@dataclass(frozen=True)
class _Question:
    kind: Literal["ways", "rate", "latency", "stages", "faces", "embeddings"]
    files: Sequence[Path | bytes] = ()
    way: str = ""
    warm_seconds: float = 0.0
    seconds: float = 0.0
    rounds: int = 0


class Bound:
    """The process that holds the graphs. Use it in a ``with`` block."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Load the graphs under the same ``FACE_`` settings as the server's."""
        self._worker = Worker(_serve, dict(settings))
        self.ways: list[str] = self._worker.ask(_Question("ways"))

    def rate(
        self, way: str, files: Sequence[Path], seconds: float, warm_seconds: float = 0.5
    ) -> Rate:
        """Return the throughput of one of :attr:`ways`."""
        question = _Question("rate", files, way, warm_seconds, seconds)
        return cast(Rate, self._worker.ask(question))

    def best_ways(self, files: Sequence[Path], seconds: float) -> dict[str, Rate]:
        """Measure every way once; return all, the fastest first.

        One short round decides nothing between near ones: measure the first few again.
        """
        rates = {way: self.rate(way, files, seconds) for way in self.ways}
        ordered = sorted(rates, key=lambda way: -or_zero(rates[way].pictures_per_second))
        return {way: rates[way] for way in ordered}

    def latencies(self, files: Sequence[Path], seconds: float) -> list[float]:
        """Return the seconds that each picture took, one after the other, embedded alone."""
        question = _Question("latency", files, seconds=seconds)
        return cast(list[float], self._worker.ask(question))

    def stages(self, files: Sequence[Path], rounds: int) -> dict[str, list[float]]:
        """Return the seconds of every step, one entry a picture and round."""
        question = _Question("stages", files, rounds=rounds)
        return cast(dict[str, list[float]], self._worker.ask(question))

    def embeddings(self, files: Sequence[Path | bytes]) -> list[list[float] | None]:
        """Return the embedding of the face that is meant in each file, None where there is none."""
        question = _Question("embeddings", files)
        return cast(list[list[float] | None], self._worker.ask(question))

    def faces_in(self, picture: bytes) -> int:
        """Return how many faces the detector finds in a picture file."""
        return int(self._worker.ask(_Question("faces", [picture])))

    def usage(self) -> Usage:
        """Return what the process has used."""
        return self._worker.usage()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.stop()


def _serve(connection: Any, settings: Mapping[str, str]) -> None:
    loaded: list[Steps] = []

    def answer(question: _Question) -> Any:
        if not loaded:  # here, so that a failure is the answer to the first question
            loaded.append(load_steps(settings))
        return _answer(loaded[0], question)

    answer_questions(connection, answer)


def _answer(steps: Steps, question: _Question) -> Any:
    files = [f if isinstance(f, bytes) else read_all([f])[0] for f in question.files]
    ways = arrangements(steps.embedder.batch_sizes)
    match question.kind:
        case "ways":
            return list(ways)
        case "rate":
            way = ways[question.way]
            return measure(steps, files, way, question.warm_seconds, question.seconds)
        case "latency":
            return _one_after_the_other(steps, files, question.seconds)
        case "stages":
            return _time_stages(steps, files, question.rounds)
        case "embeddings":
            crops = [steps.crop_in(data) for data in files]
            return [None if c is None else steps.embed([c])[0].tolist() for c in crops]
        case "faces":
            picture = steps.decode(files[0])
            return len(steps.detect(picture, steps.prepare(picture)))


def _one_after_the_other(steps: Steps, files: Sequence[bytes], seconds: float) -> list[float]:
    taken: list[float] = []
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds or len(taken) < len(files):
        started = time.perf_counter()
        crop = steps.crop_in(files[len(taken) % len(files)])
        if crop is not None:
            steps.embed([crop])
        taken.append(time.perf_counter() - started)
    return taken


def _time_stages(steps: Steps, files: Sequence[bytes], rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {}

    def timed(name: str, work: Any, *arguments: Any) -> Any:
        started = time.perf_counter()
        result = work(*arguments)
        taken.setdefault(name, []).append(time.perf_counter() - started)
        return result

    for _ in range(rounds):
        for data in files:
            picture = timed("decode", steps.decode, data)
            prepared = timed("prepare", steps.prepare, picture)
            faces = timed("detect", steps.detect, picture, prepared)
            crop = timed("crop", steps.crop, picture, faces)
            if crop is not None:
                timed("embed", steps.embed, [crop])
    return taken
