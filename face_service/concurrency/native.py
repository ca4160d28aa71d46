"""Native primitives, whether or not gevent has patched the standard library.

Under ``monkey.patch_all()`` the names in :mod:`threading` and :mod:`queue` stand for greenlets. A
thread that runs TensorFlow must be a real one, and must talk to the others through locks and
queues that do not call into gevent's hub.
"""

import _thread
from collections.abc import Callable
from typing import Any

from gevent import monkey


def threading_is_patched() -> bool:
    """Return whether ``threading`` means greenlets in this process."""
    return bool(monkey.is_module_patched("threading"))


def start_thread(function: Callable[[], None]) -> None:
    """Run ``function`` on a new operating-system thread that ends with the process."""
    monkey.get_original("_thread", "start_new_thread")(function, ())


def make_lock() -> Any:
    """Return an operating-system lock; hold it for microseconds and never while waiting."""
    return monkey.get_original("_thread", "allocate_lock")()


def make_reentrant_lock() -> Any:
    """Return an operating-system lock that its holder may take again."""
    return _thread.RLock()  # gevent leaves this one alone, and patches only its namesake


def make_queue() -> Any:
    """Return an unbounded queue whose ``put`` never blocks and whose ``get`` blocks its thread."""
    return monkey.get_original("queue", "SimpleQueue")()
