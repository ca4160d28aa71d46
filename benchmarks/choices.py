"""What each choice of a model costs: the step it changes, beside the same step by default.

    python benchmarks/choices.py IMAGES [--quick] [--output FILE] [--plots FOLDER]

For each choice two engines are loaded, the default one and the chosen one, and take turns over the
same pictures of one face each: 640×480, one after the other, nothing beside them. Needs the graphs:
python -m face_service build-graphs --model mtcnn --model facenet512 --model landmark68 --model
minifasnet.
"""

import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.pictures import make_pictures, read_all
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.service import MAIN_SIZE, add_pictures
from benchmarks.harness.stats import MILLISECONDS, median, spread
from face_service.cli.loading import loaded_parts
from face_service.pipeline.crop import limit_opencv_threads
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.settings import Settings
from face_service.vision import Vision

Step = Callable[[Vision, Picture, Detection], object]


@dataclass(frozen=True)
class Choice:
    """A setting, the value to try, and the step of a picture that it changes."""

    setting: str
    value: str
    step: str


STEPS: Mapping[str, Step] = {
    "find": lambda vision, picture, _: vision.find_faces(picture, vision.deadline()),
    "embed": lambda vision, picture, face: vision.embed([(picture, face)], vision.deadline()),
    "landmarks": lambda vision, picture, face: vision.locate_landmarks(
        picture, [face], vision.deadline()
    ),
    "liveness": lambda vision, picture, face: vision.judge_liveness(
        picture, [face], vision.deadline()
    ),
}
CHOICES = (
    Choice("FACE_DETECTOR", "mtcnn", "find"),
    Choice("FACE_EMBEDDER", "facenet512", "embed"),
    Choice("FACE_MIRROR", "true", "embed"),
    Choice("FACE_LANDMARKER", "landmark68", "landmarks"),
    Choice("FACE_LIVENESS", "report", "liveness"),
)


def measure(options: Namespace, report: Report) -> None:
    """Load and time each pair."""
    limit_opencv_threads()
    rows: list[list[object]] = []
    found: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory(prefix="face-choices-") as name:
        files = make_pictures(options.images, Path(name), options.pictures, [MAIN_SIZE])
        pictures = read_all(files[MAIN_SIZE])
        for choice in CHOICES:
            report.say(f"{choice.setting}={choice.value}")
            sides = (dict(report.settings), {**report.settings, choice.setting: choice.value})
            plain, chosen = _times(sides, STEPS[choice.step], pictures, options.rounds)
            key = f"{choice.setting}={choice.value}"
            found[key] = {
                "step": choice.step,
                "default_ms": spread(plain).as_json(),
                "chosen_ms": spread(chosen).as_json(),
            }
            rows.append([key, choice.step, str(spread(plain)), str(spread(chosen))])
    report.results = found
    caption = "Milliseconds of the step for one face, median of a round; range over the rounds"
    report.add_table(caption, ["choice", "step", "by default", "chosen"], rows)


def _times(
    sides: Sequence[Mapping[str, str]], step: Step, files: Sequence[bytes], rounds: int
) -> list[list[float]]:
    """Return, for each side, the milliseconds of the median picture in each round."""
    taken: list[list[float]] = [[] for _ in sides]
    with ExitStack() as stack:
        visions = [
            stack.enter_context(loaded_parts(Settings.from_environment(side))).vision
            for side in sides
        ]
        shown = [_faces(vision, files) for vision in visions]
        for _ in range(rounds + 1):  # the first one warms
            for side, vision in enumerate(visions):
                taken[side].append(median(_round(vision, step, shown[side])) * MILLISECONDS)
    return [times[1:] for times in taken]


def _faces(vision: Vision, files: Sequence[bytes]) -> list[tuple[Picture, Detection]]:
    """Return each picture with the face that is meant; those without one are left out."""
    shown = []
    for data in files:
        picture = vision.decode(data, vision.deadline())
        faces = vision.find_faces(picture, vision.deadline())
        if faces:
            shown.append((picture, vision.choose(faces)))
    return shown


def _round(vision: Vision, step: Step, shown: Sequence[tuple[Picture, Detection]]) -> list[float]:
    taken = []
    for picture, face in shown:
        started = time.perf_counter()
        step(vision, picture, face)
        taken.append(time.perf_counter() - started)
    return taken


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    add_pictures(parser)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.pictures = 2, 4
    run("What choices cost", options, lambda report: measure(options, report))


if __name__ == "__main__":
    main()
