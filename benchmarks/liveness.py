"""What the liveness net says of live faces and of attacks, for several ways to cut the crop.

    python benchmarks/liveness.py LIVE ATTACKS [--every N]

LIVE and ATTACKS are folders of pictures, each of one person; folders below them count too. Attacks
are pictures of screens and prints. Each attack is also looked at mirrored, smaller, darker,
brighter and compressed once more, with its box moved and grown by a few percent, as another camera
and detector might have it: a rule that only just tells them apart is no good.
Of each rule it prints the share of live faces that the threshold on the card accepts, the scores
below which the lowest live ones lie, and the scores of the attacks. Needs graphs/ with the liveness
graph: python -m face_service build-graphs --only liveness.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from face_service.composition import Parts, compose
from face_service.errors import NoFaceError
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.preprocessing import REFERENCE_LIVENESS, LivenessPreprocessing
from face_service.settings import Settings

SHIFTS = (-0.06, 0.0, 0.06)  # shares of the box's side
GROWTHS = (-0.05, 0.0, 0.05)
LIGHTS = (0.7, 1.3)
JPEG_QUALITY = 60
SHARES = (0.01, 0.02, 0.03, 0.05)
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Shown:
    """A picture and the face in it that is meant."""

    path: Path
    picture: Picture
    face: Detection


def rules() -> Iterator[tuple[str, LivenessPreprocessing]]:
    """Yield the ways to cut the crop, by name; the built card's is the last."""
    for enlargement, mirrored in itertools.product((2.0, 2.7), (False, True)):
        name = f"{enlargement} times{', and mirrored' if mirrored else ''}"
        yield name, replace(REFERENCE_LIVENESS, enlargement=enlargement, mirror=mirrored)


def find(parts: Parts, folder: Path, every: int = 1) -> list[Shown]:
    """Return the pictures of a folder, each ``every``-th, that show a face."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    shown = []
    for path in paths[::every]:
        deadline = parts.vision.deadline()
        picture = parts.vision.decode(path.read_bytes(), deadline)
        try:
            face = parts.vision.choose(parts.vision.find_faces(picture, deadline))
        except NoFaceError:
            print(f"no face: {path.name}")
            continue
        shown.append(Shown(path, picture, face))
    return shown


def score(parts: Parts, shown: Sequence[Shown]) -> NDArray[np.float64]:
    """Return the score of each."""
    vision = parts.vision
    return np.array(
        [vision.score_liveness(s.picture, [s.face], vision.deadline())[0] for s in shown]
    )


def changed(shown: Shown) -> Iterator[Shown]:
    """Yield the same picture as others might have taken it, each with the box moved a little."""
    pixels = shown.picture.pixels
    half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    others: list[Any] = [
        pixels,
        cv2.resize(pixels, half, interpolation=cv2.INTER_AREA),
        cv2.imdecode(packed, cv2.IMREAD_COLOR),
        *(cv2.convertScaleAbs(pixels, alpha=light) for light in LIGHTS),
    ]
    for other in others:
        yield from moved(replace(shown, picture=replace(shown.picture, pixels=other)))
    # As front cameras do.
    ymin, xmin, ymax, xmax = shown.face.box
    box = np.array((ymin, 1 - xmax, ymax, 1 - xmin), dtype=np.float32)
    mirrored = replace(shown.picture, pixels=np.ascontiguousarray(pixels[:, ::-1]))
    yield from moved(replace(shown, picture=mirrored, face=replace(shown.face, box=box)))


def moved(shown: Shown) -> Iterator[Shown]:
    """Yield the same with its box moved and grown a little."""
    ymin, xmin, ymax, xmax = shown.face.box
    height, width = ymax - ymin, xmax - xmin
    for down, right, growth in itertools.product(SHIFTS, SHIFTS, GROWTHS):
        steps = (down - growth, right - growth, down + growth, right + growth)
        box = shown.face.box + np.array(steps) * np.array((height, width, height, width))
        yield replace(shown, face=replace(shown.face, box=box.astype(np.float32)))


def report(parts: Parts, live: Sequence[Shown], attacks: Sequence[Shown]) -> None:
    """Print what each rule gives."""
    net = parts.engine.liveness
    if net is None:
        raise SystemExit("the engine has no liveness net")
    for name, how in rules():
        net.preprocessing = how
        begun = time.perf_counter()
        scores = score(parts, live)
        took = 1000 * (time.perf_counter() - begun) / len(live)
        plain = score(parts, attacks)
        varied = score(parts, [other for one in attacks for other in changed(one)])
        lowest = ", ".join(f"{q:.3f}" for q in np.quantile(scores, SHARES))
        named = ", ".join(f"{s.path.name} {p:.4f}" for s, p in zip(attacks, plain, strict=True))
        accepted = [f"{np.mean(scores >= least):.1%} at {least}" for least in (net.threshold, 0.5)]
        print(f"{name}: {took:.1f} ms a face")
        print(f"  live, accepted: {', '.join(accepted)}; lowest 1, 2, 3, 5 % below {lowest}")
        print(f"  attacks: {named}; changed: at most {varied.max():.4f}, ", end="")
        print(f"{np.mean(varied >= net.threshold):.1%} accepted")


def main() -> None:
    """Read the pictures, find the faces and try the rules."""
    parser = argparse.ArgumentParser(description="Liveness scores of live faces and attacks.")
    parser.add_argument("live", type=Path, help="folder of live faces")
    parser.add_argument("attacks", type=Path, help="folder of photographed screens and prints")
    parser.add_argument("--every", type=int, default=1, help="take each N-th live picture only")
    options = parser.parse_args()
    parts = compose(replace(Settings.from_environment(), liveness="report"))
    parts.engine.start()
    parts.engine.wait_until_loaded(300)
    parts.engine.require_ready()
    try:
        live = find(parts, options.live, options.every)
        attacks = find(parts, options.attacks)
        print(f"{len(live)} live faces, {len(attacks)} attacks")
        report(parts, live, attacks)
    finally:
        parts.engine.stop(30)


if __name__ == "__main__":
    main()
