"""What was acknowledged is there after a kill at any moment, and nothing that was never sent."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from face_service.store.gallery.flat_file import FlatFileGallery
from tests.store.gallery.enrolling import unit

PROJECT = Path(__file__).resolve().parents[3]
KILLS = 100


def test_a_hundred_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.store.gallery.crashing", str(tmp_path), str(KILLS)],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    said = ended.stdout.decode().splitlines()
    sent = {int(line[1:]) for line in said if line[0] == "s"}
    acknowledged = {int(line[1:]) for line in said if line[0] == "d"}
    assert len(acknowledged) > KILLS

    gallery = FlatFileGallery(tmp_path)
    gallery.open()
    assert gallery.problems == []
    numbers = {unit(number, 128).tobytes(): number for number in sent}
    there = []
    for face in gallery.iterate():
        number = numbers[face.embedding.tobytes()]  # every bit, and nothing that was not sent
        assert face.subject == f"worker {number // 10_000}, {number // 20}"
        there.append(number)
    assert len(there) == len(set(there))
    assert acknowledged <= set(there)
    # Two faces are one step: neither is there without the other.
    assert {number ^ 1 for number in there} == set(there)
    found = gallery.search(np.stack([unit(number, 128) for number in there[-8:]]), "graph", 1)
    assert [one[0].distance for one in found] == [0.0] * 8
    assert not list(tmp_path.glob(".*.part"))
