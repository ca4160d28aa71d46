"""A gallery of made-up people, known only by their embeddings."""

import base64
import json

import numpy as np
import requests

from tests.server.running import Server

SUBJECTS, FACES = 60, 2  # 7,080 pairs of different people, 60 of one
_LENGTH = 128
_SPREAD = 0.09  # of a value, so that a person's two faces are about as near as real ones


def lines_of(fingerprint: str, subjects: int = SUBJECTS, faces: int = FACES) -> str:
    """Return an export of people ``p000``, ``p001`` ..., the same for the same numbers."""
    random = np.random.default_rng(7)
    lines = [json.dumps({"format": "face-export", "version": 1, "fingerprint": fingerprint})]
    for number in range(subjects):
        centre = random.normal(size=_LENGTH)
        centre /= np.linalg.norm(centre)
        for face in range(faces):
            row = centre + _SPREAD * random.normal(size=_LENGTH) * (1 + number % 5) / 4
            vector = (row / np.linalg.norm(row)).astype("<f4")
            table = {
                "subject": f"p{number:03}",
                "face": f"{number * faces + face:016x}",
                "time": "2026-01-01T00:00:00Z",
                "source": "test",
                "quality": {},
                "forced": [],
                "vector": base64.b64encode(vector.tobytes()).decode(),
            }
            lines.append(json.dumps(table))
    end = {"end": True, "faces": subjects * faces}
    lines.append(json.dumps(end, separators=(",", ":")))
    return "\n".join(lines) + "\n"


def fill(server: Server, picture: bytes) -> None:
    """Import the made-up people; ``picture`` shows a face and tells the fingerprint."""
    answer = server.post("/v1/embeddings", picture).json()
    requests.post(
        f"{server.url}/v1/import",
        data=lines_of(answer["embedding"]["fingerprint"]),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=60,
    ).raise_for_status()
