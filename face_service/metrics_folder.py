"""The folder through which the processes of one gunicorn share their metrics.

prometheus_client keeps the numbers of a process in files of the folder that an environment variable
names, if it is set before the library is imported: hence by gunicorn's configuration. Without it
each process knows its own numbers only.
"""

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "face-metrics-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_ROOM_BYTES = 1 << 24  # what must be free there: dozens of workers' files
_YOUNG_SECONDS = 60.0  # a folder may have been made and not be locked yet


def shared_folder() -> Path | None:
    """Return the folder that this process shares with others, if there is one."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


class MetricsFolder:
    """A folder in memory, or of the system's temporary ones, made empty and named by the variable.

    As long as a process lives that had it open, it is locked: that keeps it from those who tidy up,
    and tells the next start what a killed server has left behind. Made again, as when gunicorn
    reads its configuration anew or replaces itself, it is the same folder; one that the operator
    has named is used as it is.
    """

    def __init__(self) -> None:
        """Raises :class:`OSError` when there is no place for a folder."""
        _sweep()
        given = shared_folder()
        self._own = given is None or given.name.startswith(_PREFIX)
        self._folder = _make() if given is None else given
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = _open_locked(self._folder, fcntl.LOCK_SH)
        weakref.finalize(self, os.close, self._lock)
        os.environ[VARIABLE] = str(self._folder)

    def give_to(self, user: int, group: int) -> None:
        """Let processes that will run as another user write into the folder."""
        if self._own and os.geteuid() == 0:
            os.chown(self._folder, user, group)

    def remove(self) -> None:
        """Remove the folder, unless it is the operator's or another server's still."""
        if self._own and _lock(self._lock, fcntl.LOCK_EX):
            shutil.rmtree(self._folder, ignore_errors=True)


def _make() -> Path:
    place = _MEMORY if _has_room(_MEMORY) else None  # None is the system's
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))


def _has_room(place: Path) -> bool:
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize >= _ROOM_BYTES


def _sweep() -> None:
    """Remove what servers that were killed have left."""
    places = (_MEMORY, Path(tempfile.gettempdir()))
    for folder in (found for place in places for found in place.glob(_PREFIX + "*")):
        try:
            if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
                continue
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or gone meanwhile
        try:
            if _lock(descriptor, fcntl.LOCK_EX):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _open_locked(folder: Path, kind: int) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    _lock(descriptor, kind)
    return descriptor


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False  # somebody else's
    return True
