"""How often a running service accepts genuine and impostor pairs, through its own routes.

    python benchmarks/lfw_login.py IMAGES PAIRS [--url URL] [--genuine N] [--impostor N]

IMAGES and PAIRS are those of `python -m face_service evaluate lfw`, which measures more without a
server. For each pair the first picture is posted to /face_register and the second to /face_login;
a picture without a detected face counts as rejected. Overwrites the enrolment of the
service it is pointed at.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import requests
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from face_service.evaluation.data.pairs import Pair, read_pairs


@dataclass(frozen=True)
class Outcome:
    """Counts over one kind of pairs."""

    pairs: int
    accepted: int
    without_face: int

    @property
    def rate(self) -> float:
        """Share of pairs accepted."""
        return self.accepted / self.pairs


def measure(session: requests.Session, url: str, pairs: Sequence[Pair], label: str) -> Outcome:
    """Register and log in with every pair."""
    accepted = without_face = 0
    for first, second in tqdm(pairs, desc=label):
        answers = [
            session.post(url + route, files={"file": path.read_bytes()}, timeout=60)
            for route, path in (("/face_register", first), ("/face_login", second))
        ]
        for answer in answers:
            answer.raise_for_status()
        codes = [answer.headers.get("X-Face-Code") for answer in answers]
        without_face += "NO_FACE" in codes
        accepted += [answer.text for answer in answers] == ["success", "success"]
    return Outcome(len(pairs), accepted, without_face)


def spread(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Return ``count`` pairs evenly spread over all; 0 returns all."""
    if not 0 < count < len(pairs):
        return list(pairs)
    return [pairs[index * len(pairs) // count] for index in range(count)]


def main() -> None:
    """Measure and print a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("images", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--url", default="http://localhost:5000")
    parser.add_argument("--genuine", type=int, default=200, help="0 takes all")
    parser.add_argument("--impostor", type=int, default=200, help="0 takes all")
    options = parser.parse_args()
    pairs = read_pairs(options.images, options.pairs)
    started = time.monotonic()
    with requests.Session() as session:
        same = measure(session, options.url, spread(pairs.genuine, options.genuine), "genuine")
        other = measure(session, options.url, spread(pairs.impostor, options.impostor), "impostor")
    report = {
        "tar": round(same.rate, 4),
        "far": round(other.rate, 4),
        "genuine": asdict(same),
        "impostor": asdict(other),
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
