"""``live``: who is seen by a camera, on a stream or in a video file."""

import argparse
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import cv2
from tqdm import tqdm

from face_service.cli.command import Commands, number_from, remark, say
from face_service.cli.loading import loaded_parts, new_private_file
from face_service.cli.remote_looker import RemoteLooker
from face_service.cli.server import add_server_options, connected, is_remote
from face_service.errors import VideoOutputError
from face_service.live.drawing import Drawer
from face_service.live.fonts import make_font_book
from face_service.live.local import LocalLooker
from face_service.live.looking import Looker
from face_service.live.newest import NewestFrames
from face_service.live.outputs import VideoOutput
from face_service.live.run import Ended, Outcome, Pictures, Sink, run
from face_service.live.sightings import Sighting, as_csv, as_json
from face_service.live.sources import FileSource, Frame, Source, SourceSpec, parse_source
from face_service.live.watching import Shown, Watcher
from face_service.live.window import Window, require_display
from face_service.storing import use_store

_INTERRUPTED = 130  # exit code, as a shell has it for Ctrl-C
_MOST_EVERY = 10_000


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    live = commands.add_parser(
        "live",
        help="see who is before a camera, on a stream or in a video",
        description="Ctrl-C ends it, as q in the window does; reports are written then, too.",
    )
    live.add_argument(
        "--source",
        required=True,
        metavar="SOURCE",
        help="a camera's number (0), a video file, or a URL such as rtsp://…",
    )
    live.add_argument("--output", type=Path, metavar="VIDEO", help="write a video with the names")
    live.add_argument("--headless", action="store_true", help="open no window")
    live.add_argument("--csv", type=Path, metavar="FILE", help="write who was seen when, as CSV")
    live.add_argument("--json", type=Path, metavar="FILE", help="the same as JSON")
    live.add_argument(
        "--every",
        type=_every,
        default=None,
        metavar="N",
        help="look for faces on each Nth frame and follow them between; auto, the default, looks "
        "at each while something is new and at each 10th while nothing is",
    )
    _add_limits(live)
    add_server_options(live)
    live.set_defaults(run=_live)


def _add_limits(live: argparse.ArgumentParser) -> None:
    live.add_argument(
        "--threshold",
        type=number_from(0, 4),
        metavar="D",
        help="name below this distance; default: the 1:N threshold in force, as of /v1/identify",
    )
    live.add_argument(
        "--min-score",
        type=number_from(0, 1),
        metavar="S",
        help="faces must score above this, 0..1; default: FACE_SCORE_FLOOR, or the detector's card",
    )
    live.add_argument(
        "--max-seconds",
        type=number_from(0, 10**9),
        metavar="T",
        help="end after so many seconds: of a file its own, of a camera the run's; default: never",
    )
    live.add_argument(
        "--font",
        type=Path,
        metavar="FILE",
        help="font to write names in (.ttf, .otf, .ttc); default: one that has their characters",
    )


def _every(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_EVERY:
        raise argparse.ArgumentTypeError(f"expected auto or a number from 1 to {_MOST_EVERY}")
    return int(text)


def _live(options: argparse.Namespace) -> int:
    _silence_opencv()
    spec = parse_source(options.source)
    if not options.headless:
        require_display()
    drawer = Drawer(make_font_book(options.font, remark))
    with ExitStack() as stack:
        # Everything that can be refused is tried before the graphs load.
        files = {
            kind: stack.enter_context(new_private_file(path))
            for kind, path in (("csv", options.csv), ("json", options.json))
            if path is not None
        }
        source = open_source(spec)
        stack.callback(source.close)
        output = _open_output(options.output, source, stack)
        watcher = Watcher(stack.enter_context(make_looker(options)), options.every)
        window = None if options.headless else _open_window(stack)
        progress = stack.enter_context(_Progress(source))
        sinks: list[Sink] = [Pictures(drawer, output, window), progress]
        with _stop_on_signals() as stopped:
            outcome = run(source, watcher, sinks, stopped, options.max_seconds)
        rows = watcher.sightings.rows()
        _write(files, rows, _summary(spec, source, watcher, outcome))
    error = outcome.error or _close(output)
    _tell(rows, watcher, outcome)
    if error is not None:
        raise error
    return _INTERRUPTED if outcome.ended is Ended.STOPPED and not spec.is_live else 0


def _silence_opencv() -> None:
    """Keep OpenCV and its FFmpeg from explaining on stderr what is told in a sentence here."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def open_source(spec: SourceSpec) -> Source:
    """Return a source's frames: all of a file, the newest of a camera or a stream."""
    return NewestFrames(spec) if spec.is_live else FileSource(spec)


def _open_output(path: Path | None, source: Source, stack: ExitStack) -> VideoOutput | None:
    if path is None:
        return None
    output = VideoOutput(path, source.rate, paced=source.is_live)
    stack.callback(output.release)
    return output


def _open_window(stack: ExitStack) -> Window:
    window = Window()
    stack.callback(window.close)
    return window


@contextmanager
def make_looker(options: argparse.Namespace) -> Iterator[Looker]:
    """Give what finds and names faces: a running service, or the graphs of this machine."""
    if not is_remote(options):
        with local_looker(options) as looker:
            yield looker
        return
    with connected(options) as client:
        yield RemoteLooker(client, options.min_score, options.threshold)


@contextmanager
def local_looker(options: argparse.Namespace) -> Iterator[Looker]:
    """The graphs and the gallery of this machine."""
    with loaded_parts() as parts:
        if use_store(parts.threads.storage, parts.gallery.count)[1] == 0:
            remark("nobody is enrolled: every face will be unknown")
        yield LocalLooker(parts.vision, parts.recognition, options.min_score, options.threshold)


@contextmanager
def _stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Yield what says whether Ctrl-C or a termination came; the second Ctrl-C interrupts."""
    asked: list[int] = []

    def ask(number: int, _: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
    """A sink that shows how far a file is; of what has no end it shows nothing."""

    wants_stop = False

    def __init__(self, source: Source) -> None:
        disable = True if source.is_live else None
        self._bar = tqdm(total=source.count, unit="frame", disable=disable)

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def take(self, _frame: Frame, _shown: Sequence[Shown]) -> None:
        self._bar.update()

    def idle(self) -> None:
        self._bar.refresh()


def _summary(
    spec: SourceSpec, source: Source, watcher: Watcher, outcome: Outcome
) -> dict[str, Any]:
    work = watcher.work
    return {
        "source": spec.shown,
        "ended": outcome.ended.value,
        "error": None if outcome.error is None else outcome.error.code,
        "seconds": round(outcome.last_seconds, 4),
        "frames": work.frames,
        "dropped": work.dropped,
        "reconnects": source.reconnects,
        "frames_per_second": round(source.rate, 4),
        "looks": work.looks,
        "faces_named": work.named,
    }


def _write(
    files: Mapping[str, BinaryIO], rows: Sequence[Sighting], summary: Mapping[str, Any]
) -> None:
    for kind, file in files.items():
        text = as_csv(rows) if kind == "csv" else as_json(rows, summary)
        file.write(text.encode())


def _close(output: VideoOutput | None) -> VideoOutputError | None:
    """End the video, after the reports: they are kept even where it fails."""
    if output is not None:
        try:
            output.close()
        except VideoOutputError as error:
            return error
    return None


def _tell(rows: Sequence[Sighting], watcher: Watcher, outcome: Outcome) -> None:
    for row in rows:
        who = "unknown" if row.subject is None else row.subject
        best = "" if row.best_distance is None else f", distance {row.best_distance:.3f}"
        when = f"{row.first_seconds:.2f} to {row.last_seconds:.2f} s"
        say(f"{who} (#{row.track}): {when}, {row.frames} frames{best}")
    work, rate = watcher.work, watcher.work.frames / max(outcome.took, 1e-9)
    dropped = f" and {work.dropped} dropped" if work.dropped else ""
    remark(
        f"{work.frames} frames{dropped} in {outcome.took:.1f} s ({rate:.1f} a second), "
        f"{work.looks} looks, {work.named} faces named"
    )
