import io
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.build.pickled_arrays import read_pickled_arrays
from face_service.errors import BuildError

RAN: list[str] = []


def _npy(pickled: bytes) -> bytes:
    """An object array of no dimensions as NumPy saves it, around a pickle."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
    return file.getvalue() + pickled


def _save(content: Any) -> bytes:
    """As a NumPy of the time of the weights did: protocol 2 and the module names of then."""
    outer = np.empty((), dtype=object)
    outer[()] = content
    pickled = pickle.dumps(outer, protocol=2, fix_imports=False)
    return _npy(pickled.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"))


def _lists(arrays: dict[str, list[NDArray[np.float32]]]) -> dict[str, list[Any]]:
    return {name: [array.tolist() for array in items] for name, items in arrays.items()}


def test_arrays_are_read_by_name_and_in_order() -> None:
    first = np.arange(6, dtype=np.float32).reshape(2, 3)
    second = np.array([0.5, -300.25], np.float32)
    found = read_pickled_arrays(_save({"a": [first, second], "b": [first[:1]]}))
    assert _lists(found) == {"a": [first.tolist(), [0.5, -300.25]], "b": [[[0, 1, 2]]]}
    assert found["a"][0].dtype == np.float32


def test_array_stored_by_columns_is_read_by_rows() -> None:
    array = np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    found = read_pickled_arrays(_save({"a": [array]}))["a"][0]
    np.testing.assert_array_equal(found, array)
    assert found.flags["C_CONTIGUOUS"]


def test_other_widths_and_byte_orders_become_float32() -> None:
    array = np.array([1.5, -2.0], ">f8")
    found = read_pickled_arrays(_save({"a": [array]}))["a"][0]
    assert found.dtype == np.float32
    assert found.tolist() == [1.5, -2.0]


class Evil:
    """What a pickle does that means harm: it has a function called."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return RAN.append, ("it ran",)


class EvilByName:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("import tests.build.test_pickled_arrays as t; t.RAN.append('it ran')",)


@pytest.mark.parametrize("content", [{"a": [Evil()]}, EvilByName(), {"a": [EvilByName()]}])
def test_what_names_a_function_is_refused_and_nothing_runs(content: Any) -> None:
    with pytest.raises(BuildError, match="which is no part of an array"):
        read_pickled_arrays(_save(content))
    assert RAN == []


@pytest.mark.parametrize(
    "npy",
    [
        b"",
        b"no such file",
        _npy(b""),
        _npy(pickle.dumps([1, 2], protocol=2)),
        _save([1, 2]),
        _save({"a": 3}),
        _save({"a": [np.array(["text"])]}),
        _save({"a": [np.array([1, 2])]}),
    ],
    ids=["empty", "text", "no pickle", "no array", "a list", "no lists", "of text", "of integers"],
)
def test_file_of_another_kind_is_refused(npy: bytes) -> None:
    with pytest.raises(BuildError, match="the pickled arrays cannot be read"):
        read_pickled_arrays(npy)
