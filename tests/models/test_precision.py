"""Which precision a graph gets."""

from pathlib import Path

import pytest

from face_service.models import precision
from face_service.models.precision import PrecisionChoice, choose_precision, multiplies_bfloat16


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu sse avx512_bf16 amx_bf16 amx_tile\n", True),
        ("processor : 0\nflags\t\t: fpu sse avx512_bf16\n", False),
        ("processor : 0\nflags\t\t: fpu not_amx_bf16x\n", False),
        ("processor : 0\nmodel name : amx_bf16\n", False),
        ("", False),
    ],
)
def test_the_processor_s_flags_tell_of_its_unit(tmp_path: Path, text: str, expected: bool) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert multiplies_bfloat16(path) is expected


def test_a_system_without_such_a_file_has_no_unit(tmp_path: Path) -> None:
    assert not multiplies_bfloat16(tmp_path / "none")


@pytest.mark.parametrize(
    ("choice", "keeps_accuracy", "unit", "onednn", "expected"),
    [
        ("auto", True, True, True, "bfloat16"),
        ("auto", True, False, True, "float32"),
        ("auto", False, True, True, "float32"),
        ("auto", True, True, False, "float32"),
        ("float32", True, True, True, "float32"),
        ("bfloat16", False, False, True, "bfloat16"),
    ],
)
def test_auto_needs_a_card_that_vouches_and_a_unit(
    monkeypatch: pytest.MonkeyPatch,
    choice: PrecisionChoice,
    keeps_accuracy: bool,
    unit: bool,
    onednn: bool,
    expected: str,
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: unit)
    assert choose_precision(choice, keeps_accuracy, onednn) == expected
