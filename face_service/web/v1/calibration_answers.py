"""What the JSON API answers of thresholds; docs/api.md says how to read it."""

from typing import Literal

from pydantic import BaseModel, Field


class RateAnswer(BaseModel):
    """A measured rate: errors of trials, with its 95 % confidence bounds."""

    value: float
    low: float
    high: float
    errors: int
    trials: int


class HistogramAnswer(BaseModel):
    """Distances of pairs: `counts[i]` of them lie from `edges[i]` to below `edges[i + 1]`."""

    edges: list[float]
    counts: list[int]
    total: int
    mean: float | None
    std: float | None


class OperatingPointAnswer(BaseModel):
    """The rates of verification at one threshold."""

    threshold: float
    far: RateAnswer
    frr: RateAnswer | None = Field(description="Null where no subject has two faces.")


class VerificationAnswer(OperatingPointAnswer):
    """The threshold for the wanted FAR, or the one that was named."""

    target_far: float


class IdentificationAnswer(BaseModel):
    """The threshold for the wanted FPIR, or the one that was named."""

    threshold: float
    target_fpir: float
    fpir: RateAnswer
    fnir: RateAnswer | None = Field(description="Null where no subject has two faces.")


class RateColumnsAnswer(BaseModel):
    """A rate at each of the curve's thresholds: `errors[i] / trials`, with its bounds."""

    trials: int
    errors: list[int]
    low: list[float]
    high: list[float]


class CurveAnswer(BaseModel):
    """The rates at thresholds 0.01 apart, at the chosen ones and at those in force."""

    thresholds: list[float]
    far: RateColumnsAnswer
    frr: RateColumnsAnswer | None = Field(description="Null where no subject has two faces.")
    fpir: RateColumnsAnswer
    fnir: RateColumnsAnswer | None


class CautionAnswer(BaseModel):
    """A warning with a stable code and the numbers in it, for other languages."""

    code: str
    message: str
    values: dict[str, float | int | str]


class DecidingAnswer(BaseModel):
    """A threshold in force."""

    threshold: float
    source: Literal["setting", "calibrated", "card"] = Field(
        description="What decided: a setting, a calibration or the model card."
    )


class ThresholdsInForceAnswer(BaseModel):
    """The thresholds that decide now, of 1:1 comparisons and of 1:N searches."""

    verification: DecidingAnswer
    identification: DecidingAnswer


class CalibrateAnswer(BaseModel):
    """What the enrolments say of thresholds; see docs/api.md."""

    faces: int
    subjects: int
    genuine: HistogramAnswer = Field(description="Distances within subjects.")
    impostor: HistogramAnswer = Field(description="Distances between subjects.")
    table: list[OperatingPointAnswer] = Field(description="FAR and FRR at some thresholds.")
    curve: CurveAnswer = Field(description="All four rates, fine enough to draw.")
    verification: VerificationAnswer
    identification: IdentificationAnswer
    warnings: list[str]
    cautions: list[CautionAnswer] = Field(description="The warnings, for programs.")
    applied: bool
    in_force: ThresholdsInForceAnswer
