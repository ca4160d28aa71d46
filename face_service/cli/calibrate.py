"""``calibrate``: thresholds from the faces that are enrolled, here or on a server."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from face_service import client as remote
from face_service.cli.command import Commands, rate, remark, say
from face_service.cli.loading import loaded_parts
from face_service.cli.server import add_server_options, connected, is_remote
from face_service.composition import compose
from face_service.errors import InvalidRequestError
from face_service.pipeline.calibration import Calibration, Choice, Histogram, OperatingPoint
from face_service.pipeline.calibration_warnings import Caution
from face_service.pipeline.rate_curve import RateCurve
from face_service.pipeline.rates import Rate
from face_service.plots import plot_calibration
from face_service.settings import Settings


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    calibrate = commands.add_parser(
        "calibrate", help="choose the thresholds from the faces that are enrolled"
    )
    calibrate.add_argument("--far", type=rate, default=0.001, help="wanted FAR (%(default)s)")
    calibrate.add_argument("--fpir", type=rate, default=0.01, help="wanted FPIR (%(default)s)")
    use = calibrate.add_mutually_exclusive_group()
    use.add_argument("--apply", action="store_true", help="use the chosen thresholds")
    use.add_argument("--reset", action="store_true", help="return to the model card's")
    calibrate.add_argument("--plot", type=Path, metavar="PNG", help="draw the distances")
    calibrate.add_argument("--json", action="store_true", help="print all that was measured")
    add_server_options(calibrate)
    calibrate.set_defaults(run=_calibrate)


def _calibrate(options: argparse.Namespace) -> int:
    if options.reset:
        return _reset(options)
    found = _find(options)
    say(json.dumps(found.as_dict(), indent=2) if options.json else _as_text(found))
    if options.apply:
        remark("these thresholds count from now on, unless a setting names others")
    if options.plot:
        _plot(found, options.plot)
    return 0


def _reset(options: argparse.Namespace) -> int:
    if is_remote(options):
        return _reset_there(options)
    had = compose(Settings.from_environment()).calibrating.reset()
    remark("the model card's threshold counts again" if had else "nothing was calibrated")
    return 0


def _reset_there(options: argparse.Namespace) -> int:
    with connected(options) as client:
        now = client.reset_thresholds()
    told = ", ".join(
        f"{name} {deciding.threshold:.4g} ({deciding.source})"
        for name, deciding in (
            ("verification", now.verification),
            ("identification", now.identification),
        )
    )
    remark(f"these thresholds count now: {told}")
    return 0


def _find(options: argparse.Namespace) -> Calibration:
    if is_remote(options):
        with connected(options) as client:
            found = client.calibrate(far=options.far, fpir=options.fpir, apply=options.apply)
        return _as_measured(found)
    with loaded_parts() as parts:
        return parts.calibrating.calibrate(options.far, options.fpir, apply=options.apply)


def _as_measured(found: remote.Calibration) -> Calibration:
    """Return a server's calibration as one that was measured here."""
    first, second = found.verification, found.identification
    return Calibration(
        faces=found.faces,
        subjects=found.subjects,
        genuine=Histogram(**asdict(found.genuine)),
        impostor=Histogram(**asdict(found.impostor)),
        table=[
            OperatingPoint(point.threshold, _rate(point.far), _maybe_rate(point.frr))
            for point in found.table
        ],
        curve=_curve(found.curve),
        verification=Choice(
            first.threshold, first.target_far, _rate(first.far), _maybe_rate(first.frr)
        ),
        identification=Choice(
            second.threshold, second.target_fpir, _rate(second.fpir), _maybe_rate(second.fnir)
        ),
        cautions=_cautions(found),
    )


def _curve(found: remote.RateCurve | None) -> RateCurve:
    if found is None:  # of an older server
        return RateCurve(thresholds=(), far=(), frr=None, fpir=(), fnir=None)
    return RateCurve(
        thresholds=found.thresholds,
        far=_rates(found.far),
        frr=None if found.frr is None else _rates(found.frr),
        fpir=_rates(found.fpir),
        fnir=None if found.fnir is None else _rates(found.fnir),
    )


def _rates(found: remote.RateColumns) -> tuple[Rate, ...]:
    return tuple(
        Rate(errors / found.trials, low, high, errors, found.trials)
        for errors, low, high in zip(found.errors, found.low, found.high, strict=True)
    )


def _cautions(found: remote.Calibration) -> list[Caution]:
    if not found.cautions:  # an older server tells but the sentences
        return [Caution("", sentence) for sentence in found.warnings]
    return [Caution(one.code, one.message, one.values) for one in found.cautions]


def _rate(found: remote.Rate) -> Rate:
    return Rate(**asdict(found))


def _maybe_rate(found: remote.Rate | None) -> Rate | None:
    return None if found is None else _rate(found)


def _plot(found: Calibration, path: Path) -> None:
    try:
        plot_calibration(found, path)
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error
    remark(f"wrote {path}")


def _as_text(found: Calibration) -> str:
    lines = [f"{found.faces} faces of {found.subjects} subjects"]
    lines += ["threshold   FAR (95 % bounds)            FRR"]
    for point in found.table:
        frr = "-" if point.frr is None else f"{point.frr.value:.4f}"
        far = point.far
        lines.append(
            f"{point.threshold:9.3f}   {far.value:.2e} ({far.low:.1e}..{far.high:.1e})   {frr}"
        )
    for name, choice in (("1:1", found.verification), ("1:N", found.identification)):
        lines.append(
            f"{name} threshold {choice.threshold:.4f}: {choice.false_match.value:.2e} false "
            f"matches, {choice.target:g} wanted"
        )
    return "\n".join(lines + [f"warning: {text}" for text in found.warnings])
