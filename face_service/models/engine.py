"""The graphs of a process, each on its worker thread."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from face_service.errors import GraphError, NotReadyError, ServiceError
from face_service.models.batching import Filling
from face_service.models.card import OPTIONAL_ROLES, ROLES, Role
from face_service.models.detector import (
    Detector,
    FaceDetector,
    check_detector_outputs,
    detector_example,
)
from face_service.models.embedder import Embedder, check_embedder_outputs, embedder_example
from face_service.models.graph_files import (
    GraphFile,
    Overrides,
    ProfileChoice,
    describe_graph,
    find_graph,
)
from face_service.models.landmarker import (
    Landmarker,
    check_landmarker_outputs,
    landmarker_example,
)
from face_service.models.liveness_net import (
    LivenessNet,
    check_liveness_outputs,
    liveness_example,
)
from face_service.models.mtcnn import CascadeDetector, CascadeRunner
from face_service.models.precision import Precision, choose_precision
from face_service.models.roles import CASCADE_SIGNATURES, ROLE_SPECS
from face_service.models.runtime import (
    RuntimeOptions,
    configure_environment,
    import_tensorflow,
    release_free_memory,
    session_config,
)
from face_service.models.worker import GraphRunner, GraphWorker, Outputs
from face_service.observing import Observer
from face_service.pipeline.preprocessing import DetectorPreprocessing

Example = Callable[[tuple[int | None, ...]], NDArray[Any]]
Check = Callable[[GraphFile, Outputs], None]

_WARMING: dict[Role, tuple[Example, Check]] = {
    "detector": (detector_example, check_detector_outputs),
    "embedder": (embedder_example, check_embedder_outputs),
    "landmarker": (landmarker_example, check_landmarker_outputs),
    "liveness": (liveness_example, check_liveness_outputs),
}


@dataclass(frozen=True)
class EngineOptions:
    """Which graphs, and how they are run.

    ``chosen`` names a file for a role ("" looks for one), ``models`` the model to look for (a role
    left out: its default; an optional role left out has no graph). ``queue_size`` counts waiting
    examples per graph, ``max_batch`` caps the faces that run at once, ``fill_seconds`` is how long
    faces may wait under load for a batch to fill.
    """

    graphs_dir: Path
    chosen: Mapping[Role, str]
    profile: ProfileChoice
    overrides: Overrides
    runtime: RuntimeOptions
    queue_size: int
    max_batch: int
    fill_seconds: float = 0.0
    models: Mapping[Role, str] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that have a graph."""
        return (*ROLES, *(role for role in OPTIONAL_ROLES if role in self.models))

    def find(self, role: Role) -> Path:
        """Return the file that serves a role; raises as :func:`find_graph`."""
        chosen, model = self.chosen.get(role, ""), self.models.get(role, "")
        return find_graph(role, self.graphs_dir, chosen, model)


class Engine:
    """Loads, warms and owns the graphs.

    Nothing of TensorFlow exists before :meth:`start`, because a Session made before a fork hangs
    in the child: with a forking server, start in the child.
    """

    def __init__(self, options: EngineOptions, observer: Observer | None = None) -> None:
        self._options = options
        filling = Filling(lambda: self._workers["detector"].waiting, options.fill_seconds)
        self._workers = {
            role: GraphWorker(
                role, options.queue_size, observer, filling if role == "embedder" else None
            )
            for role in options.roles
        }
        self._files: dict[Role, GraphFile] = {}
        self.liveness: LivenessNet | None = None  # unless the settings ask for it
        self._started_in: int | None = None
        self._error: ServiceError | None = None

    def start(self) -> bool:
        """Find the graphs and begin to load them; returns before they are ready.

        Returns:
            Whether this call started them; False when they were started before.

        Raises:
            GraphError: a graph is missing, ambiguous, or its card is wrong.
        """
        if self._started_in == os.getpid():
            return False
        if self._started_in is not None:
            raise NotReadyError("the graphs were loaded before a fork: start them in the child")
        self._started_in = os.getpid()
        try:
            self._start()
        except ServiceError as error:
            self._error = error
            raise
        except Exception as error:
            self._error = GraphError(f"the graphs cannot be loaded: {error}")
            raise self._error from error
        return True

    def stop(self, timeout: float) -> bool:
        """Let running graphs end and refuse what waits; return whether all have ended in time.

        A process that exits while a graph runs crashes, so a server calls this last.
        """
        give_up = time.monotonic() + timeout
        ended = [
            worker.stop(max(0.0, give_up - time.monotonic())) for worker in self._workers.values()
        ]
        return all(ended)

    def _start(self) -> None:
        options = self._options
        for role in options.roles:
            path = options.find(role)
            self._files[role] = describe_graph(role, path, options.profile, options.overrides)
        self.detector = self._make_detector(self._files["detector"])
        self.embedder = Embedder(self._files["embedder"], self._workers["embedder"])
        self.landmarker = Landmarker(self._files["landmarker"], self._workers["landmarker"])
        if "liveness" in self._files:
            self.liveness = LivenessNet(self._files["liveness"], self._workers["liveness"])
        configure_environment(options.runtime)
        import_tensorflow()  # here and not in the workers, which would race for it
        for role in options.roles:
            self._workers[role].start(self._loader(self._files[role]))

    def _make_detector(self, file: GraphFile) -> FaceDetector:
        make = CascadeDetector if _is_cascade(file) else Detector
        return make(file, self._workers["detector"])

    def wait_until_loaded(self, timeout: float) -> bool:
        """Return whether all graphs have been loaded or have failed within ``timeout`` seconds."""
        give_up = time.monotonic() + timeout
        return all(
            worker.wait_until_loaded(max(0.0, give_up - time.monotonic()))
            for worker in self._workers.values()
        )

    @property
    def ready(self) -> bool:
        """Whether every graph is warm, in this process."""
        return self._started_in == os.getpid() and all(w.ready for w in self._workers.values())

    @property
    def error(self) -> ServiceError | None:
        """Why the graphs cannot be used, if so."""
        errors = (self._error, *(worker.error for worker in self._workers.values()))
        return next((error for error in errors if error is not None), None)

    @property
    def notes(self) -> list[str]:
        """What a person should know about the choice of graphs and cards."""
        return [note for file in self._files.values() for note in file.notes]

    @property
    def files(self) -> Mapping[Role, GraphFile]:
        """The graph file and card of each role, once started."""
        return self._files

    @property
    def waiting(self) -> Mapping[Role, int]:
        """How many examples wait for each role's graph."""
        return {role: worker.waiting for role, worker in self._workers.items()}

    @property
    def precisions(self) -> Mapping[Role, Precision]:
        """In what each started graph multiplies."""
        return {role: self._precision_of(file) for role, file in self._files.items()}

    def _precision_of(self, file: GraphFile) -> Precision:
        runtime = self._options.runtime
        return choose_precision(runtime.precision, file.card.bfloat16, runtime.onednn)

    def require_ready(self) -> None:
        """Raise :class:`NotReadyError` unless every graph is warm."""
        if self.error is not None:
            raise NotReadyError(self.error.message, retry_after=30)
        if not self.ready:
            raise NotReadyError("the graphs are still loading", retry_after=2)

    def _loader(self, file: GraphFile) -> Callable[[], GraphRunner]:
        """Return what a worker calls on its own thread to make and warm its graph."""
        sizes = [size for size in (1, 2, 4, 8, 16, 32) if size <= self._options.max_batch]
        batch_sizes = [1] if file.role == "detector" else sizes
        precision = self._precision_of(file)

        def load() -> GraphRunner:
            # Imported here: it imports TensorFlow, which must see the environment set above.
            from face_service.models.frozen_graph import FrozenGraph  # noqa: PLC0415

            config = session_config(self._options.runtime, precision)
            graph: CascadeRunner | FrozenGraph
            if _is_cascade(file):
                nets = [FrozenGraph(file.path, [net], config) for net in CASCADE_SIGNATURES]
                graph = CascadeRunner(nets, file.card.preprocessing_as(DetectorPreprocessing))
            else:
                graph = FrozenGraph(file.path, ROLE_SPECS[file.role].signatures, config)
            example, check = _WARMING[file.role]
            check(file, graph.warm(example(graph.input_shape), batch_sizes))
            release_free_memory()
            return graph

        return load


def _is_cascade(file: GraphFile) -> bool:
    how = file.card.preprocessing
    return isinstance(how, DetectorPreprocessing) and how.is_cascade
