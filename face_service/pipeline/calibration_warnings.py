"""What a person must know before trusting a calibration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_RULE = 30  # Doddington et al., "The NIST speaker recognition evaluation", 2000
_FEW_SUBJECTS = 50


@dataclass(frozen=True)
class Evidence:
    """What a calibration rests on: how many of what, the targets and the thresholds found."""

    faces: int
    subjects: int
    genuine: int
    impostor: int
    target_far: float
    target_fpir: float
    verifying: float
    identifying: float


@dataclass(frozen=True)
class Caution:
    """A warning: a stable ``code``, the sentence in English, and the numbers that are in it.

    With the code and the numbers a page can say it in another language.
    """

    code: str
    message: str
    values: Mapping[str, float | int | str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The caution as JSON has it."""
        return {"code": self.code, "message": self.message, "values": dict(self.values)}


def cautions_of(evidence: Evidence) -> list[Caution]:
    """Return the cautions, most serious first; the last one always applies."""
    faces, subjects = evidence.faces, evidence.subjects
    return [
        *_unreachable(evidence),
        *_false_match("FAR", evidence.target_far, evidence.impostor, "impostor pairs"),
        *_false_match("FPIR", evidence.target_fpir, faces, "faces"),
        *_false_non_match(evidence.genuine),
        *_subjects(subjects),
        Caution(
            "GROWS_WITH_GALLERY",
            f"the FPIR is that of searching {faces} faces of {subjects} subjects: it grows nearly "
            "in proportion to the faces enrolled, so calibrate again as the gallery grows",
            {"faces": faces, "subjects": subjects},
        ),
    ]


def part_drawn(faces: int, total: int, of_part: float, fpir: float) -> Caution:
    """Return the caution that only ``faces`` of ``total`` faces were compared."""
    return Caution(
        "PART_DRAWN",
        f"{faces} of {total} faces were drawn: the FPIR of this part is kept at {of_part:.2g} so "
        f"that the whole has {fpir:g}",
        {"faces": faces, "total": total, "target": of_part, "wanted": fpir},
    )


def _unreachable(evidence: Evidence) -> list[Caution]:
    found = []
    for name, threshold in (("FAR", evidence.verifying), ("FPIR", evidence.identifying)):
        if threshold <= 0:
            message = (
                f"the wanted {name} cannot be reached: too many faces of different subjects are "
                "the same. The threshold 0 matches nobody; look for people enrolled twice"
            )
            found.append(Caution("RATE_UNREACHABLE", message, {"rate": name}))
        elif threshold >= 2:
            message = f"the wanted {name} is kept at any threshold: 2 matches everybody"
            found.append(Caution("RATE_ALWAYS_KEPT", message, {"rate": name}))
    return found


def _false_match(name: str, target: float, trials: int, what: str) -> list[Caution]:
    expected = target * trials
    values: dict[str, float | int | str] = {
        "rate": name,
        "target": target,
        "trials": trials,
        "expected": expected,
    }
    if expected < 1:
        message = (
            f"a {name} of {target:g} cannot be measured on {trials} {what}, on which fewer than "
            "one false match is expected: the threshold for it is the smallest distance seen, and "
            f"the true {name} is a guess"
        )
        return [Caution("RATE_NOT_MEASURABLE", message, values)]
    if expected < _RULE:
        message = (
            f"a {name} of {target:g} is uncertain on {trials} {what}: {expected:.1f} false "
            f"matches are expected, {_RULE} are needed to know the rate within about 30 % "
            "(Doddington's rule)"
        )
        return [Caution("RATE_UNCERTAIN", message, {**values, "needed": _RULE})]
    return []


def _false_non_match(genuine: int) -> list[Caution]:
    if genuine == 0:
        message = "no subject has two faces: how often a person is not recognised is unknown"
        return [Caution("NO_GENUINE_PAIRS", message)]
    if genuine < 10 * _RULE:
        message = (
            f"there are only {genuine} genuine pairs: the rates of false non-matches are uncertain"
        )
        return [Caution("FEW_GENUINE_PAIRS", message, {"pairs": genuine})]
    return []


def _subjects(subjects: int) -> list[Caution]:
    if subjects >= _FEW_SUBJECTS:
        return []
    message = (
        f"there are only {subjects} subjects: the rates, and their bounds, may be quite different "
        "with others"
    )
    return [Caution("FEW_SUBJECTS", message, {"subjects": subjects})]
