"""Requests made from the OpenAPI document itself, valid and not; answers held against it."""

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi import checks

from face_service.web.error_catalog import HTTP_CODES
from face_service.web.v1.operation import Operation
from face_service.web.v1.routes import OPERATIONS, PREFIX
from tests.conftest import make_app
from tests.web.v1.calling import enrol

CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SERVER_ERRORS = {502, 503, 507}
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
# These take nothing, so nothing can be wrong with what they are sent.
TAKING_NOTHING = {"exportGallery", "showLimits", "showThresholds", "resetThresholds"}
CASES = [
    pytest.param(operation, mode, id=f"{operation.name}-{mode.value}")
    for operation in OPERATIONS
    for mode in MODES
    if mode != schemathesis.GenerationMode.NEGATIVE or operation.name not in TAKING_NOTHING
]
EXAMPLES = 20


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Flask:
    app = make_app(tmp_path_factory.mktemp("fuzzed"), fake_graphs)
    enrol(app.test_client(), "ann", 1, 1)
    return app


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_answers_are_as_documented(
    served: Flask, operation: Operation, mode: schemathesis.GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", served)
    path = PREFIX + operation.path.replace("<", "{").replace(">", "}")
    described = schema[path][operation.method]
    seen: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        seen.append(response.status_code)
        case.validate_response(response, checks=CHECKS)
        check_problem(described.definition.raw["responses"], response)

    call()
    assert seen


def check_problem(documented: dict[str, Any], response: schemathesis.Response) -> None:
    """An error has a code that the document gives to its status, or one of HTTP itself."""
    status = response.status_code
    assert status < 500 or status in SERVER_ERRORS, response.text
    if status < 400:
        return
    code = response.json()["code"]
    assert response.headers["x-face-code"] == [code]
    if HTTP_CODES.get(code, (0,))[0] != status:
        assert str(status) in documented, (status, code)
        assert code in re.findall(r"`([A-Z_]+)`", documented[str(status)]["description"])
