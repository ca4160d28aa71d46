"""Model cards: what a graph file does not say about itself, as TOML beside it.

``graphs/<name>.toml`` describes ``graphs/<name>.pb``: where its weights come from, its tensors and
how pictures must be prepared for it. docs/models.md documents every key.
"""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

import tomli_w

from face_service.errors import GraphError
from face_service.pipeline.preprocessing import (
    DetectorPreprocessing,
    EmbedderPreprocessing,
    LandmarkerPreprocessing,
    LivenessPreprocessing,
    Preprocessing,
)

Role = Literal["detector", "embedder", "landmarker", "liveness"]
# Those that every service needs, and those that some settings ask for.
ROLES: tuple[Role, ...] = ("detector", "embedder", "landmarker")
OPTIONAL_ROLES: tuple[Role, ...] = ("liveness",)
ALL_ROLES: tuple[Role, ...] = (*ROLES, *OPTIONAL_ROLES)

_PREPROCESSING: dict[Role, type[Preprocessing]] = {
    "detector": DetectorPreprocessing,
    "embedder": EmbedderPreprocessing,
    "landmarker": LandmarkerPreprocessing,
    "liveness": LivenessPreprocessing,
}
T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """Where the weights come from; ``archive_sha256`` pins the archive file."""

    package: str
    member: str
    archive_sha256: str
    licence: str
    weights_licence: str
    description: str


@dataclass(frozen=True)
class Decision:
    """The threshold and what it was measured at.

    ``threshold`` of an embedder is the unsquared L2 distance below which two faces match; of a
    liveness net the score in 0..1 from which a face is taken for live.

    ``far`` and ``tar`` are shares in 0..1, None where nothing was measured. ``impostor_tail`` holds
    the thresholds at the rates of :data:`~face_service.pipeline.impostor_tail.TAIL_FARS`, from
    which the threshold of 1:N searches follows; empty where nothing was measured.
    """

    threshold: float
    far: float | None = None
    tar: float | None = None
    calibrated_on: str = ""
    impostor_tail: tuple[float, ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """One graph's card.

    ``graph_sha256`` is empty in a card written by hand. ``bfloat16`` says that the graph was
    measured to keep its accuracy when it multiplies in bfloat16.
    """

    role: Role
    name: str
    preprocessing: Preprocessing
    graph_sha256: str = ""
    decision: Decision | None = None
    source: Source | None = None
    bfloat16: bool = False

    def preprocessing_as(self, kind: type[T]) -> T:
        """Return the preprocessing, known to be of one role's kind."""
        if not isinstance(self.preprocessing, kind):
            raise GraphError(f"card {self.name!r}: has the role {self.role}")
        return self.preprocessing

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when embeddings stop being comparable.

        They cover the graph's bytes and its preprocessing, not the threshold.
        """
        how = asdict(self.preprocessing)
        for later in ("mirror", "top_shift"):  # keys that came later: what was enrolled stays valid
            if not how.get(later):
                how.pop(later, None)
        content = json.dumps([self.graph_sha256, how], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def read_card(path: Path) -> ModelCard:
    """Return the card in a TOML file.

    Raises:
        GraphError: it is not TOML, or a key is missing, unknown or of another type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GraphError(f"{path}: not a TOML file: {error}") from error
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error.strerror}") from error
    role = table.get("role")
    if role not in ALL_ROLES:
        raise GraphError(f"{path}: role: expected one of {', '.join(ALL_ROLES)}, found {role!r}")
    sections: dict[str, type[Any]] = {"decision": Decision, "source": Source}
    if "preprocessing" not in table:
        raise GraphError(f"{path}: preprocessing: missing")
    sections["preprocessing"] = _PREPROCESSING[role]
    for key, section in sections.items():
        if key in table:
            table[key] = _read_section(section, table[key], f"{path}: {key}")
    return _read_section(ModelCard, table, str(path))


def write_card(card: ModelCard) -> bytes:
    """Return the card as TOML, keys without a value left out."""
    return tomli_w.dumps(_without_none(asdict(card))).encode()


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _read_section(kind: type[T], table: Any, where: str) -> T:
    """Build a dataclass from a TOML table, checking every value against its annotation."""
    if not isinstance(table, dict):
        raise GraphError(f"{where}: expected a table, found {table!r}")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise GraphError(f"{where}: unknown key {key!r}; known: {', '.join(known)}")
    values: dict[str, Any] = {}
    for key, value in table.items():
        values[key] = _check_value(known[key].type, value, f"{where}: {key}")
    # A TOML table has no None: what may be None may be left out.
    for key, field in known.items():
        if key not in values and type(None) in get_args(field.type):
            values[key] = None
    try:
        return kind(**values)
    except TypeError as error:
        missing = [key for key in known if key not in values]
        raise GraphError(f"{where}: missing, one of: {', '.join(missing)}") from error


def _check_value(expected: Any, value: Any, where: str) -> Any:
    if isinstance(expected, UnionType):
        options = [option for option in get_args(expected) if option is not type(None)]
        if any(isinstance(value, option) for option in options if isinstance(option, type)):
            return value
        expected = options[0]
    if get_origin(expected) is Literal:
        if value in get_args(expected):
            return value
        raise GraphError(f"{where}: expected one of {get_args(expected)}, found {value!r}")
    if expected == tuple[float, ...]:
        if isinstance(value, list) and all(type(item) in (int, float) for item in value):
            return tuple(float(item) for item in value)
        raise GraphError(f"{where}: expected numbers, found {value!r}")
    if get_origin(expected) is tuple:
        length = len(get_args(expected))
        whole = isinstance(value, list) and all(type(item) is int and item > 0 for item in value)
        if whole and len(value) == length:
            return tuple(value)
        raise GraphError(f"{where}: expected {length} positive integers, found {value!r}")
    if expected is float and type(value) is int:
        return float(value)
    if isinstance(expected, type) and isinstance(value, expected):
        return value
    raise GraphError(
        f"{where}: expected {getattr(expected, '__name__', expected)}, found {value!r}"
    )
