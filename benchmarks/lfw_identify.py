"""How often a running service names people rightly, and strangers at all; then calibrated.

    python benchmarks/lfw_identify.py IMAGES [--url URL] [--key TOKEN]

IMAGES holds `<Name>/<Name>_0001.jpg`. Of each person with at least two pictures the first is
enrolled (through POST /v1/subjects; a picture that the enrolment gate refuses is counted and then
forced, one without a face leaves the person out), the others are identified. People with one
picture are strangers: each is identified and must be unknown. Then POST /v1/calibrate chooses the
threshold from the enrolled faces and the same answers are judged by it. The service's gallery must
be empty; it is left as it was found.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm


@dataclass(frozen=True)
class Answer:
    """What /v1/identify said of the largest face of a picture; no face: no subject."""

    person: str
    subject: str | None
    distance: float | None


class Client:
    """The few calls that the benchmark needs."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url
        self._session = requests.Session()
        if key:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request; anything but a refused picture that is no success ends the run."""
        answer = self._session.request(method, self._url + path, timeout=120, **kwargs)
        if answer.status_code != requests.codes.unprocessable_entity:
            answer.raise_for_status()
        return answer

    def enrol(self, name: str, picture: Path, force: bool) -> list[str]:
        """Enrol a picture; return the codes of the reasons for which it was refused."""
        answer = self.call(
            "POST",
            "/v1/subjects",
            data={"subject": name, "force": str(force).lower()},
            files={"file": picture.read_bytes()},
        )
        return [reason["code"] for reason in answer.json().get("reasons", [])]

    def identify(self, person: str, picture: Path) -> Answer:
        """Identify the largest face of a picture."""
        answer = self.call(
            "POST",
            "/v1/identify",
            params={"top_k": 1, "max_faces": 20},
            files={"file": picture.read_bytes()},
        )
        faces = answer.json()["faces"]
        if not faces:
            return Answer(person, None, None)
        largest = max(faces, key=lambda face: _area(face["face"]["box"]))
        nearest = largest["candidates"][0]
        return Answer(person, nearest["subject"], nearest["distance"])


def judge(known: Sequence[Answer], strangers: Sequence[Answer], threshold: float) -> dict[str, Any]:
    """Return the rates at a threshold; pictures without a face count as not identified."""
    right = sum(answer.subject == answer.person and _below(answer, threshold) for answer in known)
    wrong = sum(answer.subject != answer.person and _below(answer, threshold) for answer in known)
    false = sum(_below(answer, threshold) for answer in strangers)
    return {
        "threshold": round(threshold, 4),
        "identified_rightly": round(right / len(known), 4),
        "identified_as_another": round(wrong / len(known), 4),
        "fpir": round(false / len(strangers), 4),
        "false_positives": false,
    }


def main() -> None:
    """Measure and print a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("images", type=Path)
    parser.add_argument("--url", default="http://localhost:5000")
    parser.add_argument("--key", help="an API key of scope admin, once keys exist")
    parser.add_argument("--fpir", type=float, default=0.01, help="wanted of the calibration")
    options = parser.parse_args()
    client = Client(options.url, options.key)
    if client.call("GET", "/v1/subjects").json()["total"]:
        parser.error("the gallery is not empty: point me at a service with an empty one")
    print(json.dumps(measure(client, options.images, options.fpir), indent=2))


def measure(client: Client, images: Path, fpir: float) -> dict[str, Any]:
    """Enrol, identify, calibrate; return the report."""
    people = {folder.name: sorted(folder.glob("*.jpg")) for folder in sorted(images.iterdir())}
    several = {name: pictures for name, pictures in people.items() if len(pictures) > 1}
    refused: Counter[str] = Counter()
    enrolled: list[str] = []
    started = time.monotonic()
    try:
        for name, pictures in tqdm(several.items(), desc="enrol"):
            codes = client.enrol(name, pictures[0], force=False)
            refused.update(codes)
            if not codes or not client.enrol(name, pictures[0], force=True):
                enrolled.append(name)
        probes = [(name, picture) for name in enrolled for picture in several[name][1:]]
        alone = [(name, pictures[0]) for name, pictures in people.items() if len(pictures) == 1]
        known = [client.identify(*probe) for probe in tqdm(probes, desc="known")]
        strangers = [client.identify(*probe) for probe in tqdm(alone, desc="strangers")]
        report = client.call("POST", "/v1/calibrate", json={"fpir": fpir}).json()
        before = client.call(
            "POST", "/v1/identify", files={"file": several[enrolled[0]][0].read_bytes()}
        ).json()["threshold"]
    finally:
        for name in tqdm(enrolled, desc="clean up"):
            client.call("DELETE", f"/v1/subjects/{name}")
    chosen = report["identification"]
    return {
        "enrolled": len(enrolled),
        "refused_by_the_gate": dict(refused),
        "known_probes": len(known),
        "strangers": len(strangers),
        "without_face": sum(answer.subject is None for answer in [*known, *strangers]),
        "rank_1": round(sum(a.subject == a.person for a in known) / len(known), 4),
        "before_calibration": judge(known, strangers, before),
        "after_calibration": judge(known, strangers, chosen["threshold"]),
        "calibration": {"wanted_fpir": fpir, "expected": chosen["fpir"]},
        "seconds": round(time.monotonic() - started, 1),
    }


def _below(answer: Answer, threshold: float) -> bool:
    return answer.distance is not None and answer.distance < threshold


def _area(box: dict[str, float]) -> float:
    return (box["x2"] - box["x1"]) * (box["y2"] - box["y1"])


if __name__ == "__main__":
    main()
