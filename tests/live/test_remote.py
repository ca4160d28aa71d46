"""``live --server``: frames are sent to a running service, whose gallery counts."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from face_service.cli import main
from tests.client.serving import Reply, scripted, served
from tests.conftest import make_app
from tests.fakes.commands import use_folders
from tests.fakes.pictures import face_file


@pytest.fixture
def server(tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service that knows person 1; what this process has is neither graphs nor a gallery."""
    app = make_app(tmp_path / "served", fake_graphs)
    fields = {"file": (BytesIO(face_file(1)), "one.png"), "subject": "张伟", "force": "true"}
    with served(app) as url:
        answer = app.test_client().post("/v1/subjects", data=fields)
        assert answer.status_code == 201, answer.text
        use_folders(monkeypatch, tmp_path / "here", tmp_path / "no graphs")
        yield url


def watch(video: Path, url: str, report: Path) -> int:
    options = ["--headless", "--every", "1", "--threshold", "0.2", "--json", str(report)]
    return main(["live", "--source", str(video), "--server", url, *options])


def test_the_services_gallery_names_who_is_seen(
    server: str, portraits: Path, tmp_path: Path
) -> None:
    report = tmp_path / "seen.json"
    assert watch(portraits, server, report) == 0
    one, other = json.loads(report.read_text())["sightings"]
    assert (one["subject"], one["first_frame"], one["frames"]) == ("张伟", 5, 15)
    assert one["best_distance"] < 0.2 < other["best_distance"]
    assert (other["subject"], other["first_frame"], other["last_frame"]) == (None, 25, 39)


def test_a_service_that_refuses_ends_the_run_with_its_sentence_and_a_report(
    portraits: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_folders(monkeypatch, tmp_path / "here", tmp_path / "no graphs")
    report = tmp_path / "seen.json"
    problem = {"code": "UNAUTHORIZED", "status": 401, "detail": "this needs an API key"}
    headers = {"Content-Type": "application/problem+json"}
    with scripted(Reply(401, json.dumps(problem).encode(), headers)) as script:
        assert watch(portraits, script.url, report) == 1
    assert "error: this needs an API key" in capsys.readouterr().err
    told = json.loads(report.read_text())
    assert (told["ended"], told["error"], told["sightings"]) == ("failed", "SERVER_FAILED", [])
