"""The sides: our service, DeepFace's API in each of its engines, a service on face_recognition."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks.harness.http import post_file
from benchmarks.harness.machine import PROJECT, revision
from benchmarks.harness.server import Server, running
from benchmarks.peer_services.gunicorn import serving
from benchmarks.peer_services.install import Environment
from benchmarks.peer_services.side import (
    Picture,
    Request,
    Side,
    named_by_deepface,
    named_by_face_recognition,
    named_by_us,
)
from benchmarks.peer_services.weights import OFFLINE

DETECTORS = ("opencv", "mtcnn")
_LOGIN_SUBJECT = "who logs in"
# One worker, or one a core of a small machine; the better of the two is what is compared with.
_WORKERS = (1, 2)


def our_side(settings: Mapping[str, str]) -> Side:
    """Return this service, started by ``python flask_run.py``."""
    return Side(
        name="this service",
        how="python flask_run.py; enrols through POST /v1/subjects with force=true. Its graphs may "
        "multiply in bfloat16 (FACE_TF_PRECISION); the peers compute in float32, as they come",
        versions={"revision": revision()},
        workers=(1,),
        start=lambda workers: running(settings),
        logins={
            "POST /face_login": partial(post_file, "/face_login"),
            "POST /v1/identify": partial(post_file, "/v1/identify"),
        },
        greet=_register,
        count_faces=lambda answer: len(answer["faces"]),
        enrol=_enrol_with_us,
        identify=partial(post_file, "/v1/identify", fields={"top_k": "1"}),
        named=named_by_us,
        ours=True,
    )


def deepface_side(environment: Environment, engine: str, detector: str, home: Path) -> Side:
    """Return DeepFace's own API on FaceNet with our weights, in ``home``.

    The models are loaded at the start, as its variables allow. A search is for the one nearest
    person (k=1), with the normalisation that FaceNet was trained with and unit vectors; the
    database is SQLite, the one of those it knows that needs no server.
    """
    model = {"model_name": "Facenet", "detector_backend": detector}
    gallery = {**model, "normalization": "Facenet", "l2_normalize": "1"}
    search = {**gallery, "search_method": "exact", "similarity_search": "1", "k": "1"}

    def enrol(name: str, picture: Picture) -> Request:
        return post_file("/register", picture, {**gallery, "img_name": name}, field="img")

    variables = {
        "DEEPFACE_HOME": str(home),
        "DEEPFACE_BACKEND_ENGINE": engine,
        "DEEPFACE_FACE_RECOGNITION_MODELS": "Facenet",
        "DEEPFACE_FACE_DETECTION_MODELS": detector,
        "DEEPFACE_DATABASE_TYPE": "sqlite",
        **OFFLINE,
    }
    return Side(
        name=f"DeepFace {engine} {detector}",
        how=f"its Flask API under gunicorn, {engine} engine, Facenet with our weights, detector "
        f"{detector}; /represent for a login, /register and /search (SQLite, exact) for many",
        versions=_versions(environment, "deepface", "tensorflow", "onnxruntime", "mtcnn"),
        workers=_WORKERS,
        start=lambda workers: serving(
            environment,
            "deepface.api.src.app:create_app()",
            workers,
            lambda folder: {**variables, "DEEPFACE_CONNECTION_DETAILS": str(folder / "faces.db")},
        ),
        logins={"POST /represent": partial(post_file, "/represent", fields=model, field="img")},
        count_faces=lambda answer: len(answer["results"]),
        enrol=enrol,
        identify=partial(post_file, "/search", fields=search, field="img"),
        named=named_by_deepface,
    )


def face_recognition_side(environment: Environment) -> Side:
    """Return a small Flask application on the package face_recognition."""
    return Side(
        name="face_recognition",
        how="a Flask application as its documentation suggests (HOG detector, one upsampling), "
        "under gunicorn; face_encodings, then face_distance to all known encodings",
        versions=_versions(environment, "face-recognition", "dlib-bin"),
        workers=_WORKERS,
        start=lambda workers: serving(
            environment,
            "benchmarks.peer_services.inside.face_recognition_app:create_app()",
            workers,
            lambda folder: {"KNOWN_FACES": str(folder / "known"), "PYTHONPATH": str(PROJECT)},
        ),
        logins={"POST /recognise": partial(post_file, "/recognise")},
        greet=_know,
        count_faces=lambda answer: int(answer["faces"]),
        enrol=lambda name, picture: post_file("/enrol", picture, {"name": name}),
        identify=partial(post_file, "/recognise"),
        named=named_by_face_recognition,
    )


def _register(server: Server, picture: Picture) -> None:
    server.must(post_file("/face_register", picture))
    server.must(_enrol_with_us(_LOGIN_SUBJECT, picture))


def _know(server: Server, picture: Picture) -> None:
    server.must(post_file("/enrol", picture, {"name": _LOGIN_SUBJECT}))


def _enrol_with_us(name: str, picture: Picture) -> Request:
    return post_file("/v1/subjects", picture, {"subject": name, "force": "true"})


def _versions(environment: Environment, *packages: str) -> dict[str, str]:
    return {name: environment.versions[name] for name in (*packages, "gunicorn")}
