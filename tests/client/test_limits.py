"""What a client may ask before it enrols: the limits, and the gate's word on a picture."""

import json

import pytest

from face_service.client import (
    EnrolmentLimits,
    EnrolmentRefusedError,
    FaceClient,
    Gate,
    Limits,
    PictureUrl,
    Thresholds,
)
from tests.client.answers import as_json, without_nulls
from tests.client.conftest import Connect, Recorder
from tests.client.serving import Reply, scripted
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import small_file


def test_the_gate_is_told_where_it_is_asked(face_client: FaceClient, recorder: Recorder) -> None:
    assert face_client.detect(face_file(1)).gate is None
    assert face_client.detect(face_file(1), gate=True).gate == Gate(face=0, reasons=())
    found = face_client.detect(small_file(1), gate=True)
    assert as_json(found) == without_nulls(recorder.last)
    assert found.gate is not None
    assert found.gate.face == 0
    reason = found.gate.reasons[0]
    assert (reason.code, reason.value, reason.limit) == ("FACE_TOO_SMALL", 24.0, 40.0)
    with pytest.raises(EnrolmentRefusedError) as caught:
        face_client.enrol("ann", [small_file(1)])
    assert [one["message"] for one in caught.value.reasons] == [
        one.message for one in found.gate.reasons
    ]
    nobody = face_client.detect(blank_file(), gate=True).gate
    assert nobody is not None
    assert (nobody.face, [one.code for one in nobody.reasons]) == (None, ["NO_FACE"])


def test_an_older_service_is_not_asked_of_the_gate_unless_the_caller_does() -> None:
    bare = {"width": 320, "height": 240, "faces": []}
    reply = Reply(body=json.dumps(bare).encode())
    with scripted(reply) as script, FaceClient(script.url) as client:
        for gate in (False, True):
            assert client.detect(PictureUrl("http://host/1"), gate=gate).gate is None
    usual = {"landmarks": True, "embedding": False, "url": "http://host/1"}
    asked = [json.loads(one.body) for one in script.received]
    assert asked == [usual, usual | {"gate": True}]


def test_limits_are_told(connect: Connect, recorder: Recorder) -> None:
    url = connect(threshold="0.9", keep_pictures="true", max_pictures="7")._transport.url
    with FaceClient(url, retries=0, session=recorder) as client:
        found = client.limits()
    assert as_json(found) == recorder.last
    assert found == Limits(
        enrolment=EnrolmentLimits(
            min_score=0.5,
            min_pixels=40.0,
            min_sharpness=35.0,
            min_brightness=40.0,
            max_brightness=220.0,
            max_yaw=40.0,
            max_pitch=35.0,
            max_roll=30.0,
            other_face=0.7,
        ),
        thresholds=Thresholds(verification=0.9, identification=0.9),
        liveness="off",
        keep_pictures=True,
        max_upload_bytes=20_000_000,
        max_pixels=50_000_000,
        max_pictures=7,
        max_page=1000,
        max_subject_faces=100,
        max_bulk_files=20_000,
        max_bulk_bytes=1_000_000_000,
    )
