"""Tables, the JSON object, the options and the warnings about the machine."""

import json
from pathlib import Path

import pytest

from benchmarks.harness.machine import as_lines, describe, idle_warnings
from benchmarks.harness.report import Report, make_parser, settings_of, table
from benchmarks.harness.stats import Goal


def test_a_table_is_aligned() -> None:
    assert table(["route", "req/s"], [["/face_login", 12.345], ["/", 1234]]).splitlines() == [
        "route        req/s",
        "-----------  -----",
        "/face_login   12.3",
        "/            1,234",
    ]


def report(*arguments: str) -> Report:
    made = Report("A title", make_parser("doc").parse_args(arguments))
    made.machine = {"cores": 2, "warnings": []}
    return made


def test_a_report_is_written_as_json_without_what_json_does_not_know(tmp_path: Path) -> None:
    made = report("--output", str(tmp_path / "a.json"))
    made.results["rates"] = {"a": float("nan"), "b": [1.5]}
    made.goals.append(Goal("g", 2, 1, "at most", "ms"))
    made.finish()
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["title"] == "A title"
    assert found["machine"] == {"cores": 2, "warnings": []}
    assert found["results"] == {"rates": {"a": None, "b": [1.5]}}
    assert [goal["met"] for goal in found["goals"]] == [False]


def test_a_report_prints_tables_goals_and_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    made = report()
    made.machine["warnings"] = ["others are at work"]
    made.add_table("Rates", ["a", "b"], [["x", 1]])
    made.goals.append(Goal("g", 1, 1, "at most", "ms"))
    made.finish()
    printed = capsys.readouterr().out
    assert "Rates\n\na  b\n-  -\nx  1\n" in printed
    assert "met     g: 1 ms (goal: at most 1 ms)" in printed
    assert "WARNING: others are at work" in printed


def test_a_plot_is_a_png_in_the_folder_asked_for(tmp_path: Path) -> None:
    made = report("--plots", str(tmp_path / "plots"))
    with made.plot("rates", width=4, height=3) as figure:
        figure.subplots().plot([1, 2], [3, 4])
    assert (tmp_path / "plots" / "rates.png").read_bytes().startswith(b"\x89PNG")


def test_settings_on_the_command_line_override_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACE_MAX_BATCH", "4")
    monkeypatch.setenv("FACE_CPU_THREADS", "3")
    options = make_parser("doc").parse_args(["--set", "FACE_MAX_BATCH=2"])
    found = settings_of(options)
    assert (found["FACE_MAX_BATCH"], found["FACE_CPU_THREADS"]) == ("2", "3")


@pytest.mark.parametrize("setting", ["FACE_MAX_BATCH", "MAX_BATCH=3"])
def test_what_is_no_setting_is_refused(setting: str) -> None:
    with pytest.raises(SystemExit):
        make_parser("doc").parse_args(["--set", setting])


def test_an_idle_machine_gives_no_warning() -> None:
    assert idle_warnings(load=0.1, cores=2, busy=0.02, steal=0.0) == []


def test_a_busy_machine_gives_one_for_each_sign() -> None:
    found = idle_warnings(load=1.5, cores=2, busy=0.4, steal=0.2)
    assert [warning.split()[1] for warning in found] == ["load", "of", "host"]


def test_the_machine_is_described_with_settings_and_nothing_else_of_the_environment() -> None:
    found = describe({"FACE_MAX_BATCH": "2", "HOME": "/somewhere"})
    assert found["settings"] == {"FACE_MAX_BATCH": "2"}
    assert found["cores"] >= 1
    assert "settings: FACE_MAX_BATCH=2" in as_lines(found)
