"""Native primitives, whether or not gevent has patched the standard library.

Under ``monkey.patch_all()`` the names in :mod:`threading` and :mod:`queue` stand for greenlets. A
thread that runs TensorFlow must be a real one, and must talk to the others through locks and
queues that do not call into gevent's hub.
"""

import _thread
from collections.abc import Callable
from typing import Any

from gevent import monkey

# Looked up here: files are closed until the very end, when nothing can be imported any more.
_CLOSE = monkey.get_original("os", "close")
_SLEEP = monkey.get_original("time", "sleep")


def threading_is_patched() -> bool:
    """Return whether ``threading`` means greenlets in this process."""
    return bool(monkey.is_module_patched("threading"))


def start_thread(function: Callable[[], None]) -> None:
    """Run ``function`` on a new operating-system thread that ends with the process."""
    monkey.get_original("_thread", "start_new_thread")(function, ())


def sleep(seconds: float) -> None:
    """Let the calling thread rest, with all its greenlets if it has any."""
    _SLEEP(seconds)


def close_descriptor(descriptor: int) -> None:
    """Close a file descriptor, at once and in whatever thread.

    The patched ``os.close`` leaves what is no plain file (a folder, say) to the loop of the thread
    that calls it; a native thread may have a loop that never runs, and then it stays open.
    """
    _CLOSE(descriptor)


def make_lock() -> Any:
    """Return an operating-system lock; hold it for microseconds and never while waiting."""
    return monkey.get_original("_thread", "allocate_lock")()


def make_reentrant_lock() -> Any:
    """Return an operating-system lock that its holder may take again."""
    return _thread.RLock()  # gevent leaves this one alone, and patches only its namesake


def make_queue() -> Any:
    """Return an unbounded queue whose ``put`` never blocks and whose ``get`` blocks its thread."""
    return monkey.get_original("queue", "SimpleQueue")()
