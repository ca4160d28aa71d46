"""A frozen GraphDef in a ``tf.Graph`` and a ``tf.compat.v1.Session`` of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.errors import GraphError
from face_service.models.roles import Signature
from face_service.models.runtime import import_tensorflow
from face_service.models.worker import Outputs

_SHOWN_OUTPUTS = 12


class FrozenGraph:
    """One graph file, ready to run. Used by one thread only: its worker's.

    Each file has its own ``tf.Graph``, because names clash when several are imported into one.
    """

    def __init__(self, path: Path, signatures: Sequence[Signature], config: Any) -> None:
        tf = import_tensorflow()
        self._path = path
        self._graph = tf.Graph()
        definition = _parse(tf, path)
        with self._graph.as_default():
            _import(tf, path, definition)
        self.signature = _match(self._graph, path, signatures)
        self._input = self._graph.get_tensor_by_name(self.signature.input)
        if self._input.shape.rank not in (None, 4):
            raise GraphError(
                f"{path}: tensor {self.signature.input!r}: expected [N, H, W, C], "
                f"found {self._input.shape.as_list()}"
            )
        switches = [name for name in self.signature.optional_inputs if _has(self._graph, name)]
        self._off = [False] * len(switches)
        self._session = tf.compat.v1.Session(graph=self._graph, config=config)
        # Looks the tensors up once. What Session.run does anew each time takes half a millisecond
        # in which no other Python thread runs.
        self._call = self._session.make_callable(
            list(self.signature.outputs), [self.signature.input, *switches]
        )
        self._dtype = self._input.dtype.as_numpy_dtype
        self.batch_sizes: tuple[int, ...] = (1,)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The input's static shape, None where the graph leaves a dimension open."""
        if self._input.shape.rank is None:
            return (None, None, None, None)
        return tuple(self._input.shape.as_list())

    def run(self, batch: NDArray[Any]) -> Outputs:
        """Run the graph on [N, H, W, C]; the outputs are those of the signature, in its order."""
        outputs = self._call(batch.astype(self._dtype, copy=False), *self._off)
        return tuple(np.asarray(output) for output in outputs)

    def warm(self, example: NDArray[Any], batch_sizes: Sequence[int]) -> Outputs:
        """Run ``example`` at every batch size, keep the sizes that work, return the first result.

        First runs allocate and compile and take seconds; nobody should wait for that later. A
        graph may declare an open batch and still be frozen for one picture: then only 1 is kept.

        Raises:
            GraphError: not even a single picture runs.
        """
        try:
            first = self.run(example[None])
        except Exception as error:
            raise GraphError(f"{self._path}: the graph does not run: {_one_line(error)}") from error
        works = [1]
        open_batch = self.input_shape[0] is None
        for size in batch_sizes if open_batch else ():
            if size > 1 and self._runs(np.repeat(example[None], size, axis=0)):
                works.append(size)
        self.batch_sizes = tuple(works)
        return first

    def _runs(self, batch: NDArray[Any]) -> bool:
        tf = import_tensorflow()
        try:
            outputs = self.run(batch)
        except (tf.errors.OpError, ValueError):
            return False
        return all(len(output) == len(batch) for output in outputs)


def _parse(tf: Any, path: Path) -> Any:
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - comes with TensorFlow

    definition = tf.compat.v1.GraphDef()
    try:
        definition.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise GraphError(f"{path}: not a frozen TensorFlow graph (GraphDef)") from error
    if not definition.node:
        raise GraphError(f"{path}: not a frozen TensorFlow graph (it holds no nodes)")
    return definition


def _import(tf: Any, path: Path, definition: Any) -> None:
    unknown = sorted({node.op for node in definition.node} - _known_ops(tf, definition))
    if unknown:
        raise GraphError(
            f"{path}: holds operations that TensorFlow {tf.__version__} does not know: "
            f"{', '.join(unknown)}"
        )
    try:
        tf.import_graph_def(definition, name="")
    except (ValueError, tf.errors.OpError) as error:
        raise GraphError(f"{path}: cannot be imported: {_one_line(error)}") from error


def _known_ops(tf: Any, definition: Any) -> set[str]:
    """The ops of the definition that are registered, or defined by its own function library."""
    from tensorflow.python.framework import op_def_registry  # noqa: PLC0415 - no public twin

    own = {function.signature.name for function in definition.library.function}
    used = {node.op for node in definition.node}
    return own | {name for name in used if op_def_registry.get(name) is not None}


def _match(graph: Any, path: Path, signatures: Sequence[Signature]) -> Signature:
    """Return the signature whose tensors are all there.

    Raises:
        GraphError: none fits; the message is about the one that comes nearest.
    """
    missing = {
        signature: [n for n in (signature.input, *signature.outputs) if not _has(graph, n)]
        for signature in signatures
    }
    nearest = min(signatures, key=lambda signature: len(missing[signature]))
    if not missing[nearest]:
        return nearest
    absent = missing[nearest][0]
    kind = "inputs" if absent == nearest.input else "outputs"
    found = _placeholders(graph) if kind == "inputs" else _unread(graph)
    raise GraphError(f"{path}: no tensor {absent!r}; {kind} found: {_shorten(found)}")


def _has(graph: Any, tensor: str) -> bool:
    try:
        graph.get_tensor_by_name(tensor)
    except (KeyError, ValueError):
        return False
    return True


def _placeholders(graph: Any) -> list[str]:
    return [f"{op.name}:0" for op in graph.get_operations() if op.type.startswith("Placeholder")]


def _unread(graph: Any) -> list[str]:
    """The tensors that no operation reads: what the graph can only have been made to give."""
    return [
        tensor.name
        for op in graph.get_operations()
        for tensor in op.outputs
        if not tensor.consumers() and not op.type.startswith("Placeholder")
    ]


def _shorten(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN_OUTPUTS])
    rest = len(names) - _SHOWN_OUTPUTS
    return (shown or "none") + (f" and {rest} more" if rest > 0 else "")


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
