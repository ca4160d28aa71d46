import dataclasses
from pathlib import Path
from typing import Any

import pytest

from face_service.errors import SettingsError
from face_service.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]

DEFAULTS: dict[str, Any] = {
    "host": "0.0.0.0",
    "port": 5000,
    "graphs_dir": PROJECT / "graphs",
    "face_dir": PROJECT / "face",
    "tmp_dir": PROJECT / "tmp",
    "auto_build": True,
    "detector": "ssd",
    "embedder": "facenet128",
    "landmarker": "mesh68",
    "detector_graph": "",
    "embedder_graph": "",
    "landmarker_graph": "",
    "profile": "auto",
    "image_size": (256, 256),
    "score_floor": None,
    "threshold": None,
    "crop_margin": None,
    "mirror": None,
    "landmark_values": 136,
    "max_upload_bytes": 20_000_000,
    "max_pixels": 50_000_000,
    "max_side": 2000,
    "max_in_work": 64,
    "max_pixels_in_work": 300_000_000,
    "queue_size": 100,
    "max_batch": 8,
    "fill_seconds": 0.05,
    "deadline_seconds": 30.0,
    "cpu_threads": 2,
    "storage_threads": 2,
    "max_connections": 1000,
    "idle_seconds": 20.0,
    "upload_ttl_seconds": 600.0,
    "max_uploads": 1000,
    "task_ttl_seconds": 600.0,
    "max_tasks": 1000,
    "identify_threshold": None,
    "identify_fpir": 0.01,
    "max_gallery_faces": 1_000_000,
    "max_subject_faces": 100,
    "compact_after_seconds": 86400.0,
    "keep_pictures": False,
    "enrol_min_score": 0.5,
    "enrol_min_pixels": 40,
    "enrol_min_sharpness": 35.0,
    "enrol_min_brightness": 40.0,
    "enrol_max_brightness": 220.0,
    "enrol_max_yaw": 40.0,
    "enrol_max_pitch": 35.0,
    "enrol_max_roll": 30.0,
    "enrol_other_face": 0.7,
    "max_pictures": 20,
    "max_page": 1000,
    "max_bulk_bytes": 1_000_000_000,
    "max_bulk_files": 20_000,
    "liveness": "off",
    "liveness_threshold": None,
    "calibration_faces": 3000,
    "url_hosts": (),
    "url_timeout_seconds": 5.0,
    "keys_on_legacy": True,
    "rate_per_minute": 6000,
    "lockout_failures": 10,
    "lockout_seconds": 300,
    "api_key": "",
    "trusted_proxies": 0,
    "trusted_hosts": (),
    "cors_origins": (),
    "log_level": "INFO",
    "log_format": "text",
    "metrics": True,
    "visible_devices": "",
    "gpu_memory_growth": True,
    "gpu_memory_limit_mb": 0,
    "tf_log_level": 3,
    "tf_onednn": True,
    "tf_intra_op_threads": 0,
    "tf_inter_op_threads": -1,
    "tf_precision": "auto",
}


def test_an_empty_environment_gives_the_defaults() -> None:
    assert dataclasses.asdict(Settings.from_environment({})) == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_empty_value_means_the_default(name: str) -> None:
    settings = Settings.from_environment({f"FACE_{name.upper()}": ""})
    assert dataclasses.asdict(settings) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "parsed"),
    [
        ("host", "127.0.0.1", "127.0.0.1"),
        ("port", "0", 0),
        ("port", "65535", 65535),
        ("graphs_dir", "/srv/graphs", Path("/srv/graphs")),
        ("auto_build", "false", False),
        ("auto_build", "0", False),
        ("auto_build", "No", False),
        ("auto_build", "OFF", False),
        ("tf_onednn", "on", True),
        ("tf_onednn", "1", True),
        ("tf_onednn", "True", True),
        ("tf_onednn", "yes", True),
        ("detector_graph", "frozen_inference_graph.pb", "frozen_inference_graph.pb"),
        ("profile", "legacy", "legacy"),
        ("image_size", "320x240", (320, 240)),
        ("image_size", "320,240", (320, 240)),
        ("score_floor", "0", 0.0),
        ("score_floor", "1", 1.0),
        ("threshold", "1.05", 1.05),
        ("crop_margin", "-0.5", -0.5),
        ("liveness", "require", "require"),
        ("liveness_threshold", "1", 1.0),
        ("landmark_values", "272", 272),
        ("max_batch", "32", 32),
        ("deadline_seconds", "2.5", 2.5),
        ("log_format", "json", "json"),
        ("visible_devices", "-1", "-1"),
        ("cors_origins", "*", ("*",)),
        (
            "cors_origins",
            "https://app.example.com, http://localhost:3000,http://[::1]:3000",
            ("https://app.example.com", "http://localhost:3000", "http://[::1]:3000"),
        ),
        (
            "url_hosts",
            "example.com,*.example.com:8443,127.0.0.1:80,[::1]:80",
            ("example.com", "*.example.com:8443", "127.0.0.1:80", "[::1]:80"),
        ),
    ],
)
def test_a_value_of_the_right_type_is_taken(name: str, value: str, parsed: Any) -> None:
    settings = Settings.from_environment({f"FACE_{name.upper()}": value})
    assert dataclasses.asdict(settings) == DEFAULTS | {name: parsed}


PORT = "expected a whole number from 0 to 65535"
FLOOR = "expected a number from 0 to 1"
SIZE = "expected WIDTHxHEIGHT in pixels, such as 256x256"
ORIGINS = "expected origins such as https://app.example.com, in lower case, or *"
HOSTS = "expected hosts such as example.com, *.example.com or example.com:8443"
FILE_NAME = "expected a file name without a folder"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "http", PORT),
        ("PORT", "80.0", PORT),
        ("PORT", "-1", PORT),
        ("PORT", "65536", PORT),
        ("PORT", " 80", PORT),
        # int() itself refuses this one with a sentence of its own.
        pytest.param("PORT", "9" * 5000, PORT, id="PORT-5000 digits"),
        ("AUTO_BUILD", "maybe", "expected true or false"),
        ("DETECTOR", "yolo", "expected one of ssd, mtcnn"),
        ("EMBEDDER", "FaceNet", "expected one of facenet128, facenet512"),
        ("LANDMARKER", "mesh", "expected one of mesh68, landmark68"),
        ("DETECTOR_GRAPH", "/etc/passwd", FILE_NAME),
        ("EMBEDDER_GRAPH", "../graph.pb", FILE_NAME),
        ("LANDMARKER_GRAPH", ".", FILE_NAME),
        ("LANDMARKER_GRAPH", "..", FILE_NAME),
        ("PROFILE", "Legacy", "expected one of auto, reference, legacy"),
        ("IMAGE_SIZE", "256", SIZE),
        ("IMAGE_SIZE", "256x0", SIZE),
        ("IMAGE_SIZE", "0x256", SIZE),
        ("IMAGE_SIZE", "256x256x3", SIZE),
        ("SCORE_FLOOR", "1.01", FLOOR),
        ("SCORE_FLOOR", "-0.01", FLOOR),
        ("SCORE_FLOOR", "nan", FLOOR),
        ("SCORE_FLOOR", "high", FLOOR),
        ("CROP_MARGIN", "-0.6", "expected a number from -0.5 to 2"),
        ("DEADLINE_SECONDS", "inf", "expected a number from 0.1 to 600"),
        ("LANDMARK_VALUES", "68", "expected one of 136, 272"),
        ("CORS_ORIGINS", "https://app.example.com/", ORIGINS),
        ("CORS_ORIGINS", "app.example.com", ORIGINS),
        ("CORS_ORIGINS", "https://App.example.com", ORIGINS),
        ("CORS_ORIGINS", "https://*.example.com", ORIGINS),
        ("CORS_ORIGINS", "null", ORIGINS),
        ("URL_HOSTS", "https://example.com", HOSTS),
        ("URL_HOSTS", "*", HOSTS),
        ("URL_HOSTS", "a.*.example.com", HOSTS),
        ("URL_HOSTS", "example.com/pictures", HOSTS),
        ("URL_HOSTS", "example.com,", "expected words separated by commas"),
        ("LOCKOUT_FAILURES", "1001", "expected a whole number from 0 to 1000"),
        ("LOG_LEVEL", "info", "expected one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_bad_value_is_refused_naming_the_variable(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({f"FACE_{name}": value})
    assert caught.value.message == f"FACE_{name}={value}: {sentence}"


@pytest.mark.parametrize("name", ["FACE_PROT", "FACE_port", "FACE_"])
def test_an_unknown_variable_of_ours_is_refused_even_empty(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: no such setting; docs/settings\.md"):
        Settings.from_environment({name: ""})


def test_variables_of_others_are_ignored() -> None:
    others = {"PORT": "x", "face_port": "x", "SURFACE_PORT": "x", "MY_FACE_PORT": "1"}
    assert Settings.from_environment(others) == Settings()


def test_without_an_argument_the_process_environment_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACE_PORT", "5001")
    assert Settings.from_environment().port == 5001


def test_a_key_is_never_shown_with_the_settings() -> None:
    settings = Settings.from_environment({"FACE_API_KEY": "a-secret", "FACE_PORT": "5055"})
    assert settings.api_key == "a-secret"
    assert "5055" in repr(settings)
    assert "a-secret" not in repr(settings)


def test_settings_cannot_be_changed() -> None:
    settings: Any = Settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 80


def test_bfloat16_is_not_promised_where_nothing_multiplies_it() -> None:
    environment = {"FACE_TF_PRECISION": "bfloat16", "FACE_TF_ONEDNN": "false"}
    with pytest.raises(SettingsError, match=r"^FACE_TF_PRECISION=bfloat16: needs FACE_TF_ONEDNN"):
        Settings.from_environment(environment)
