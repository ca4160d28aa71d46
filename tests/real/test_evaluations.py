"""The evaluations on real graphs and the pinned portraits: small, and with known answers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from face_service.composition import Parts, compose
from face_service.evaluation.data.pairs import read_pairs
from face_service.evaluation.lfw import evaluate_lfw
from face_service.evaluation.looking import Looker
from tests.conftest import settings_of

pytestmark = pytest.mark.real

OBAMA = ("obama.jpg", "obama2.jpg", "obama3.jpg")


@pytest.fixture
def parts(tmp_path: Path, built_graphs: Path) -> Iterator[Parts]:
    parts = compose(settings_of(tmp_path, built_graphs))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(120)
    yield parts
    parts.engine.stop(30)


def test_two_presidents_are_told_apart_at_the_cards_threshold(
    parts: Parts, portrait: Callable[[str], bytes], tmp_path: Path
) -> None:
    files = {f"obama/obama_000{n}.jpg": name for n, name in enumerate(OBAMA, 1)}
    for target, name in (files | {"biden/biden_0001.jpg": "biden.jpg"}).items():
        (tmp_path / target).parent.mkdir(exist_ok=True)
        (tmp_path / target).write_bytes(portrait(name))
    lines = ["obama 1 2", "obama 2 3", "obama 1 biden 1", "obama 3 biden 1"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines))
    pairs = read_pairs(tmp_path, tmp_path / "pairs.txt")
    found, _ = evaluate_lfw(Looker(parts.vision), pairs, parts.engine.embedder.threshold)
    figures = found.values["all_pairs"]
    assert (figures["tar_at_threshold"], figures["far_at_threshold"]) == (1.0, 0.0)
    assert (figures["auc"], figures["accuracy_mean"]) == (1.0, 1.0)
