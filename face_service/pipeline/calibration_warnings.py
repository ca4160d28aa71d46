"""What a person must know before trusting a calibration."""

from dataclasses import dataclass

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


def warnings_of(evidence: Evidence) -> list[str]:
    """Return the sentences, most serious first; the last one always applies."""
    faces, subjects = evidence.faces, evidence.subjects
    return [
        *_unreachable(evidence),
        *_false_match("FAR", evidence.target_far, evidence.impostor, "impostor pairs"),
        *_false_match("FPIR", evidence.target_fpir, faces, "faces"),
        *_false_non_match(evidence.genuine),
        *_subjects(subjects),
        f"the FPIR is that of searching {faces} faces of {subjects} subjects: it grows nearly in "
        "proportion to the faces enrolled, so calibrate again as the gallery grows",
    ]


def _unreachable(evidence: Evidence) -> list[str]:
    found = []
    for name, threshold in (("FAR", evidence.verifying), ("FPIR", evidence.identifying)):
        if threshold <= 0:
            found.append(
                f"the wanted {name} cannot be reached: too many faces of different subjects are "
                "the same. The threshold 0 matches nobody; look for people enrolled twice"
            )
        elif threshold >= 2:
            found.append(f"the wanted {name} is kept at any threshold: 2 matches everybody")
    return found


def _false_match(name: str, target: float, trials: int, what: str) -> list[str]:
    expected = target * trials
    if expected < 1:
        return [
            f"a {name} of {target:g} cannot be measured on {trials} {what}, on which fewer than "
            "one false match is expected: the threshold is the smallest distance seen, and the "
            f"true {name} is a guess"
        ]
    if expected < _RULE:
        return [
            f"a {name} of {target:g} is uncertain on {trials} {what}: {expected:.1f} false "
            f"matches are expected, {_RULE} are needed to know the rate within about 30 % "
            "(Doddington's rule)"
        ]
    return []


def _false_non_match(genuine: int) -> list[str]:
    if genuine == 0:
        return ["no subject has two faces: how often a person is not recognised is unknown"]
    if genuine < 10 * _RULE:
        return [
            f"there are only {genuine} genuine pairs: the rates of false non-matches are uncertain"
        ]
    return []


def _subjects(subjects: int) -> list[str]:
    if subjects >= _FEW_SUBJECTS:
        return []
    return [
        f"there are only {subjects} subjects: the rates, and their bounds, may be quite different "
        "with others"
    ]
