"""TensorFlow's process-wide knobs. Imports TensorFlow only inside functions.

TensorFlow reads its environment while it is imported, so :func:`configure_environment` must run
before anything imports it.
"""

import ctypes
import os
import warnings
from dataclasses import dataclass
from typing import Any

from face_service.models.precision import Precision, PrecisionChoice


@dataclass(frozen=True)
class RuntimeOptions:
    """How TensorFlow may use the machine.

    ``visible_devices`` is CUDA's list of GPU numbers ("0,1"), "-1" hides all, "" leaves it to
    CUDA. ``gpu_memory_limit_mb`` 0 sets no limit. ``log_level`` 0 shows all of TensorFlow's
    messages, 3 none.

    ``intra_op_threads`` 0 takes all cores but one: the graphs share these threads, and each has
    its worker's besides. ``inter_op_threads`` -1 runs a graph on its worker's own
    thread, 0 on one thread per core, others on as many. Those threads are one pool for all graphs:
    with a pool of one, only one graph runs at a time.
    """

    visible_devices: str
    gpu_memory_growth: bool
    gpu_memory_limit_mb: int
    log_level: int
    onednn: bool
    intra_op_threads: int
    inter_op_threads: int
    precision: PrecisionChoice = "auto"


def configure_environment(options: RuntimeOptions) -> None:
    """Set the variables TensorFlow reads on import."""
    if options.visible_devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = options.visible_devices
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = str(options.log_level)
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true" if options.gpu_memory_growth else "false"
    # oneDNN changes low-order bits of the embeddings: pinned, so that stored ones stay comparable.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1" if options.onednn else "0"


def import_tensorflow() -> Any:
    """Import TensorFlow, silencing the warnings of its own dependencies, and return it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow as tf  # noqa: PLC0415 - reads the environment set just before
    tf.get_logger().setLevel("ERROR")
    return tf


def release_free_memory() -> None:
    """Give memory that loading has freed back to the system.

    Importing and optimising a graph makes several copies of its weights; glibc keeps what they
    leave (measured: 0.6 of 1.9 GB after the three built graphs). Other C libraries have no such
    call and need none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def session_config(options: RuntimeOptions, precision: Precision = "float32") -> Any:
    """Return the ``tf.compat.v1.ConfigProto`` of a Session."""
    tf = import_tensorflow()
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=options.intra_op_threads or _all_cores_but_one(),
        inter_op_parallelism_threads=options.inter_op_threads,
    )
    if precision == "bfloat16":
        rewriting = config.graph_options.rewrite_options
        # Convolutions and matrix products; what needs the range or the digits stays float32.
        rewriting.auto_mixed_precision_onednn_bfloat16 = rewriting.ON
    config.gpu_options.allow_growth = options.gpu_memory_growth
    if options.gpu_memory_limit_mb:
        virtual = config.gpu_options.experimental.virtual_devices.add()
        virtual.memory_limit_mb.append(options.gpu_memory_limit_mb)
    return config


def _all_cores_but_one() -> int:
    return max(1, len(os.sched_getaffinity(0)) - 1)
