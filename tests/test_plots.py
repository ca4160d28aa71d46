import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from face_service.pipeline.calibration import Calibration, calibrate
from face_service.plots import Line, Panel, plot_calibration, plot_panels


def calibration_of(subjects: list[int], target_far: float = 0.1) -> Calibration:
    rows = np.random.default_rng(1).normal(size=(len(subjects), 16))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return calibrate(unit, np.array(subjects), target_far, 0.1)


def pixels_of(path: Path) -> tuple[tuple[int, int], bytes]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.size, image.convert("RGB").tobytes()


@pytest.mark.parametrize(
    "subjects",
    [[0, 1], [0, 0, 1, 1, 2], [*range(40), *range(40)]],
    ids=["without genuine pairs", "few", "many"],
)
@pytest.mark.parametrize("target", [0.0, 0.1, 1.0])
def test_a_calibration_becomes_a_png(subjects: list[int], target: float, tmp_path: Path) -> None:
    plot_calibration(calibration_of(subjects, target), tmp_path / "plot.png")
    size, data = pixels_of(tmp_path / "plot.png")
    assert size == (900, 900)
    assert len(set(data)) > 50  # curves were drawn, with their soft edges


def test_faces_that_cannot_be_told_apart_can_be_drawn(tmp_path: Path) -> None:
    same = np.tile(np.array([[1, 0]], dtype=np.float32), (4, 1))
    calibration = calibrate(same, np.array([0, 0, 1, 1]), 0.1, 0.1)
    plot_calibration(calibration, tmp_path / "plot.png")
    assert pixels_of(tmp_path / "plot.png")[0] == (900, 900)


def test_what_is_drawn_follows_the_thresholds(tmp_path: Path) -> None:
    subjects = [*range(20), *range(20)]
    for name, target in (("strict", 0.01), ("again", 0.01), ("lax", 0.5)):
        plot_calibration(calibration_of(subjects, target), tmp_path / name)
    strict, again, lax = (pixels_of(tmp_path / name)[1] for name in ("strict", "again", "lax"))
    assert strict == again
    assert strict != lax


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        plot_calibration(calibration_of([0, 1]), tmp_path / "absent" / "plot.png")


def test_panels_become_a_png_side_by_side(tmp_path: Path) -> None:
    at = np.array([0.0, 0.5, 1.0])
    panel = Panel("title", "x", "y", [Line("line", at, at)], marks=[("here", 0.3)])
    rates = Panel("title", "x", "y", [Line("line", at, at)], x_limits=(0.01, 1), log_x=True)
    plot_panels([panel], tmp_path / "one.png")
    plot_panels([panel, rates], tmp_path / "two.png")
    assert pixels_of(tmp_path / "one.png")[0] == (700, 600)
    size, data = pixels_of(tmp_path / "two.png")
    assert size == (1400, 600)
    assert len(set(data)) > 50


def test_a_curve_without_points_can_be_drawn(tmp_path: Path) -> None:
    nothing = np.empty(0)
    plot_panels([Panel("", "x", "y", [Line("none", nothing, nothing)])], tmp_path / "plot.png")
    assert pixels_of(tmp_path / "plot.png")[0] == (700, 600)


def test_matplotlib_is_loaded_only_to_draw_and_pyplot_never(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from face_service.pipeline.calibration import calibrate\n"
        "from face_service.plots import plot_calibration\n"
        "assert not any(name.startswith('matplotlib') for name in sys.modules)\n"
        "vectors = np.eye(4, dtype=np.float32)\n"
        "calibration = calibrate(vectors, np.array([0, 0, 1, 1]), 0.1, 0.1)\n"
        "plot_calibration(calibration, Path(sys.argv[1]))\n"
        "assert 'matplotlib.figure' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "plot.png")],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
