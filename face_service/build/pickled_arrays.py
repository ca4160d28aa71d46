"""NumPy's object arrays of dicts and lists of float32 arrays, read without running a pickle.

A pickle names functions for its reader to call. Here four names are known, those by which NumPy
writes an array, and each stands for a plain class or function of this module: a file that names
anything else is refused before anything is called, so no code can be run by one, whatever it holds.
"""

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from face_service.build.layers import FloatArray
from face_service.errors import BuildError


def read_pickled_arrays(npy: bytes) -> dict[str, list[FloatArray]]:
    """Return the lists of float32 arrays, by name, of a ``.npy`` file that holds one dict.

    Raises:
        BuildError: the file is something else, or names something that is no part of an array.
    """
    stream = io.BytesIO(npy)
    try:
        np.lib.format.read_magic(stream)
        np.lib.format.read_array_header_1_0(stream)
        outer = _ArrayUnpickler(stream).load()
        named = outer.content[0]
        return {str(name): [item.array() for item in items] for name, items in named.items()}
    except (ValueError, TypeError, LookupError, AttributeError, EOFError) as error:
        raise BuildError(f"the pickled arrays cannot be read: {error}") from error
    except pickle.UnpicklingError as error:
        raise BuildError(f"the pickled arrays cannot be read: {error}") from error


class _ElementType:
    """Stands in for ``numpy.dtype``: the code, and the byte order that is told afterwards."""

    def __init__(self, code: str, *_: object) -> None:
        self._code = code
        self._order = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = state[1]

    def dtype(self) -> np.dtype[Any]:
        found = np.dtype(f"{self._order}{self._code}")
        if found.kind != "f":
            raise ValueError(f"expected arrays of floats, found {found}")
        return found


class _Array:
    """Stands in for ``numpy.ndarray``: what the pickle says of its shape and content."""

    content: Any

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self._shape, self._type, self._columns_first, self.content = state

    def array(self) -> FloatArray:
        flat = np.frombuffer(self.content, self._type.dtype()).astype(np.float32)
        shape: tuple[int, ...] = tuple(self._shape)
        if self._columns_first:
            return np.ascontiguousarray(flat.reshape(shape[::-1]).transpose())
        return flat.reshape(shape)


def _new_array(*_: object) -> _Array:
    return _Array()


def _encode(text: str, _: str) -> bytes:
    """How protocol 2 writes bytes: as text of which each character is a byte."""
    return text.encode("latin-1")


_KNOWN: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _ElementType,
    ("_codecs", "encode"): _encode,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no part of an array")
        return _KNOWN[module, name]
