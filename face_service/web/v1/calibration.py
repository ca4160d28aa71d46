"""The thresholds: which decide, what the enrolments say of them, and choosing others."""

from dataclasses import asdict

from face_service.errors import EmbeddingMismatchError, TooFewFacesError
from face_service.pipeline.calibration import Named
from face_service.web.components import Components
from face_service.web.v1 import fields
from face_service.web.v1.calibration_answers import CalibrateAnswer, ThresholdsInForceAnswer
from face_service.web.v1.operation import Call, Operation


def calibrate(call: Call) -> CalibrateAnswer:
    """Choose thresholds from the enrolments."""
    options: fields.CalibrateOptions = call.options
    call.parts.engine.require_ready()
    found = call.parts.calibrating.calibrate(
        options.far,
        options.fpir,
        apply=options.apply,
        named=Named(options.threshold, options.identify_threshold),
        only=options.only,
    )
    return CalibrateAnswer.model_validate(
        {**found.as_dict(), "applied": options.apply, "in_force": _in_force(call.parts)}
    )


def show(call: Call) -> ThresholdsInForceAnswer:
    """Tell the thresholds in force."""
    call.parts.engine.require_ready()
    return _in_force(call.parts)


def reset(call: Call) -> ThresholdsInForceAnswer:
    """Forget the calibrated thresholds; those that decide instead are answered."""
    call.parts.engine.require_ready()
    call.parts.calibrating.reset()
    return _in_force(call.parts)


def _in_force(parts: Components) -> ThresholdsInForceAnswer:
    return ThresholdsInForceAnswer.model_validate(asdict(parts.thresholds.in_force()))


OPERATIONS = (
    Operation(
        method="POST",
        path="/calibrate",
        name="calibrate",
        view=calibrate,
        summary="Choose thresholds from the enrolments",
        tag="Gallery",
        scope="admin",
        body="options",
        options=fields.CalibrateOptions,
        answer=CalibrateAnswer,
        errors=(TooFewFacesError, EmbeddingMismatchError),
    ),
    Operation(
        method="GET",
        path="/thresholds",
        name="showThresholds",
        view=show,
        summary="Tell the thresholds in force",
        tag="Gallery",
        scope="recognize",
        answer=ThresholdsInForceAnswer,
    ),
    Operation(
        method="DELETE",
        path="/thresholds",
        name="resetThresholds",
        view=reset,
        summary="Forget the calibrated thresholds",
        tag="Gallery",
        scope="admin",
        answer=ThresholdsInForceAnswer,
    ),
)
