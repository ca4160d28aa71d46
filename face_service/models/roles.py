"""What serves a role: the models one can choose, and how a graph in the wild is recognised."""

from collections.abc import Mapping
from dataclasses import dataclass

from face_service.models.card import ROLES, Decision, ModelCard, Role
from face_service.pipeline.preprocessing import (
    LEGACY_DETECTOR,
    LEGACY_EMBEDDER,
    LEGACY_LANDMARKER,
    LEGACY_THRESHOLD,
    REFERENCE_DETECTOR,
    REFERENCE_EMBEDDER,
    REFERENCE_LANDMARKER,
    REFERENCE_LIVENESS,
    REFERENCE_LIVENESS_THRESHOLD,
    REFERENCE_THRESHOLD,
    Preprocessing,
    ProfileName,
)


@dataclass(frozen=True)
class Signature:
    """The tensors by which a kind of graph is known.

    ``input`` is [N, H, W, C] for all roles; ``optional_inputs`` are fed when present.
    """

    input: str
    outputs: tuple[str, ...]
    optional_inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleSpec:
    """Models, file names in the wild and signatures (the likeliest first) of one role.

    ``models`` are those that are built here, the default first: name to graph file. Each has its
    recipe in :mod:`face_service.build.recipes`, which serving code does not import.
    """

    models: Mapping[str, str]
    wild_names: tuple[str, ...]
    signatures: tuple[Signature, ...]

    @property
    def default_model(self) -> str:
        """The model that serves unless another is chosen."""
        return next(iter(self.models))

    @property
    def built_name(self) -> str:
        """The default model's graph file."""
        return self.models[self.default_model]


DETECTOR_OUTPUTS = ("detection_boxes:0", "detection_scores:0")


def _scoped(scope: str, *outputs: str) -> Signature:
    return Signature(f"{scope}/image_tensor:0", tuple(f"{scope}/{name}:0" for name in outputs))


# The nets of a cascade, in its order: all in one graph file.
CASCADE_SIGNATURES = (
    _scoped("proposal", "face_scores", "box_codes"),
    _scoped("refinement", "face_scores", "box_codes"),
    _scoped("output", "face_scores", "box_codes", "face_points"),
)

ROLE_SPECS: dict[Role, RoleSpec] = {
    "detector": RoleSpec(
        models={"ssd": "face_detection_model.pb", "mtcnn": "mtcnn.pb"},
        wild_names=("frozen_inference_graph.pb",),
        signatures=(Signature("image_tensor:0", DETECTOR_OUTPUTS),),
    ),
    "embedder": RoleSpec(
        models={"facenet128": "face_recognition_model.pb", "facenet512": "facenet512.pb"},
        wild_names=("lfw-asia_graph.pb",),
        signatures=(Signature("input:0", ("embeddings:0",), ("phase_train:0",)),),
    ),
    "landmarker": RoleSpec(
        models={"mesh68": "landmark_mesh68.pb", "landmark68": "landmark.pb"},
        # The second is the demo's own name for its net.
        wild_names=("facial_landmark_SqueezeNet.pb", "landmark.pb"),
        signatures=(
            Signature("Placeholder:0", ("fully_connected_9/Relu:0",)),
            Signature("input_2:0", ("output/BiasAdd:0",)),
        ),
    ),
    "liveness": RoleSpec(
        models={"minifasnet": "face_liveness_model.pb"},
        wild_names=(),
        signatures=(Signature("input:0", ("probabilities:0",)),),
    ),
}

DEFAULT_MODELS: tuple[str, ...] = tuple(ROLE_SPECS[role].default_model for role in ROLES)

_PROFILES: dict[tuple[ProfileName, Role], Preprocessing] = {
    ("reference", "detector"): REFERENCE_DETECTOR,
    ("reference", "embedder"): REFERENCE_EMBEDDER,
    ("reference", "landmarker"): REFERENCE_LANDMARKER,
    ("reference", "liveness"): REFERENCE_LIVENESS,
    ("legacy", "detector"): LEGACY_DETECTOR,
    ("legacy", "embedder"): LEGACY_EMBEDDER,
    ("legacy", "landmarker"): LEGACY_LANDMARKER,
    ("legacy", "liveness"): REFERENCE_LIVENESS,
}
_THRESHOLDS: dict[ProfileName, float] = {
    "reference": REFERENCE_THRESHOLD,
    "legacy": LEGACY_THRESHOLD,
}


def profile_preprocessing(profile: ProfileName, role: Role) -> Preprocessing:
    """Return what a profile says for a role."""
    return _PROFILES[profile, role]


def profile_decision(profile: ProfileName, role: Role) -> Decision | None:
    """Return the profile's threshold; detectors and landmark nets have none."""
    if role == "liveness":
        return Decision(REFERENCE_LIVENESS_THRESHOLD)
    return Decision(_THRESHOLDS[profile]) if role == "embedder" else None


def profile_card(profile: ProfileName, role: Role, name: str, graph_sha256: str) -> ModelCard:
    """Return the card of a graph that came without one."""
    return ModelCard(
        role=role,
        name=name,
        graph_sha256=graph_sha256,
        preprocessing=profile_preprocessing(profile, role),
        decision=profile_decision(profile, role),
    )
