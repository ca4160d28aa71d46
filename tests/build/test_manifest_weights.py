import json
from typing import Any

import numpy as np
import pytest

from face_service.build.manifest_weights import read_manifest_tensors, read_manifest_weights
from face_service.errors import BuildError


def _manifest(*groups: list[dict[str, Any]]) -> bytes:
    return json.dumps([{"paths": ["x.bin"], "weights": group} for group in groups]).encode()


def _entry(name: str, shape: list[int], dtype: str = "float32", **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": dtype, **more}


QUANTISED: dict[str, Any] = {"quantization": {"dtype": "uint8", "scale": 0.5, "min": -3.0}}


def test_quantised_tensor_is_scaled_and_shifted() -> None:
    manifest = _manifest([_entry("w", [2, 2], **QUANTISED)])
    tensor = read_manifest_weights(manifest, bytes([0, 1, 2, 255]))["w"]
    assert tensor.dtype == np.float32
    assert tensor.tolist() == [[-3.0, -2.5], [-2.0, 124.5]]


def test_sixteen_bit_quantisation_is_read_by_its_width() -> None:
    quantisation = {"dtype": "uint16", "scale": 2.0, "min": 1.0}
    manifest = _manifest([_entry("w", [2], quantization=quantisation)])
    binary = np.array([1, 300], np.uint16).tobytes()
    assert read_manifest_weights(manifest, binary)["w"].tolist() == [3.0, 601.0]


def test_plain_float_tensor_is_read_as_it_is() -> None:
    values = np.array([[1.5, -2.25, 0.0]], np.float32)
    tensors = read_manifest_weights(_manifest([_entry("w", [1, 3])]), values.tobytes())
    assert tensors["w"].tolist() == [[1.5, -2.25, 0.0]]


def test_scalar_tensor_takes_one_value() -> None:
    manifest = _manifest([_entry("scalar", []), _entry("next", [1])])
    tensors = read_manifest_weights(manifest, np.array([7, 8], np.float32).tobytes())
    assert tensors["scalar"].shape == ()
    assert (float(tensors["scalar"]), tensors["next"].tolist()) == (7.0, [8.0])


def test_tensors_follow_each_other_across_groups_and_integers_are_skipped() -> None:
    manifest = _manifest(
        [_entry("a", [2], **QUANTISED), _entry("count", [1], dtype="int32")],
        [_entry("b", [1])],
    )
    binary = bytes([6, 8]) + np.int32(5).tobytes() + np.float32(9).tobytes()
    tensors = read_manifest_weights(manifest, binary)
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {
        "a": [0.0, 1.0],
        "b": [9.0],
    }


def test_binary_that_ends_early_names_the_tensor() -> None:
    manifest = _manifest([_entry("a", [1]), _entry("b", [2])])
    with pytest.raises(BuildError, match=r"^the weight file ends before tensor 'b'$"):
        read_manifest_weights(manifest, bytes(11))


def test_binary_with_bytes_left_over_is_refused() -> None:
    with pytest.raises(BuildError) as caught:
        read_manifest_weights(_manifest([_entry("a", [1])]), bytes(5))
    assert caught.value.message == "the weight file holds 5 bytes, its manifest says 4"


def test_half_precision_is_stored_as_it_is_and_read_as_single() -> None:
    quantisation = {"dtype": "float16", "original_dtype": "float32"}
    manifest = _manifest([_entry("w", [2], quantization=quantisation)])
    tensor = read_manifest_weights(manifest, np.array([1.5, -0.25], np.float16).tobytes())["w"]
    assert tensor.dtype == np.float32
    assert tensor.tolist() == [1.5, -0.25]


def test_all_tensors_hold_the_integers_too() -> None:
    manifest = _manifest([_entry("shape", [2], dtype="int32"), _entry("b", [1])])
    binary = np.array([-1, 136], np.int32).tobytes() + np.float32(9).tobytes()
    tensors = read_manifest_tensors(manifest, binary)
    assert tensors["shape"].dtype == np.int32
    assert (tensors["shape"].tolist(), tensors["b"].tolist()) == ([-1, 136], [9.0])
