"""What the service answers of thresholds. Members are called as in the answers' JSON.

Thresholds are unsquared L2 distances of unit vectors, 0..2; faces below them match.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A measured rate, ``errors`` of ``trials``, with its 95 % bounds, all in 0..1."""

    value: float
    low: float
    high: float
    errors: int
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Distances of pairs, counted: bin i holds ``edges[i]`` <= distance < ``edges[i + 1]``.

    ``mean`` and ``std`` are those of the distances, None without any.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    total: int
    mean: float | None
    std: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """FAR and FRR of verification at one threshold; ``frr`` is None without genuine pairs."""

    threshold: float
    far: Rate
    frr: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationChoice:
    """The largest threshold of 1:1 whose FAR is at most ``target_far``, or the one named."""

    threshold: float
    target_far: float
    far: Rate
    frr: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificationChoice:
    """The largest threshold of 1:N whose FPIR is at most ``target_fpir``, or the one named."""

    threshold: float
    target_fpir: float
    fpir: Rate
    fnir: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateColumns:
    """A rate at each of a curve's thresholds: ``errors[i]`` of ``trials``, and its 95 % bounds."""

    trials: int
    errors: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCurve:
    """The rates at ``thresholds``, ascending: 0.01 apart, the chosen ones and those in force.

    ``far`` and ``frr`` are those of verification, ``fpir`` and ``fnir`` those of identification.
    ``frr`` and ``fnir`` are None where no subject has two faces.
    """

    thresholds: tuple[float, ...]
    far: RateColumns
    frr: RateColumns | None
    fpir: RateColumns
    fnir: RateColumns | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """A warning: its ``code``, the sentence, and the ``values`` in it; docs/api.md lists all."""

    code: str
    message: str
    values: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """A threshold in force; ``source`` is ``setting``, ``calibrated`` or ``card``."""

    threshold: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdsInForce:
    """The thresholds that decide now: of 1:1 comparisons and of 1:N searches."""

    verification: Deciding
    identification: Deciding


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the enrolled faces say of thresholds.

    ``genuine`` are the distances within subjects, ``impostor`` those between; ``table`` ascends by
    threshold. ``warnings`` are sentences for the person who reads the numbers, ``cautions`` the
    same for programs. ``applied`` says whether the chosen thresholds, or the one that ``only``
    named, count from now on, unless a setting names others. A service that is too old tells no
    ``curve``, ``cautions`` nor ``in_force``.
    """

    faces: int
    subjects: int
    genuine: Histogram
    impostor: Histogram
    table: tuple[OperatingPoint, ...]
    curve: RateCurve | None = None
    verification: VerificationChoice
    identification: IdentificationChoice
    warnings: tuple[str, ...]
    cautions: tuple[Caution, ...] = ()
    applied: bool
    in_force: ThresholdsInForce | None = None
