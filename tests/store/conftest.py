"""What tests of the flat files share."""

import time

import pytest


@pytest.fixture
def files_look_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the clock on: what is remembered of a file is trusted only when it is not brand-new."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 10**10)
