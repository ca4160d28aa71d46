"""How TensorFlow runs the graphs."""

from dataclasses import dataclass

from face_service.models.precision import PrecisionChoice
from face_service.settings.field import setting
from face_service.settings.types import flag, one_of, text, whole


@dataclass(frozen=True)
class TensorFlowSettings:
    """How TensorFlow runs the graphs."""

    visible_devices: str = setting(
        "", text, "GPUs to use, as CUDA_VISIBLE_DEVICES takes them; -1 uses none."
    )
    gpu_memory_growth: bool = setting(True, flag, "Take GPU memory as it is needed.")
    gpu_memory_limit_mb: int = setting(
        0, whole(0, 10**7), "GPU memory to take at the most, MiB; 0 sets no limit."
    )
    tf_log_level: int = setting(
        3, whole(0, 3), "TensorFlow's own messages: 0 shows all, 3 none but its greeting."
    )
    tf_onednn: bool = setting(
        True, flag, "Use oneDNN; changing it changes low-order bits of embeddings."
    )
    tf_intra_op_threads: int = setting(
        0,
        whole(0, 1024),
        "Threads inside TensorFlow's operations, shared by the graphs; 0 takes all cores but one.",
    )
    tf_inter_op_threads: int = setting(
        -1,
        whole(-1, 1024),
        "Threads, shared by the graphs, that run operations: -1 runs each graph on its own thread, "
        "0 takes one per core; with 1 only one graph runs at a time.",
    )
    tf_precision: PrecisionChoice = setting(
        "auto",
        one_of("auto", "float32", "bfloat16"),
        "In what graphs multiply: auto takes bfloat16 for a graph whose card says that it keeps "
        "its accuracy, on a processor with a unit for it (amx_bf16); float32 and bfloat16 "
        "force one. Needs oneDNN.",
    )
