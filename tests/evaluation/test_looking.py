"""Pictures on the product's way, a few at once."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from face_service.composition import compose
from face_service.errors import EvaluationError, NotReadyError
from face_service.evaluation.looking import Looker, troubles_of
from face_service.models.engine import Engine
from tests.conftest import settings_of
from tests.fakes.pictures import blank_file, face_file


@pytest.fixture
def looker(tmp_path: Path, fake_graphs: Path, engine: Engine) -> Looker:
    return Looker(compose(settings_of(tmp_path, fake_graphs), engine).vision)


def test_embeddings_are_those_that_the_service_compares(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs), engine)
    files = {tmp_path / f"{person}.png": face_file(person) for person in range(6)}
    for path, data in files.items():
        path.write_bytes(data)
    found = Looker(parts.vision).embed_all(list(files))
    assert list(found) == list(files)
    for path, data in files.items():
        value = found[path].value
        assert value is not None
        assert np.allclose(value, parts.service.embed(data), atol=1e-5)


def test_what_shows_nothing_is_told_apart(looker: Looker, tmp_path: Path) -> None:
    contents = {"a": blank_file(), "b": b"", "c": face_file(1)[:300], "d": face_file(1)}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    found = looker.embed_all([tmp_path / name for name in contents])
    assert [seen.trouble for seen in found.values()] == ["no face", "damaged", "damaged", None]
    troubles = troubles_of([(path, seen.trouble) for path, seen in found.items()])
    assert troubles.pictures == 4
    assert troubles.no_face == [f"{tmp_path.name}/a"]
    assert troubles.damaged == [f"{tmp_path.name}/b", f"{tmp_path.name}/c"]
    assert troubles.undetected == 3


def test_a_file_that_cannot_be_read_ends_the_evaluation(looker: Looker, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="absent: cannot be read: No such file"):
        looker.embed_all([tmp_path / "absent"])


def test_a_graph_that_fails_is_no_trouble_of_the_picture(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    (tmp_path / "1.png").write_bytes(face_file(1))

    def fail(*_: object) -> None:
        raise NotReadyError("the graphs are still loading")

    looker = Looker(compose(settings_of(tmp_path, fake_graphs), engine).vision)
    with pytest.raises(NotReadyError):
        looker.look_at(tmp_path / "1.png", fail)


def test_results_come_in_order_and_few_are_in_work(looker: Looker) -> None:
    lock, inside, most = threading.Lock(), [0], [0]

    def look(item: int) -> int:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.005 if item % 2 else 0.0)
        with lock:
            inside[0] -= 1
        return item

    assert list(looker.over(range(40), look, "test")) == list(range(40))
    assert 1 <= most[0] <= 4


def test_the_rest_is_not_begun_after_an_error(looker: Looker) -> None:
    begun: list[int] = []

    def look(item: int) -> int:
        begun.append(item)
        if item == 0:
            raise EvaluationError("broken")
        return item

    with pytest.raises(EvaluationError, match="broken"):
        list(looker.over(range(100), look, "test"))
    assert len(begun) <= 8
