"""The legacy profile against the demos' procedure, written down from docs and run side by side.

``demo_embedding`` and ``demo_landmarks`` do with OpenCV and plain Sessions what the demos do: BGR
throughout, a squashed picture for the detector, the first box above 0.1, whitening before resizing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from numpy.typing import NDArray

from face_service.models.runtime import import_tensorflow
from tests.conftest import make_app
from tests.fakes.graphs import import_graph
from tests.web.posting import post_file, upload

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]
Box = tuple[int, int, int, int]
PICTURES = ["obama.jpg", "obama2.jpg", "biden.jpg"]


class Demo:
    """Three plain Sessions, as a demo preloads them."""

    def __init__(self, graphs: Path) -> None:
        self._sessions = {
            name: self._session(graphs / name)
            for name in ("face_detection_model.pb", "face_recognition_model.pb", "landmark.pb")
        }

    def run(self, name: str, outputs: list[str], feeds: dict[str, Any]) -> list[NDArray[Any]]:
        found: list[NDArray[Any]] = self._sessions[name].run(outputs, feeds)
        return found

    def find_box(self, picture: NDArray[np.uint8]) -> Box:
        small = cv2.resize(picture, (256, 256))[None]
        outputs = ["detection_boxes:0", "detection_scores:0"]
        boxes, scores = self.run("face_detection_model.pb", outputs, {"image_tensor:0": small})
        assert scores[0, 0] > 0.1
        height, width = picture.shape[:2]
        ymin, xmin, ymax, xmax = (float(value) for value in boxes[0, 0])
        return int(ymin * height), int(xmin * width), int(ymax * height), int(xmax * width)

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    @staticmethod
    def _session(path: Path) -> Any:
        tf = import_tensorflow()
        return tf.compat.v1.Session(graph=import_graph(path.read_bytes()))


def demo_embedding(demo: Demo, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    top, left, bottom, right = demo.find_box(picture)
    face = picture[top:bottom, left:right]
    white = (face - face.mean()) / max(face.std(), 1 / np.sqrt(face.size))
    crop = cv2.resize(white, (160, 160))[None]
    feeds = {"input:0": crop, "phase_train:0": False}
    return np.asarray(demo.run("face_recognition_model.pb", ["embeddings:0"], feeds)[0][0])


def demo_landmarks(demo: Demo, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    top, left, bottom, right = demo.find_box(picture)
    top = int(top + 0.2 * (bottom - top))
    crop = cv2.resize(picture[top:bottom, left:right], (128, 128))[None]
    (values,) = demo.run("landmark.pb", ["fully_connected_9/Relu:0"], {"Placeholder:0": crop})
    points = values[0].reshape(68, 2) * [right - left, bottom - top] + [left, top]
    return np.asarray(points / [picture.shape[1], picture.shape[0]])


@pytest.fixture(scope="module")
def demo(three_small_graphs: Path) -> Iterator[Demo]:
    demo = Demo(three_small_graphs)
    yield demo
    demo.close()


@pytest.fixture
def legacy_client(tmp_path: Path, three_small_graphs: Path) -> FlaskClient:
    return make_app(tmp_path, three_small_graphs, profile="legacy").test_client()


def read_bgr(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("name", PICTURES)
def test_embeddings_are_the_demos(
    demo: Demo, legacy_client: FlaskClient, portrait: Read, name: str
) -> None:
    path = upload(legacy_client, portrait(name))
    text = legacy_client.get("/face_feature", query_string={"url": path}).text
    ours = np.array([float(value) for value in text.split(",")])
    assert np.linalg.norm(ours - demo_embedding(demo, read_bgr(portrait(name)))) < 0.01


@pytest.mark.parametrize("name", PICTURES)
def test_boxes_are_the_demos(
    demo: Demo, legacy_client: FlaskClient, portrait: Read, name: str
) -> None:
    picture = read_bgr(portrait(name))
    height, width = picture.shape[:2]
    top, left, bottom, right = demo.find_box(picture)
    expected = [
        value * 256 / side
        for value, side in zip((left, top, right, bottom), (width, height) * 2, strict=True)
    ]
    path = upload(legacy_client, portrait(name))
    text = legacy_client.get("/face_detect", query_string={"url": path}).text
    assert [int(value) for value in text.strip("[]").split(",")] == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("name", PICTURES)
def test_landmarks_are_the_demos(
    demo: Demo, legacy_client: FlaskClient, portrait: Read, name: str
) -> None:
    text = post_file(legacy_client, "/face_landmark", portrait(name)).text
    ours = np.array([float(value) for value in text.split(",")]).reshape(68, 2)
    np.testing.assert_allclose(ours, demo_landmarks(demo, read_bgr(portrait(name))), atol=0.004)


def test_a_feature_file_that_the_demo_wrote_logs_its_owner_in(
    demo: Demo, legacy_client: FlaskClient, portrait: Read, tmp_path: Path
) -> None:
    line = ",".join(str(value) for value in demo_embedding(demo, read_bgr(portrait("obama.jpg"))))
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "feature.txt").write_text(line + "\n")
    assert post_file(legacy_client, "/face_login", portrait("obama.jpg")).text == "success"
    assert post_file(legacy_client, "/face_login", portrait("biden.jpg")).text == "fail"
