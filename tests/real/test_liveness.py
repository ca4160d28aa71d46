"""The liveness net against the file it comes from, and attacks against a service that asks for it.

The attacks are photographs of screens, which nobody publishes: REAL_FACES names a folder that holds
``samples/liveness/image_T1.jpg`` (a live face) and ``image_F1.jpg``, ``image_F2.jpg`` (screens).
"""

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from numpy.typing import NDArray

from face_service.build.archives import read_member
from face_service.build.builder import BuildOptions, build_graphs
from face_service.build.recipes import RECIPES
from face_service.build.sources import ANTI_SPOOF
from face_service.models.card import ROLES
from face_service.models.graph_files import card_path
from face_service.models.roles import ROLE_SPECS
from face_service.models.runtime import import_tensorflow
from face_service.pipeline.preprocessing import REFERENCE_LIVENESS
from face_service.web.components import components_of
from tests.conftest import make_app
from tests.fakes.graphs import import_graph
from tests.real.conftest import fetch
from tests.web.v1.calling import answer, post_form, problem

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]
RECIPE = RECIPES["minifasnet"]


@pytest.fixture(scope="module")
def all_graphs(built_graphs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built graphs and the liveness graph."""
    folder = tmp_path_factory.mktemp("graphs")
    archive = fetch(ANTI_SPOOF)
    build_graphs(BuildOptions(folder, [RECIPE.model], provided=archive.parent))
    for role in ROLES:
        path = built_graphs / ROLE_SPECS[role].built_name
        for file in (path, card_path(path)):
            shutil.copyfile(file, folder / file.name)
    return folder


@pytest.fixture(scope="module")
def sample() -> Read:
    """Read one of the samples by its name, such as ``T1``."""
    folder = Path(os.environ.get("REAL_FACES", "")) / "samples" / "liveness"
    if "REAL_FACES" not in os.environ or not folder.is_dir():
        pytest.skip("REAL_FACES names no folder that holds samples/liveness/")
    return lambda name: (folder / f"image_{name}.jpg").read_bytes()


@pytest.fixture
def make_client(tmp_path: Path, all_graphs: Path) -> Iterator[Callable[[str], FlaskClient]]:
    """Makes a client of an application with FACE_LIVENESS as named."""
    apps = []

    def make(liveness: str) -> FlaskClient:
        apps.append(make_app(tmp_path, all_graphs, liveness=liveness))
        return apps[-1].test_client()

    yield make
    for app in apps:
        components_of(app).engine.stop(30)


def interpreted(model: bytes, crops: NDArray[np.float32]) -> NDArray[Any]:
    """Return the softmax of what TensorFlow Lite makes of each crop."""
    tf = import_tensorflow()
    with warnings.catch_warnings():  # it has moved to a package of its own, and says so
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(model_content=model)
    interpreter.allocate_tensors()
    (source,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    rows = []
    for crop in crops:
        interpreter.set_tensor(source["index"], crop[None])
        interpreter.invoke()
        powers = np.exp(interpreter.get_tensor(result["index"])[0].astype(np.float64))
        rows.append(powers / powers.sum())
    return np.array(rows)


def test_graph_gives_what_the_file_gives(all_graphs: Path) -> None:
    tf = import_tensorflow()
    crops = np.random.default_rng(0).uniform(0, 255, (6, 80, 80, 3)).astype(np.float32)
    crops[3:] = crops[3:].mean(axis=(1, 2), keepdims=True)  # without any texture
    expected = interpreted(read_member(fetch(ANTI_SPOOF), RECIPE.member), crops)
    graph = import_graph((all_graphs / RECIPE.filename).read_bytes())
    with tf.compat.v1.Session(graph=graph) as session:
        found = session.run("probabilities:0", {"input:0": crops})
    assert np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected[:, REFERENCE_LIVENESS.live_class]) > 0.01


def test_building_again_gives_the_same_bytes(all_graphs: Path) -> None:
    assert RECIPE.build(fetch(ANTI_SPOOF)) == (all_graphs / RECIPE.filename).read_bytes()


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg", "obama2.jpg"])
def test_official_portraits_are_taken_for_live(
    make_client: Callable[[str], FlaskClient], portrait: Read, name: str
) -> None:
    client = make_client("report")
    found = answer(post_form(client, "/v1/detect", [("p.jpg", portrait(name))]))
    assert found["faces"][0]["liveness"]["live"]


def test_a_photographed_screen_does_not_log_in(
    make_client: Callable[[str], FlaskClient], sample: Read
) -> None:
    client = make_client("require")
    post_form(client, "/face_register", [("p.jpg", sample("T1"))])
    outcomes = {}
    for name in ("T1", "F1", "F2"):
        response = post_form(client, "/face_login", [("p.jpg", sample(name))])
        outcomes[name] = (response.text, response.headers.get("X-Face-Code"))
    assert outcomes == {
        "T1": ("success", None),
        "F1": ("fail", "NOT_LIVE"),
        "F2": ("fail", "NOT_LIVE"),
    }
    for name in ("F1", "F2"):
        assert post_form(client, "/face_register", [("p.jpg", sample(name))]).text == "fail"


def test_a_photographed_screen_is_neither_enrolled_nor_verified_nor_named(
    make_client: Callable[[str], FlaskClient], sample: Read
) -> None:
    client, subject = make_client("require"), [("subject", "ann")]
    answer(post_form(client, "/v1/subjects", [("p.jpg", sample("T1"))], subject), 201)
    assert answer(post_form(client, "/v1/verify", [("p.jpg", sample("T1"))], subject))["match"]
    for name in ("F1", "F2"):
        files = [("p.jpg", sample(name))]
        found = problem(post_form(client, "/v1/subjects", files, subject), 422, "ENROLMENT_REFUSED")
        assert found["reasons"][0]["code"] == "NOT_LIVE"
        problem(post_form(client, "/v1/verify", files, subject), 422, "NOT_LIVE")
        problem(post_form(client, "/v1/identify", files), 422, "NOT_LIVE")
