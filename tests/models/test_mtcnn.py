import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.composition import Parts, compose
from face_service.errors import GraphError
from face_service.models.card import ModelCard, write_card
from face_service.models.graph_files import card_path
from face_service.models.mtcnn import CascadeRunner
from face_service.models.worker import Outputs
from face_service.pipeline.preprocessing import CASCADE_DETECTOR, DetectorPreprocessing
from tests.conftest import settings_of
from tests.fakes.cascade import fake_cascade
from tests.fakes.graphs import write_fake_graphs, write_graph
from tests.fakes.pictures import encode

HOW = replace(CASCADE_DETECTOR, least_face=12)


class FakeNet:
    """Answers 0 with outputs of given shapes behind the batch, and notes what it was given."""

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        self._shapes = shapes
        self.given: list[tuple[int, ...]] = []

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return (None, None, None, 3)

    def run(self, batch: NDArray[np.uint8]) -> Outputs:
        self.given.append(batch.shape)
        return tuple(np.zeros((len(batch), *shape), np.float32) for shape in self._shapes)


class FakeProposal(FakeNet):
    """Takes the first ``count`` windows of the largest level for faces."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def run(self, batch: NDArray[np.uint8]) -> Outputs:
        self.given.append(batch.shape)
        _, height, width, _ = batch.shape
        shape = (1, (height - 10) // 2, (width - 10) // 2)
        scores = np.zeros(shape, np.float32)
        if len(self.given) == 1:
            places = [(6 * row, 6 * column) for row in range(12) for column in range(12)]
            for row, column in places[: self._count]:
                scores[0, row, column] = 0.9
        return scores, np.zeros((*shape, 4), np.float32)


def test_levels_are_padded_to_a_few_shapes() -> None:
    proposal = FakeProposal(0)
    nets = [proposal, FakeNet((), (4,)), FakeNet((), (4,), (5, 2))]
    CascadeRunner(nets, HOW).run(np.zeros((1, 48, 60, 3), np.uint8))
    assert proposal.given == [
        (1, 64, 64, 3),
        (1, 64, 64, 3),
        (1, 32, 32, 3),
        (1, 32, 32, 3),
        (1, 32, 32, 3),
    ]


def test_windows_are_run_in_the_sizes_that_were_warmed() -> None:
    refinement = FakeNet((), (4,))
    runner = CascadeRunner([FakeProposal(100), refinement, FakeNet((), (4,), (5, 2))], HOW)
    runner.run(np.zeros((1, 160, 160, 3), np.uint8))
    assert [shape[0] for shape in refinement.given] == [64, 32, 4]


def test_every_size_of_batch_is_warmed() -> None:
    refinement, output = FakeNet((), (4,)), FakeNet((), (4,), (5, 2))
    runner = CascadeRunner([FakeProposal(0), refinement, output], HOW)
    boxes, scores, points = runner.warm(np.zeros((48, 48, 3), np.uint8), [1])
    assert [shape[:2] for shape in refinement.given] == [(2**n, 24) for n in range(7)]
    assert [shape[:2] for shape in output.given] == [(2**n, 48) for n in range(7)]
    assert (boxes.shape, scores.shape, points.shape) == ((1, 0, 4), (1, 0), (1, 0, 5, 2))


@pytest.mark.parametrize(
    "how",
    [
        replace(HOW, least_face=None),
        replace(HOW, stage_floors=None),
        replace(HOW, stage_floors=(0.6,)),
    ],
)
def test_card_that_says_too_little_is_refused(how: DetectorPreprocessing) -> None:
    nets = [FakeProposal(0), FakeNet(), FakeNet()]
    with pytest.raises(GraphError, match="must name least_face and two stage_floors"):
        CascadeRunner(nets, how)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A service whose detector is a cascade of fake nets."""
    root = tmp_path_factory.mktemp("cascade")
    graphs = write_fake_graphs(root / "graphs")
    path = write_graph(graphs / "mtcnn.pb", fake_cascade())
    how = replace(CASCADE_DETECTOR, longer_side=160, least_face=24)
    card_path(path).write_bytes(write_card(ModelCard("detector", "fake cascade", how)))
    parts = compose(settings_of(root, graphs, detector="mtcnn"))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(60)
    yield parts
    parts.engine.stop(10)


def _white_square() -> bytes:
    """320×240 pixels, white in rows 40 to 88 and columns 100 to 148."""
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[40:88, 100:148] = 255
    picture[60:68, 110:138] = 200  # it shows something
    return encode(picture)


def test_chosen_cascade_finds_faces_with_points(parts: Parts) -> None:
    parts.engine.require_ready()
    deadline = time.monotonic() + 30
    picture = parts.vision.decode(_white_square(), deadline)
    (face,) = parts.vision.find_faces(picture, deadline)
    expected = [40 / 240, 100 / 320, 88 / 240, 148 / 320]
    np.testing.assert_allclose(face.box, expected, atol=0.015)
    assert 0.8 < face.score < 0.9
    assert face.points is not None
    middle = (face.box[[1, 0]] + face.box[[3, 2]]) / 2
    np.testing.assert_allclose(face.points, np.tile(middle, (5, 1)), atol=0.015)


def test_floor_is_the_callers(parts: Parts) -> None:
    deadline = time.monotonic() + 30
    picture = parts.vision.decode(_white_square(), deadline)
    assert parts.vision.find_faces(picture, deadline, floor=0.95) == []
    assert len(parts.vision.find_faces(picture, deadline, floor=0.3)) >= 1


def test_nobody_is_found_where_all_is_dark(parts: Parts) -> None:
    deadline = time.monotonic() + 30
    picture = parts.vision.decode(encode(np.full((90, 200, 3), 10, np.uint8)), deadline)
    assert parts.vision.find_faces(picture, deadline) == []


def test_picture_is_shrunk_to_the_longest_side_before(tmp_path: Path, parts: Parts) -> None:
    settings = settings_of(tmp_path, tmp_path, max_side="160", detector="mtcnn")
    vision = compose(settings, parts.engine).vision
    picture = vision.decode(_white_square(), time.monotonic() + 30)
    assert picture.pixels.shape == (120, 160, 3)


def test_cascade_without_its_nets_is_refused_by_name(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs")
    path = graphs / "face_detection_model.pb"
    path.rename(graphs / "mtcnn.pb")
    card = write_card(ModelCard("detector", "no cascade", CASCADE_DETECTOR))
    card_path(graphs / "mtcnn.pb").write_bytes(card)
    engine = compose(settings_of(tmp_path, graphs, detector="mtcnn")).engine
    engine.start()
    assert engine.wait_until_loaded(60)
    assert engine.error is not None
    assert "no tensor 'proposal/image_tensor:0'" in engine.error.message
    engine.stop(10)
