"""What TensorFlow reads from its environment is set before it is imported."""

import os
import subprocess
import sys

import pytest

from face_service.models.runtime import RuntimeOptions, configure_environment


def test_the_environment_is_set_from_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CUDA_VISIBLE_DEVICES", "TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH"):
        monkeypatch.setenv(name, "before")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "before")
    configure_environment(RuntimeOptions("1", False, 0, 3, False, 0, 0))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "false"
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_no_choice_of_devices_leaves_cudas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_ENABLE_ONEDNN_OPTS"):
        monkeypatch.setenv(name, "before")
    configure_environment(RuntimeOptions("", True, 0, 2, True, 0, 0))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2"


def test_building_the_application_does_not_import_tensorflow() -> None:
    code = (
        "import sys; from face_service.settings import Settings; "
        "from face_service.web.app import create_app; "
        "create_app(Settings()); assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
