"""Building what is missing before serving."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from face_service.bootstrap import ensure_graphs, missing_models, open_access_warning
from face_service.errors import BuildError, GraphError
from face_service.settings import PROJECT, Settings
from face_service.store.api_keys import ApiKeys


class FakeBuild:
    """Stands in for the process that builds; notes how it was started."""

    started: list["FakeBuild"]
    code = 0

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        self.command, self.cwd, self.env = command, cwd, env
        self.terminated = False
        FakeBuild.started.append(self)

    def __enter__(self) -> "FakeBuild":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def wait(self) -> int:
        return FakeBuild.code

    def terminate(self) -> None:
        self.terminated = True


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[FakeBuild]:
    FakeBuild.started = []
    monkeypatch.setattr(FakeBuild, "code", 0)
    monkeypatch.setattr(subprocess, "Popen", FakeBuild)
    return FakeBuild.started


def settings_on(folder: Path, **changes: Any) -> Settings:
    return replace(Settings(), graphs_dir=folder, **changes)


def test_only_missing_graphs_are_built(tmp_path: Path, builds: list[FakeBuild]) -> None:
    (tmp_path / "frozen_inference_graph.pb").touch()
    ensure_graphs(settings_on(tmp_path))
    (build,) = builds
    models = ["--model", "facenet128", "--model", "mesh68"]
    assert build.command == [sys.executable, "-m", "face_service", "build-graphs", *models]
    assert build.cwd == PROJECT
    assert build.env["FACE_GRAPHS_DIR"] == str(tmp_path)


def test_liveness_net_is_built_when_it_is_asked_for(
    fake_graphs: Path, builds: list[FakeBuild]
) -> None:
    ensure_graphs(settings_on(fake_graphs, liveness="report"))
    (build,) = builds
    assert build.command[-2:] == ["--model", "minifasnet"]
    assert build.command.count("--model") == 1


def test_nothing_is_built_when_nothing_is_missing(
    fake_graphs: Path, builds: list[FakeBuild]
) -> None:
    ensure_graphs(settings_on(fake_graphs))
    assert builds == []


def test_nothing_is_built_when_the_settings_forbid(tmp_path: Path, builds: list[FakeBuild]) -> None:
    ensure_graphs(settings_on(tmp_path, auto_build=False))
    assert builds == []


def test_a_failed_build_is_an_error(
    tmp_path: Path, builds: list[FakeBuild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBuild, "code", 1)
    with pytest.raises(BuildError):
        ensure_graphs(settings_on(tmp_path))


def test_a_build_ends_with_the_server(
    tmp_path: Path, builds: list[FakeBuild], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: FakeBuild) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeBuild, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure_graphs(settings_on(tmp_path))
    assert builds[0].terminated


def test_a_chosen_file_that_is_not_there_is_not_replaced_by_a_build(
    fake_graphs: Path, builds: list[FakeBuild]
) -> None:
    with pytest.raises(GraphError, match="FACE_EMBEDDER_GRAPH names it"):
        missing_models(settings_on(fake_graphs, embedder_graph="mine.pb"))
    assert builds == []


def test_a_chosen_model_is_built_though_another_of_its_role_lies_there(
    fake_graphs: Path, builds: list[FakeBuild]
) -> None:
    ensure_graphs(settings_on(fake_graphs, embedder="facenet512"))
    (build,) = builds
    assert build.command[-2:] == ["--model", "facenet512"]


def test_a_file_of_ones_own_serves_whatever_model_is_chosen(fake_graphs: Path) -> None:
    own = settings_on(
        fake_graphs, embedder="facenet512", embedder_graph="face_recognition_model.pb"
    )
    assert missing_models(own) == []


def test_a_relative_folder_means_the_working_directory() -> None:
    settings = Settings.from_environment({"FACE_GRAPHS_DIR": "gr"})
    assert settings.graphs_dir == Path.cwd() / "gr"


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.168.1.5", "face.example", "[::]", "5"])
def test_serving_strangers_without_a_key_is_told_with_what_to_do(tmp_path: Path, host: str) -> None:
    warning = open_access_warning(host, ApiKeys(tmp_path))
    assert warning is not None
    assert "python -m face_service keys create --name NAME --scope admin" in warning
    assert "FACE_HOST=127.0.0.1" in warning


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "/run/s"])
def test_serving_this_machine_is_not_worth_a_warning(tmp_path: Path, host: str) -> None:
    assert open_access_warning(host, ApiKeys(tmp_path)) is None


def test_serving_with_keys_is_not_worth_a_warning_unless_they_are_damaged(tmp_path: Path) -> None:
    ApiKeys(tmp_path).create("phone", ["recognize"])
    assert open_access_warning("0.0.0.0", ApiKeys(tmp_path)) is None
    (tmp_path / "api_keys.json").write_text("{")
    warning = open_access_warning("0.0.0.0", ApiKeys(tmp_path))
    assert warning == ("api_keys.json is damaged: requests that need an API key are refused")
