"""Runs the tests of the page's modules under Node's own runner: each ``*.test.mjs`` here."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
SUITES = sorted(path.name for path in FOLDER.glob("*.test.mjs"))
OLDEST_NODE = 18


@pytest.fixture(scope="module")
def node() -> str:
    """The path of a Node that has a test runner."""
    path = shutil.which("node")
    if path is None:
        pytest.skip("no Node: the page's modules are tested by Node 18 or later")
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if int(told.lstrip("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node {told.strip()} has no test runner: 18 or later is needed")
    return path


@pytest.mark.parametrize("suite", SUITES)
def test_the_modules_do_what_their_suite_says(node: str, suite: str) -> None:
    command = [node, "--test", suite]
    ended = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
