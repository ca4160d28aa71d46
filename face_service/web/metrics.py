"""What Prometheus is told: one set of metrics per application. docs/metrics.md lists them.

Where several processes serve together, prometheus_client keeps the numbers of each in files of the
shared folder (:mod:`face_service.metrics_folder`), from which whichever process is asked adds
them up. Its locks are gevent's: nothing here is called on a native thread but :func:`_render` and
:func:`_render_shared`, which take none.
"""

import logging
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from face_service import __version__
from face_service.concurrency.gate import PLACE as GATE
from face_service.concurrency.offload import Offloader
from face_service.metrics_files import ReservedFiles
from face_service.models.card import ALL_ROLES
from face_service.models.engine import Engine
from face_service.observing import STAGES, Stage

_LOG = logging.getLogger(__name__)
UNKNOWN_ROUTE = "unknown"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD = "other"
_REQUEST = ("route", "method", "status")
_REQUEST_TIME = "face_request_seconds"
_REQUEST_TIME_TEXT = (
    "Time from a request's headers to the making of its answer; of a streamed one to its end."
)
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_REQUEST_SECONDS = (*_SECONDS[2:], 30.0, 120.0)  # bulk enrolments take minutes
_SIZES = (1, 2, 4, 8, 16, 32)
# A series that no client of Prometheus asks for, and that files of several processes do not have.
_CREATED = "_created"


@dataclass(frozen=True)
class _Ended:
    """The series of one kind of request."""

    count: Counter
    seconds: Histogram


class Metrics:
    """The service's numbers, an :class:`~face_service.observing.Observer` among other things.

    Labels take only values that the code names: a rule of a route, never a path. Series are looked
    up once and kept, which is most of the cost of telling them something.
    """

    def __init__(self, shared: Path | None = None) -> None:
        """``shared`` is the folder of several processes' files, None for a process of its own.

        Without room for its files, this process keeps its numbers to itself.
        """
        self._files = None if shared is None else _reserve(shared)
        self._shared = None if self._files is None else shared
        self._lacks_room = False
        self._registry = registry = CollectorRegistry()
        self._stages = _stage_seconds(registry)
        self._requests = Counter("face_requests", "Requests answered.", _REQUEST, registry=registry)
        # In no registry: see _families.
        self._seconds = Histogram(
            _REQUEST_TIME, _REQUEST_TIME_TEXT, _REQUEST, buckets=_REQUEST_SECONDS, registry=None
        )
        self._ended: dict[tuple[str, str, int], _Ended] = {}
        self._sizes, self._runs = _graph_runs(registry)
        rejected = Counter(
            "face_rejections", "Work refused for want of room.", ("place",), registry=registry
        )
        self._rejections = {place: rejected.labels(place) for place in (GATE, *ALL_ROLES)}
        self._gauges = _Gauges(registry)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may be asked for this one's numbers."""
        return self._shared is not None

    def observe_stage(self, stage: Stage, seconds: float) -> None:
        """See :meth:`Observer.observe_stage`."""
        self._stages[stage].observe(seconds)

    def observe_batch(self, role: str, size: int, seconds: float) -> None:
        """See :meth:`Observer.observe_batch`."""
        self._sizes[role].observe(size)
        self._runs[role].observe(seconds)

    def count_rejection(self, place: str) -> None:
        """See :meth:`Observer.count_rejection`."""
        self._rejections[place].inc()

    def begin_request(self) -> None:
        """Count a request as in flight."""
        self._gauges.in_flight.inc()

    def end_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note how a request that had begun ended; ``route`` is a rule, :data:`UNKNOWN_ROUTE`."""
        self._gauges.in_flight.dec()
        # A client may send any word as the method.
        key = (route, method if method in _METHODS else _OTHER_METHOD, status)
        ended = self._ended.get(key)
        if ended is None:
            if not self._has_room():
                return
            ended = _Ended(self._requests.labels(*key), self._seconds.labels(*key))
            self._ended[key] = ended
        ended.count.inc()
        ended.seconds.observe(seconds)

    def _has_room(self) -> bool:
        """Whether the files have room for a kind of request that was not seen before."""
        if self._files is None:
            return True
        try:
            self._files.make_room()
        except OSError as error:
            if not self._lacks_room:
                _LOG.warning("no room for metrics, new kinds of requests go uncounted: %s", error)
            self._lacks_room = True
        else:
            self._lacks_room = False
        return not self._lacks_room

    def set_load(self, engine: Engine, in_work: tuple[int, int]) -> None:
        """Note how full this process is; ``in_work`` is the gate's (requests, pixels)."""
        self._gauges.set_load(engine, in_work)

    def set_gallery(self, count: tuple[int, int] | None) -> None:
        """Note the gallery's (subjects, faces); None when they cannot be known."""
        self._gauges.set_gallery(count)

    def exposition(self, offloader: Offloader) -> bytes:
        """Return all numbers in Prometheus's text format, made away from the event loop."""
        if self._shared is not None:
            return offloader.run(_render_shared, self._shared)
        families = []
        for family in self._families():
            families.append(family)
            time.sleep(0)  # lets others run between one and the next
        return offloader.run(_render, families)

    def _families(self) -> Iterator[Metric]:
        """Yield all metrics of this process; what has most series comes in pieces."""
        yield from self._registry.collect()
        for key, ended in list(self._ended.items()):
            labels = dict(zip(_REQUEST, map(str, key), strict=True))
            piece = Metric(_REQUEST_TIME, _REQUEST_TIME_TEXT, "histogram")
            for one in next(iter(ended.seconds.collect())).samples:
                piece.add_sample(one.name, {**labels, **one.labels}, one.value)
            yield piece


class _Gauges:
    """The numbers that go up and down. Where processes share, each tells its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.in_flight = _sum("face_requests_in_flight", "Requests being answered.", registry)
        depth = Gauge(
            "face_queue_depth",
            "Pictures or faces that wait for a graph.",
            ("graph",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._depth = {role: depth.labels(role) for role in ALL_ROLES}
        self._requests = _sum("face_gate_requests", "Requests that hold a picture.", registry)
        self._pixels = _sum("face_gate_pixels", "Pixels of the pictures in work.", registry)
        self._ready = _sum("face_ready", "Processes whose graphs are warm.", registry)
        self._faces = _latest("face_gallery_faces", "Enrolled faces.", registry)
        self._subjects = _latest("face_gallery_subjects", "Enrolled subjects.", registry)
        self._build = Gauge(
            "face_build_info",
            "The version, and the names of the graphs' cards; always 1.",
            ("version", *ALL_ROLES),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._build_is_told = False
        self._told: tuple[float, ...] | None = None

    def set_load(self, engine: Engine, in_work: tuple[int, int]) -> None:
        waiting = engine.waiting
        load = (*waiting.values(), *in_work, engine.ready)
        if load == self._told:  # as after most requests; writing it costs more than asking
            return
        self._told = load
        for role, count in waiting.items():
            self._depth[role].set(count)
        requests, pixels = in_work
        self._requests.set(requests)
        self._pixels.set(pixels)
        self._ready.set(engine.ready)
        if engine.ready and not self._build_is_told:
            files = engine.files
            cards = (files[role].card.name if role in files else "" for role in ALL_ROLES)
            self._build.labels(__version__, *cards).set(1)
            self._build_is_told = True

    def set_gallery(self, count: tuple[int, int] | None) -> None:
        subjects, faces = (math.nan, math.nan) if count is None else count
        self._subjects.set(subjects)
        self._faces.set(faces)


def _reserve(folder: Path) -> ReservedFiles | None:
    """Return this process's files; None, and from then on numbers in memory, without room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return ReservedFiles(folder)
    except OSError as error:
        _LOG.warning("no room for shared metrics, this process tells its own: %s", error)
        # The library chose files while it was imported, and has no other way to be told.
        values.ValueClass = values.MutexValue
        return None


def _sum(name: str, text: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, text, registry=registry, multiprocess_mode="livesum")


def _latest(name: str, text: str, registry: CollectorRegistry) -> Gauge:
    # Of what all processes see alike, whoever is asked has looked last.
    return Gauge(name, text, registry=registry, multiprocess_mode="livemostrecent")


def _stage_seconds(registry: CollectorRegistry) -> dict[Stage, Histogram]:
    seconds = Histogram(
        "face_stage_seconds",
        "Time of a picture in one stage.",
        ("stage",),
        buckets=_SECONDS,
        registry=registry,
    )
    return {stage: seconds.labels(stage) for stage in STAGES}


def _graph_runs(
    registry: CollectorRegistry,
) -> tuple[dict[str, Histogram], dict[str, Histogram]]:
    sizes = Histogram(
        "face_batch_size",
        "Pictures or faces in one run of a graph.",
        ("graph",),
        buckets=_SIZES,
        registry=registry,
    )
    runs = Histogram(
        "face_graph_run_seconds",
        "Time of one run of a graph, without waiting.",
        ("graph",),
        buckets=_SECONDS,
        registry=registry,
    )
    return _by_role(sizes), _by_role(runs)


def _by_role(family: Histogram) -> dict[str, Histogram]:
    return {role: family.labels(role) for role in ALL_ROLES}


@dataclass(frozen=True)
class _Collected:
    """Families that have been collected already, as a collector."""

    families: Sequence[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


def _render(families: Sequence[Metric]) -> bytes:
    whole: dict[str, Metric] = {}
    for family in families:
        joined = whole.setdefault(
            family.name, Metric(family.name, family.documentation, family.type)
        )
        joined.samples += [one for one in family.samples if not one.name.endswith(_CREATED)]
    return generate_latest(_Collected(list(whole.values())))


def _render_shared(folder: Path) -> bytes:
    collector = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(collector)
