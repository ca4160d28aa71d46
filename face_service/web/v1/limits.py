"""What the service asks of requests, for clients that want to know before they send."""

from dataclasses import asdict

from face_service.web.v1 import answers
from face_service.web.v1.operation import Call, Operation

_NAMES = (
    "liveness",
    "keep_pictures",
    "max_upload_bytes",
    "max_pixels",
    "max_pictures",
    "max_page",
    "max_subject_faces",
    "max_bulk_files",
    "max_bulk_bytes",
)


def show_limits(call: Call) -> answers.LimitsAnswer:
    """Tell what the settings, the calibration and the model cards ask for."""
    parts = call.parts
    parts.engine.require_ready()
    return answers.LimitsAnswer(
        enrolment=answers.EnrolmentLimits(**asdict(parts.enrolment.gatekeeper.limits)),
        thresholds=answers.ThresholdsAnswer(
            verification=parts.thresholds.verification(),
            identification=parts.thresholds.identification(),
        ),
        **{name: getattr(parts.settings, name) for name in _NAMES},
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/limits",
        name="showLimits",
        view=show_limits,
        summary="Show what is asked of pictures and requests, and the thresholds in force",
        tag="Recognition",
        scope="recognize",
        answer=answers.LimitsAnswer,
    ),
)
