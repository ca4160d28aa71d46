"""Calling the stores from a request: away from the event loop, with the disk's faults named."""

import logging
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from face_service.concurrency.offload import Offloader
from face_service.errors import StoreError

_LOG = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class Remembering(Protocol):
    """A store that may know the answer already."""

    def is_fresh(self) -> bool:
        """Return whether the next question needs no file; takes microseconds."""


def ask_store(
    offloader: Offloader,
    store: Remembering,
    question: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Ask a method of ``store``: in place when it remembers the answer, else as :func:`use_store`.

    The offloader's threads may be busy for much longer than the answer takes.
    """
    if store.is_fresh():
        return question(*args, **kwargs)
    return use_store(offloader, question, *args, **kwargs)


def use_store(
    offloader: Offloader, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call a method of a store away from the event loop.

    Raises:
        StoreError: the files cannot be read or written.
    """
    try:
        return offloader.run(function, *args, **kwargs)
    except OSError as error:
        _LOG.error("the store cannot be used: %s", error)
        reason = error.strerror or type(error).__name__
        raise StoreError(f"the store cannot be used: {reason}", retry_after=30) from error
