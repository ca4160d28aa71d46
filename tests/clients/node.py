"""Node's own test runner, as pytest uses it."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
OLDEST = 18  # the first with node:test and fetch


def find_node() -> str:
    """Return Node's path, or skip the test and say why."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < OLDEST:
        pytest.skip(f"Node {OLDEST} or later is needed, this is {version.strip()}")
    return node


def run_node_tests(name: str, values: Mapping[str, str]) -> None:
    """Run a file of tests with ``CLIENT_TEST_`` variables; fail with what Node says."""
    given = {f"CLIENT_TEST_{key}": value for key, value in values.items()}
    ended = subprocess.run(
        [find_node(), "--test", str(FOLDER / name)],
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    passed = re.search(r"^(?:#|ℹ) pass (\d+)$", ended.stdout, re.MULTILINE)
    assert passed is not None and int(passed[1]) > 0, f"no test ran:\n{ended.stdout}"
