"""The rules of the house, read from the imports. See docs/architecture.md."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = [
    path
    for root in ("face_service", "object_detection")
    for path in sorted((PROJECT / root).rglob("*.py"))
]
# Top-level packages that each part must not import, directly.
FORBIDDEN = {
    "object_detection": {"flask", "gevent", "tensorflow", "face_service"},
    "face_service/pipeline": {"flask", "gevent", "tensorflow", "requests"},
    "face_service/store": {"flask", "gevent", "tensorflow"},
    "face_service/people": {"flask", "werkzeug", "gevent", "tensorflow"},
    "face_service/evaluation": {"flask", "werkzeug", "gevent", "tensorflow"},
    "face_service/live": {
        "flask",
        "werkzeug",
        "gevent",
        "tensorflow",
        "requests",
        "http",
        "urllib",
    },
    "face_service/vision.py": {"flask", "werkzeug", "gevent", "tensorflow"},
    "face_service/composition.py": {"flask", "werkzeug", "gevent", "tensorflow"},
    "face_service/concurrency": {"flask", "tensorflow"},
    "face_service/observing.py": {"face_service", "flask", "gevent", "tensorflow"},
    "face_service/models": {"flask", "gevent", "werkzeug"},
    "face_service/build": {"flask", "gevent", "werkzeug"},
    "face_service/web": {"tensorflow", "cv2", "h5py"},
    "face_service/web/v1/telling.py": {"flask", "werkzeug", "gevent"},
    "face_service/cli": {"flask", "werkzeug", "gevent"},
}
# Parts of face_service that each part may import, besides itself and errors.
ALLOWED = {
    "pipeline": set[str](),
    "concurrency": {"observing"},
    "store": {"pipeline", "concurrency"},
    "models": {"pipeline", "concurrency", "observing"},
    "build": {"models", "pipeline", "store"},
    "evaluation": {"vision", "plots", "models", "pipeline", "store"},
    "client": set[str](),
    "live": {"vision", "people", "pipeline"},
    "people": {"vision", "storing", "observing", "models", "pipeline", "store", "concurrency"},
}


def imports_of(path: Path) -> set[str]:
    """Return the dotted names that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files_under(part: str) -> list[Path]:
    return [path for path in SOURCES if path.is_relative_to(PROJECT / part)]


@pytest.mark.parametrize("part", FORBIDDEN)
def test_part_does_not_import_what_it_must_not_know(part: str) -> None:
    files = files_under(part)
    assert files
    for path in files:
        found = {name.split(".")[0] for name in imports_of(path)} & FORBIDDEN[part]
        assert not found, f"{path.relative_to(PROJECT)} imports {found}"


@pytest.mark.parametrize("part", ALLOWED)
def test_part_imports_only_the_parts_below_it(part: str) -> None:
    for path in files_under(f"face_service/{part}"):
        inner = {
            name.split(".")[1] for name in imports_of(path) if name.startswith("face_service.")
        }
        found = inner - ALLOWED[part] - {part, "errors"}
        assert not found, f"{path.relative_to(PROJECT)} imports {found}"


def test_the_client_imports_requests_and_nothing_of_the_service() -> None:
    """Whoever calls the service from afar need not install what it is made of."""
    files = files_under("face_service/client")
    assert files
    for path in files:
        names = imports_of(path) - {"face_service"}  # for its version
        inner = {name for name in names if name.startswith("face_service.")}
        assert all(name.startswith("face_service.client.") for name in inner), path
        outer = {name.split(".")[0] for name in names - inner} - sys.stdlib_module_names
        assert outer <= {"requests", "urllib3"}, path


def test_only_commands_call_a_service_from_afar() -> None:
    for path in SOURCES:
        if "client" not in path.parts and "cli" not in path.parts:
            found = [name for name in imports_of(path) if name.startswith("face_service.client")]
            assert not found, f"{path.relative_to(PROJECT)} imports {found}"


def test_importing_the_client_loads_no_other_part_and_no_large_library() -> None:
    script = "import sys, face_service.client; print(*sorted(sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(ended.stdout.split())
    assert "face_service.client.client" in loaded
    heavy = {"tensorflow", "cv2", "numpy", "PIL", "flask", "werkzeug", "gevent", "pydantic"}
    assert loaded.isdisjoint(heavy)
    parts = {name.split(".")[1] for name in loaded if name.startswith("face_service.")}
    assert parts == {"client"}


def test_serving_code_does_not_import_the_builders() -> None:
    for path in SOURCES:
        if "build" in path.parts or "cli" in path.parts:
            continue
        found = [name for name in imports_of(path) if name.startswith("face_service.build")]
        assert not found, f"{path.relative_to(PROJECT)} imports {found}"


def test_no_wildcard_imports_and_no_swallowed_errors() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert all(alias.name != "*" for alias in node.names), path
            if isinstance(node, ast.ExceptHandler):
                assert not all(isinstance(line, ast.Pass) for line in node.body), path


def test_files_and_functions_stay_small() -> None:
    for path in [*SOURCES, *sorted((PROJECT / "benchmarks").rglob("*.py"))]:
        text = path.read_text()
        assert text.count("\n") <= 300, f"{path.relative_to(PROJECT)} is long"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 40, f"{path.relative_to(PROJECT)}: {node.name} has {length} lines"
