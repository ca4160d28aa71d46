"""How many requests one caller may send, and how many logins of one subject may fail.

Both count in the memory of one process: ``gunicorn -w N`` multiplies what is allowed by N. Both
are bounded: whoever has many addresses or names must not be able to fill the memory.
"""

import hashlib
import ipaddress
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeVar

from flask import g, request
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from face_service.concurrency.native import make_lock
from face_service.errors import RateLimitedError, SubjectLockedError
from face_service.store.api_keys import Key
from face_service.web.page import PREFIX as PAGE_PREFIX
from face_service.web.window_counters import WindowCounters

UNLIMITED_PATHS = frozenset({"/healthz", "/readyz"})
METRICS_PATH = "/metrics"
_BUCKET_BYTES = 2  # 65,536 buckets
_MAX_SUBJECTS = 100_000
_IPV6_SITE_BITS = 64

V = TypeVar("V")
Clock = Callable[[], float]


class RateLimits:
    """Counts requests in windows of a minute, each beginning with a caller's first request.

    An address is counted in one of 65,536 buckets, chosen by a hash whose key is drawn anew in each
    process: strangers rarely share one, and nobody can choose to share a victim's.
    """

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        """Allow ``per_minute`` requests to each caller; 0 allows any number."""
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = FixedWindowRateLimiter(WindowCounters(clock))
        self._secret = secrets.token_bytes(16)
        self._clock = clock

    def count(self, key_id: str | None, address: str | None) -> None:
        """Count a request of a key, or of an address if it has none; loopback is exempt.

        Raises:
            RateLimitedError: the caller has none left in this window.
        """
        if self._item is None or (key_id is None and is_loopback(address)):
            return
        caller = f"key:{key_id}" if key_id is not None else f"address:{self.bucket_of(address)}"
        if not self._limiter.hit(self._item, caller):
            reset = self._limiter.get_window_stats(self._item, caller).reset_time
            wait = math.ceil(reset - self._clock())
            raise RateLimitedError(f"more than {self._item.amount} requests in a minute", wait)

    def bucket_of(self, address: str | None) -> int:
        """Return an address's bucket, 0..65535; an IPv6 address shares that of its /64."""
        site = _site_of(address).encode(errors="surrogateescape")
        digest = hashlib.blake2b(site, key=self._secret, digest_size=_BUCKET_BYTES)
        return int.from_bytes(digest.digest())


def limit_rate(limits: RateLimits) -> Callable[[], None]:
    """Return the function that Flask calls before each request; reads ``g.api_key``."""

    def count() -> None:
        if not (_is_unlimited(request.path) or _is_scrape()):
            limits.count(g.get("api_key_id"), request.remote_addr)

    return count


def _is_unlimited(path: str) -> bool:
    # One visit asks for dozens of the page's files, each answered from memory.
    return path in UNLIMITED_PATHS or path.startswith(PAGE_PREFIX)


def _is_scrape() -> bool:
    """Whether Prometheus asks, by a key that allows it; whoever has none may be guessing."""
    key: Key | None = g.get("api_key")
    return request.path == METRICS_PATH and key is not None and key.allows("metrics")


class LoginLockout:
    """Locks a subject after too many failed logins.

    Subjects are tracked by name, the least recently failed going first: buckets, as for addresses,
    would lock strangers together with whoever is attacked. To drive out one subject's failures
    somebody would have to fail on 100,000 others within the time in which failures count.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        clock: Clock = time.monotonic,
        max_subjects: int = _MAX_SUBJECTS,
    ) -> None:
        """Lock for ``seconds`` after ``failures`` within ``seconds``; 0 failures never lock."""
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._max_subjects = max_subjects
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._locked: OrderedDict[str, float] = OrderedDict()  # until when, soonest first
        self._lock = make_lock()

    def check(self, subject: str) -> None:
        """Do nothing if the subject may log in.

        Raises:
            SubjectLockedError: not now; ``retry_after`` is how long it stays locked.
        """
        now = self._clock()
        with self._lock:
            until = self._locked.get(subject, now)
        _require(until, now)

    def record(self, subject: str, match: bool) -> None:
        """Count how a login ended: a failure, or a match, which makes the failures forgotten.

        Raises:
            SubjectLockedError: the subject has been locked since the login began. Its outcome
                must not be told: many logins at once would be as many guesses.
        """
        if not self._limit:
            return
        now = self._clock()
        with self._lock:
            self._forget(now)
            until = self._locked.get(subject, now)
            if until <= now:
                self._count(subject, match, now)
        _require(until, now)

    def _count(self, subject: str, match: bool, now: float) -> None:
        times = self._failures.pop(subject, None)
        if match:
            return
        times = deque(maxlen=self._limit) if times is None else times
        times.append(now)
        if len(times) == self._limit and times[0] > now - self._seconds:
            _put(self._locked, subject, now + self._seconds, self._max_subjects)
        else:
            _put(self._failures, subject, times, self._max_subjects)

    def _forget(self, now: float) -> None:
        while self._locked and next(iter(self._locked.values())) <= now:
            self._locked.popitem(last=False)
        while self._failures and next(iter(self._failures.values()))[-1] <= now - self._seconds:
            self._failures.popitem(last=False)


def _require(until: float, now: float) -> None:
    if until > now:
        raise SubjectLockedError("too many failed logins", math.ceil(until - now))


def is_loopback(address: str | None) -> bool:
    """Return whether an address, as text, is of this machine."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def _put(entries: OrderedDict[str, V], subject: str, value: V, limit: int) -> None:
    if len(entries) >= limit:
        entries.popitem(last=False)
    entries[subject] = value


def _parse(address: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None  # a Unix socket's peer
    mapped = getattr(parsed, "ipv4_mapped", None)
    return mapped or parsed


def _site_of(address: str | None) -> str:
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return f"6:{int(parsed) >> _IPV6_SITE_BITS:x}"
    return str(parsed or address)
