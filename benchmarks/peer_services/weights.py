"""The same FaceNet for DeepFace as for us, and the proof that it is the same.

DeepFace would download weights of its own. What is put in their place is, for its TensorFlow
engine, the file that our graph is built from, and for its ONNX engine our graph itself, converted.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.peer_services import inside
from benchmarks.peer_services.install import Environment, UnavailableError
from face_service.build.archives import read_member
from face_service.build.builder import CACHE_NAME
from face_service.build.fetch import Fetcher
from face_service.build.recipes import RECIPES
from face_service.errors import BuildError
from face_service.models.frozen_graph import FrozenGraph
from face_service.models.roles import ROLE_SPECS
from face_service.models.runtime import RuntimeOptions, configure_environment
from face_service.pipeline.prewhiten import prewhiten

SAME_WITHIN = 1e-3  # L2 distance of unit vectors
_INPUT_PIXELS = 160
_CONVERT_SECONDS = 600
_EMBED_SECONDS = 300
_OPSET = "17"
_FILES = {"tensorflow": "facenet_weights.h5", "onnx": "facenet_weights.onnx"}
ENGINES = tuple(_FILES)
_QUIET = RuntimeOptions(
    visible_devices="-1",
    gpu_memory_growth=False,
    gpu_memory_limit_mb=0,
    log_level=3,
    onednn=True,
    intra_op_threads=0,
    inter_op_threads=0,
)
# Nothing is to be fetched while a peer runs: what tries fails at once.
OFFLINE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9") | {
    "NO_PROXY": "127.0.0.1,localhost",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True)
class Proof:
    """How far DeepFace's embedding of a crop lies from ours (L2 distance of unit vectors)."""

    engine: str
    distance: float

    @property
    def same(self) -> bool:
        """Whether that is nothing but rounding."""
        return self.distance <= SAME_WITHIN

    def __str__(self) -> str:
        verdict = "same weights" if self.same else "NOT the same weights"
        return (
            f"{verdict}: FaceNet in DeepFace's {self.engine} engine and in our graph are "
            f"{self.distance:.1e} apart on one crop (at most {SAME_WITHIN:g})"
        )


def place_weights(environment: Environment, engine: str, graphs: Path, folder: Path) -> Path:
    """Return a DEEPFACE_HOME below ``folder`` that holds our FaceNet for ``engine``.

    Raises:
        UnavailableError: the package of the weights cannot be had, or the conversion failed.
    """
    home = folder / f"deepface-home-{engine}"
    target = home / ".deepface" / "weights" / _FILES[engine]
    target.parent.mkdir(parents=True, exist_ok=True)
    graph = graphs / ROLE_SPECS["embedder"].built_name
    if engine == "tensorflow":
        target.write_bytes(_read_archive(graphs, folder))
    elif not target.is_file() or target.stat().st_mtime < graph.stat().st_mtime:
        _convert(environment, graph, target)
    return home


def prove(environment: Environment, engine: str, home: Path, graphs: Path, picture: Path) -> Proof:
    """Compare DeepFace's embedding of the middle of a picture with our graph's.

    Raises:
        UnavailableError: DeepFace could not load the weights.
    """
    crop = prewhiten(_middle_of(picture))
    given, answered = home / "crop.npy", home / "embedding.npy"
    np.save(given, crop)
    script = Path(inside.__path__[0]) / "deepface_embed.py"
    variables = {"DEEPFACE_HOME": str(home), "DEEPFACE_BACKEND_ENGINE": engine, **OFFLINE}
    environment.run(str(script), str(given), str(answered), seconds=_EMBED_SECONDS, **variables)
    theirs = np.load(answered)
    ours = our_embedding(graphs, crop)
    return Proof(engine, float(np.linalg.norm(theirs / np.linalg.norm(theirs) - ours)))


def our_embedding(graphs: Path, crop: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the unit vector that our graph makes of a prewhitened crop [160, 160, 3]."""
    configure_environment(_QUIET)  # before TensorFlow is imported, which then says less
    spec = ROLE_SPECS["embedder"]
    graph = FrozenGraph(graphs / spec.built_name, spec.signatures, None)
    vector = graph.run(crop[None])[0][0]
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def _read_archive(graphs: Path, folder: Path) -> bytes:
    recipe = RECIPES["facenet128"]
    kept = graphs / CACHE_NAME
    cache = kept if (kept / recipe.archive.filename).is_file() else folder / "archives"
    try:
        return read_member(Fetcher(cache).fetch(recipe.archive), recipe.member)
    except BuildError as error:
        raise UnavailableError(str(error)) from error


def _convert(environment: Environment, graph: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    command = ["-m", "tf2onnx.convert", "--graphdef", str(graph), "--opset", _OPSET]
    command += ["--inputs", "input:0", "--outputs", "embeddings:0", "--output", str(part)]
    environment.run(*command, seconds=_CONVERT_SECONDS, **OFFLINE)
    part.replace(target)  # in one step: half a file would be taken for a whole one


def _middle_of(picture: Path) -> NDArray[np.uint8]:
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((_INPUT_PIXELS, _INPUT_PIXELS)), dtype=np.uint8)
