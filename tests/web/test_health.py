"""Liveness and readiness."""

from pathlib import Path

from flask.testing import FlaskClient

from face_service.settings import Settings
from face_service.web.app import create_app
from tests.conftest import make_app
from tests.fakes.pictures import face_file
from tests.web.posting import post_file


def test_healthz_answers_before_the_graphs_are_loaded(tmp_path: Path, fake_graphs: Path) -> None:
    client = unstarted(tmp_path, fake_graphs)
    assert client.get("/healthz").json == {"status": "ok"}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["X-Face-Code"] == "NOT_READY"
    assert int(response.headers["Retry-After"]) >= 1


def test_pictures_are_refused_until_the_graphs_are_loaded(
    tmp_path: Path, fake_graphs: Path
) -> None:
    response = post_file(unstarted(tmp_path, fake_graphs), "/face_login", face_file(1))
    assert response.status_code == 503
    assert response.text == "error NOT_READY: the graphs are still loading"


def test_readyz_names_the_graphs_and_counts_the_gallery(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json == {
        "status": "ready",
        "graphs": {
            "detector": "face_detection_model.pb",
            "embedder": "face_recognition_model.pb",
            "landmarker": "landmark_mesh68.pb",
        },
        "gallery": {"subjects": 0, "faces": 0},
    }


def test_readyz_says_that_the_store_cannot_be_written(tmp_path: Path, fake_graphs: Path) -> None:
    (tmp_path / "face").write_text("a file where the folder should be")
    client = make_app(tmp_path, fake_graphs).test_client()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "cannot be written" in response.text


def unstarted(root: Path, graphs: Path) -> FlaskClient:
    """Return a client of an application whose engine has not been started."""
    environment = {"FACE_GRAPHS_DIR": str(graphs), "FACE_FACE_DIR": str(root / "face")}
    environment["FACE_TMP_DIR"] = str(root / "tmp")
    return create_app(Settings.from_environment(environment)).test_client()
