"""The OpenAPI document: valid, complete, and browsed without another host."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient

from face_service.web.error_catalog import catalogue
from face_service.web.v1.routes import OPERATIONS, PREFIX

METHODS = {"get", "post", "put", "patch", "delete"}
ASSETS = ["docs.js", "docs.css", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.mimetype == "application/json"
    assert response.json is not None
    return dict(response.json)


def described(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the document's operations by their ids."""
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def values_under(node: Any, key: str) -> Iterator[Any]:
    """Yield what stands under ``key`` anywhere in a JSON document."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from values_under(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values_under(value, key)


def test_document_is_valid_openapi(app: Flask) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    assert schema.raw_schema["openapi"] == "3.1.0"
    schema.validate()
    assert len(list(schema.get_all_operations())) == len(OPERATIONS) == 21


def test_document_that_breaks_openapi_would_be_noticed(app: Flask) -> None:
    import jsonschema_rs

    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.raw_schema["paths"]["/v1/detect"]["post"]["responses"]["200"].pop("description")
    with pytest.raises(jsonschema_rs.ValidationError):
        schema.validate()


def test_every_reference_resolves_and_every_schema_is_used(document: dict[str, Any]) -> None:
    references = set(values_under(document, "$ref"))
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references == schemas


def test_every_route_is_described_with_its_methods_and_no_other(
    app: Flask, document: dict[str, Any]
) -> None:
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    shown = {(path, method) for path, item in document["paths"].items() for method in item}
    assert shown == served
    assert {method for _, method in shown} <= METHODS


def test_operation_ids_are_unique_and_each_names_its_scope(document: dict[str, Any]) -> None:
    found = described(document)
    assert len(found) == len(OPERATIONS)
    for operation in OPERATIONS:
        assert f"`{operation.scope}`" in found[operation.name]["description"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_operation_documents_each_error_that_it_declares(
    document: dict[str, Any], operation: Any
) -> None:
    responses = described(document)[operation.name]["responses"]
    for error in operation.errors:
        shown = responses[str(error.status)]
        assert f"`{error.code}`" in shown["description"]
        assert list(shown["content"]) == ["application/problem+json"]
    assert str(operation.status) in responses
    assert {"401", "403", "429", "503", "default"} <= set(responses)


def test_every_code_that_is_documented_is_one_of_the_catalogue(document: dict[str, Any]) -> None:
    known = {(str(entry.status), entry.code) for entry in catalogue()}
    for operation in described(document).values():
        for status, response in operation["responses"].items():
            for code in re.findall(r"`([A-Z_]+)`", response["description"]):
                assert (status, code) in known


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_path_parameters_are_those_of_the_path(document: dict[str, Any], operation: Any) -> None:
    parameters = described(document)[operation.name]["parameters"]
    named = re.findall(r"<(\w+)>", operation.path)
    assert [one["name"] for one in parameters if one["in"] == "path"] == named
    assert all(one["required"] for one in parameters if one["in"] == "path")


def test_every_option_can_be_sent_in_the_query_or_the_body(document: dict[str, Any]) -> None:
    found = described(document)
    for operation in OPERATIONS:
        shown = found[operation.name]
        in_query = {one["name"] for one in shown["parameters"] if one["in"] == "query"}
        wanted = set(operation.options.model_fields)
        if operation.body != "options":
            assert in_query == wanted, operation.name
        for content in shown.get("requestBody", {}).get("content", {}).values():
            if "properties" in content["schema"]:
                assert wanted <= set(content["schema"]["properties"]), operation.name
        assert (PREFIX + operation.path).startswith("/v1/")


def test_docs_page_names_no_other_host(client: FlaskClient) -> None:
    with client.get("/docs") as page:
        assert page.mimetype == "text/html"
        text = page.get_data(as_text=True)
    sources = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(sources) >= 5
    for source in sources:
        assert source.startswith("/")
        assert not source.startswith("//")
        with client.get(source) as found:
            assert found.status_code == 200, source
    assert "://" not in text


def test_docs_page_forbids_the_browser_to_ask_other_hosts(client: FlaskClient) -> None:
    with client.get("/docs") as page:
        policy = page.headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    allowed = {"'self'", "'none'", "'unsafe-inline'", "data:"}
    assert {source for rule in rules.values() for source in rule.split()} <= allowed


@pytest.mark.parametrize("name", ASSETS)
def test_assets_are_served_from_here(client: FlaskClient, name: str) -> None:
    with client.get(f"/docs/assets/{name}") as response:
        assert response.status_code == 200
        assert len(response.data) > 40
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_own_script_switches_the_validator_elsewhere_off(client: FlaskClient) -> None:
    with client.get("/docs/assets/docs.js") as response:
        assert "validatorUrl: null" in response.get_data(as_text=True)
        assert "://" not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "name", ["index.html", "oauth2-redirect.html", "docs.html", "..%2Fdocs.html", "%2e%2e", "x"]
)
def test_other_files_of_the_packages_are_not_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/docs/assets/{name}").status_code == 404
