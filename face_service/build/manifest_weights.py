"""The TensorFlow.js weight format: one binary file and a JSON manifest.

Quantised tensors are stored as unsigned integers; the value is ``q * scale + min``. Half-precision
ones are stored as they are.
"""

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.build.layers import FloatArray
from face_service.errors import BuildError


def read_manifest_weights(manifest: bytes, binary: bytes) -> dict[str, FloatArray]:
    """Return the float32 tensors of a manifest by name; integer constants are left out.

    Raises:
        BuildError: the binary is shorter or longer than the manifest says.
    """
    tensors = read_manifest_tensors(manifest, binary)
    return {name: tensor for name, tensor in tensors.items() if tensor.dtype == np.float32}


def read_manifest_tensors(manifest: bytes, binary: bytes) -> dict[str, NDArray[Any]]:
    """Return all tensors of a manifest by name, quantised ones as float32.

    Raises:
        BuildError: the binary is shorter or longer than the manifest says.
    """
    entries = [entry for group in json.loads(manifest) for entry in group["weights"]]
    tensors: dict[str, NDArray[Any]] = {}
    offset = 0
    for entry in entries:
        quantisation = entry.get("quantization")
        stored = np.dtype(quantisation["dtype"] if quantisation else entry["dtype"])
        count = math.prod(entry["shape"])
        if offset + count * stored.itemsize > len(binary):
            raise BuildError(f"the weight file ends before tensor {entry['name']!r}")
        values = np.frombuffer(binary, stored, count, offset)
        offset += count * stored.itemsize
        if quantisation and stored.kind == "u":
            scale, low = np.float32(quantisation["scale"]), np.float32(quantisation["min"])
            values = values * scale + low
        tensors[entry["name"]] = values.astype(entry["dtype"]).reshape(entry["shape"])
    if offset != len(binary):
        raise BuildError(f"the weight file holds {len(binary)} bytes, its manifest says {offset}")
    return tensors
