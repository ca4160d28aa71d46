"""``evaluate``: how good the graphs are, on public data sets, by the product's own steps."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from face_service.cli.command import Commands, rate, remark, say
from face_service.cli.loading import loaded_parts
from face_service.composition import Parts
from face_service.errors import EvaluationError
from face_service.evaluation.card_writing import measure_card, write_decision
from face_service.evaluation.data.folders import read_liveness, read_people
from face_service.evaluation.data.pairs import read_pairs
from face_service.evaluation.data.points import read_points_folder
from face_service.evaluation.data.wider import read_wider
from face_service.evaluation.detection import evaluate_detection
from face_service.evaluation.identify import evaluate_identify
from face_service.evaluation.landmarks import evaluate_landmarks
from face_service.evaluation.lfw import evaluate_lfw
from face_service.evaluation.liveness import LivenessScorer, evaluate_liveness
from face_service.evaluation.looking import Looker
from face_service.evaluation.metrics.detection import MIN_PIXELS
from face_service.evaluation.report import Evaluation
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.settings import Settings

_DEFAULT_FAR = 0.001
_LARGEST_DISTANCE = 2.0


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    evaluate = commands.add_parser("evaluate", help="measure the graphs on a public data set")
    actions = evaluate.add_subparsers(required=True, metavar="WHAT")
    _add_lfw(actions)
    identify = actions.add_parser("identify", help="naming people in a gallery (1:N)")
    identify.add_argument("folder", type=Path, metavar="DIR", help="holds <name>/*.jpg")
    identify.add_argument("--seed", type=int, default=0, help="of whom to enrol (%(default)s)")
    _add_common(identify, _identify)
    detection = actions.add_parser("detection", help="finding faces, on WIDER FACE")
    detection.add_argument("images", type=Path, metavar="IMAGES")
    detection.add_argument("truth", type=Path, metavar="GT", help="wider_face_val_bbx_gt.txt")
    detection.add_argument(
        "--min-pixels",
        type=_positive,
        default=MIN_PIXELS,
        help="least height of a face in the picture scaled to 1024 (%(default)g)",
    )
    detection.add_argument(
        "--floor", type=_score, default=0.0, help="least score of a detection (all that there are)"
    )
    _add_common(detection, _detection)
    landmarks = actions.add_parser("landmarks", help="locating 68 points, on sets like 300-W")
    landmarks.add_argument("folder", type=Path, metavar="DIR", help="holds *.pts beside pictures")
    _add_common(landmarks, _landmarks)
    liveness = actions.add_parser("liveness", help="telling live faces from presented ones")
    liveness.add_argument("folder", type=Path, metavar="DIR", help="holds live/ and spoof/")
    _add_common(liveness, _liveness)


def _add_lfw(actions: Commands) -> None:
    lfw = actions.add_parser("lfw", help="verifying pairs (1:1), as LFW does")
    lfw.add_argument("images", type=Path, metavar="IMAGES", help="holds <Name>/<Name>_0001.jpg")
    lfw.add_argument("pairs", type=Path, metavar="PAIRS", help="pairs.txt")
    lfw.add_argument(
        "--threshold", type=_distance, help="judge at this distance instead of the card's"
    )
    lfw.add_argument(
        "--write-card",
        action="store_true",
        help="write --threshold, or one chosen for --far, into the embedder's model card",
    )
    lfw.add_argument(
        "--far", type=rate, default=_DEFAULT_FAR, help="FAR wanted for the card (%(default)s)"
    )
    _add_common(lfw, _lfw)


def _add_common(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="also write the JSON and the plots there"
    )
    parser.set_defaults(run=run)


def _lfw(options: argparse.Namespace) -> int:
    pairs = read_pairs(options.images, options.pairs)
    with _looking() as (parts, looker):
        in_force = parts.engine.embedder.threshold
        threshold = in_force if options.threshold is None else options.threshold
        found, embeddings = evaluate_lfw(looker, pairs, threshold)
        _tell(found, parts, options)
        if options.write_card:
            measured, data = measure_card(embeddings, options.far, options.threshold)
            where = options.pairs.resolve()
            data = f"{data} ({where.parent.name}/{where.name})"
            path = write_decision(parts.engine, measured, data)
            remark(f"wrote {path}: threshold {measured.threshold:.4f}, FAR {measured.far:.2g}, "
                   f"TAR {measured.tar:.4f} over {data}")  # fmt: skip
    return 0


def _identify(options: argparse.Namespace) -> int:
    people = read_people(options.folder)
    with _looking() as (parts, looker):
        _tell(evaluate_identify(looker, people, options.seed), parts, options)
    return 0


def _detection(options: argparse.Namespace) -> int:
    pictures = read_wider(options.images, options.truth)
    with _looking() as (parts, looker):
        found = evaluate_detection(looker, pictures, options.min_pixels, options.floor)
        _tell(found, parts, options)
    return 0


def _landmarks(options: argparse.Namespace) -> int:
    pictures = read_points_folder(options.folder)
    with _looking() as (parts, looker):
        _tell(evaluate_landmarks(looker, pictures), parts, options)
    return 0


def _liveness(options: argparse.Namespace) -> int:
    pictures = read_liveness(options.folder)
    settings = Settings.from_environment()
    if settings.liveness == "off":
        settings = replace(settings, liveness="report")
    with _looking(settings) as (parts, looker):
        scorer, threshold = liveness_of(parts)
        _tell(evaluate_liveness(looker, pictures, scorer, threshold), parts, options)
    return 0


def liveness_of(parts: Parts) -> tuple[LivenessScorer, float]:
    """Return what the service judges liveness by, and its threshold.

    Raises:
        EvaluationError: the engine has no liveness net.
    """
    net, vision = parts.engine.liveness, parts.vision
    if net is None:
        raise EvaluationError(f"{parts.settings.graphs_dir}: holds no liveness graph")

    def scorer(picture: Picture, face: Detection, deadline: float) -> float | None:
        return vision.score_liveness(picture, [face], deadline)[0]

    return scorer, net.threshold


@contextmanager
def _looking(settings: Settings | None = None) -> Iterator[tuple[Parts, Looker]]:
    with loaded_parts(settings) as parts:
        yield parts, Looker(parts.vision, parts.settings.queue_size)


def _tell(found: Evaluation, parts: Parts, options: argparse.Namespace) -> None:
    say(found.as_json(parts.engine) if options.json else found.as_text())
    if options.output is not None:
        for path in found.write(parts.engine, options.output):
            remark(f"wrote {path}")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("expected a number above 0")
    return value


def _score(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("expected a score from 0 up to 1")
    return value


def _distance(text: str) -> float:
    value = float(text)
    if not 0 < value <= _LARGEST_DISTANCE:
        raise argparse.ArgumentTypeError("expected a distance above 0, at most 2")
    return value
