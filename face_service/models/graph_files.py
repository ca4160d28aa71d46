"""Which graph file serves which role, and with which card. Does not import TensorFlow."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from face_service.errors import GraphError, GraphMissingError
from face_service.models.card import OPTIONAL_ROLES, Decision, ModelCard, Role, read_card
from face_service.models.roles import ROLE_SPECS, profile_card, profile_preprocessing
from face_service.pipeline.preprocessing import (
    DetectorPreprocessing,
    EmbedderPreprocessing,
    LandmarkerPreprocessing,
    ProfileName,
)

ProfileChoice = Literal["auto"] | ProfileName


@dataclass(frozen=True)
class Overrides:
    """What settings say in place of the cards; None leaves the card's value.

    ``score_floor`` is in 0..1, ``threshold`` an unsquared L2 distance, ``crop_margin`` a share of
    the crop's side, ``mirror`` whether embeddings take in the mirrored crop,
    ``liveness_threshold`` a score in 0..1.
    """

    score_floor: float | None = None
    threshold: float | None = None
    crop_margin: float | None = None
    mirror: bool | None = None
    liveness_threshold: float | None = None


@dataclass(frozen=True)
class GraphFile:
    """A graph that was found, its card, and what a person should know about the choice."""

    role: Role
    path: Path
    card: ModelCard
    notes: tuple[str, ...]


def card_path(graph: Path) -> Path:
    """Return where the card of a graph file lies."""
    return graph.with_suffix(".toml")


def find_graph(role: Role, folder: Path, chosen: str = "", model: str = "") -> Path:
    """Return the file that serves a role.

    It is the chosen file, else that of the chosen model. For the default model ("" or its name) a
    dropped-in file under a name from the wild wins over the built one, and another model that was
    built under such a name stands in while the default one is not built.

    Raises:
        GraphMissingError: there is none, and a built one would serve.
        GraphError: the chosen file is not there, or several dropped-in files could be meant.
    """
    spec = ROLE_SPECS[role]
    if chosen:
        path = folder / chosen
        if not path.is_file():
            raise GraphError(f"{path}: no such file, though FACE_{role.upper()}_GRAPH names it")
        return path
    by_default = model in ("", spec.default_model)
    built = folder / (spec.built_name if by_default else spec.models[model])
    wild = [folder / name for name in spec.wild_names] if by_default else []
    found = [path for path in (*wild, built) if path.is_file()]
    if not found:
        name = f" --model {spec.default_model}" if role in OPTIONAL_ROLES else ""
        name = name if by_default else f" --model {model}"
        raise GraphMissingError(
            f"{built}: the {role} graph is missing; "
            f"run `python -m face_service build-graphs{name}` to build it"
        )
    if len(found) == 1:
        return found[0]
    dropped_in = [path for path in found if not _is_built(path)] or found[-1:]
    if len(dropped_in) > 1:
        names = ", ".join(path.name for path in dropped_in)
        raise GraphError(
            f"{folder}: several files could be the {role} graph: {names}; "
            f"keep one of them or set FACE_{role.upper()}_GRAPH"
        )
    return dropped_in[0]


def describe_graph(
    role: Role,
    path: Path,
    profile: ProfileChoice = "auto",
    overrides: Overrides = Overrides(),
) -> GraphFile:
    """Return the file with the card it is to be used with.

    A card that describes other bytes (somebody replaced the graph) is set aside: the graph is
    then one without a card, which gets the legacy profile.
    """
    digest = hash_file(path)
    card, notes = _own_card(role, path, digest)
    if card is None:
        name: ProfileName = "legacy" if profile == "auto" else profile
        notes = (*notes, f"{path}: no card, using the {name} profile")
        card = profile_card(name, role, path.stem, digest)
    elif profile != "auto" and (several := _in_several_steps(card)):
        notes = (*notes, f"{path}: the {profile} profile is not for {several}, using its card")
    elif profile != "auto" and card.preprocessing != profile_preprocessing(profile, role):
        notes = (*notes, f"{path}: the {profile} profile replaces the card's preprocessing")
        card = profile_card(profile, role, card.name, digest)
    return GraphFile(role, path, _override(card, overrides), notes)


def _in_several_steps(card: ModelCard) -> str:
    """Return what a net is called that only its own card says how to run; "" if profiles do."""
    how = card.preprocessing
    if isinstance(how, DetectorPreprocessing) and how.is_cascade:
        return "a cascade"
    if isinstance(how, LandmarkerPreprocessing) and how.second_margin is not None:
        return "a net that looks twice"
    return ""


def _override(card: ModelCard, overrides: Overrides) -> ModelCard:
    how = card.preprocessing
    if isinstance(how, DetectorPreprocessing) and overrides.score_floor is not None:
        how = replace(how, score_floor=overrides.score_floor)
    if isinstance(how, EmbedderPreprocessing) and overrides.crop_margin is not None:
        how = replace(how, margin=overrides.crop_margin)
    if isinstance(how, EmbedderPreprocessing) and overrides.mirror is not None:
        how = replace(how, mirror=overrides.mirror)
    decision = card.decision
    if card.role == "embedder" and overrides.threshold is not None:
        tail = card.decision.impostor_tail if card.decision else ()
        decision = Decision(overrides.threshold, calibrated_on="FACE_THRESHOLD", impostor_tail=tail)
    if card.role == "liveness" and overrides.liveness_threshold is not None:
        decision = Decision(overrides.liveness_threshold, calibrated_on="FACE_LIVENESS_THRESHOLD")
    return replace(card, preprocessing=how, decision=decision)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex.

    Raises:
        GraphError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error.strerror}") from error


def _own_card(role: Role, path: Path, digest: str) -> tuple[ModelCard | None, tuple[str, ...]]:
    if not card_path(path).is_file():
        return None, ()
    card = read_card(card_path(path))
    if card.role != role:
        raise GraphError(f"{card_path(path)}: role: expected {role!r}, found {card.role!r}")
    if card.graph_sha256 not in ("", digest):
        return None, (f"{card_path(path)}: describes another file than {path.name}, set aside",)
    return replace(card, graph_sha256=digest), ()


def _is_built(path: Path) -> bool:
    """Whether our builder wrote the file: its card says so and still describes it."""
    try:
        card = read_card(card_path(path)) if card_path(path).is_file() else None
    except GraphError:
        return False
    return card is not None and card.source is not None and card.graph_sha256 == hash_file(path)
