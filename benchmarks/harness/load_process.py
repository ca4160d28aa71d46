"""The loop that sends requests: one thread, sockets that never block, no library between.

Runs in a process of its own; :mod:`benchmarks.harness.load` is what callers see.
"""

import itertools
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from benchmarks.harness.http import Head, is_whole, parse_head
from benchmarks.harness.processes import answer_questions

if TYPE_CHECKING:
    from benchmarks.harness.load import Address, Outcome, Plan

_RECEIVE_BYTES = 65536
_LONGEST_WAIT = 0.5  # seconds between looks at what has timed out
_PAUSE_AFTER_FAILURE = 0.05  # seconds: a server that is down is not asked without rest


class Exchange:
    """One connection, and the request that it carries, if any."""

    def __init__(self, address: "Address") -> None:
        self._address = address
        self.socket: socket.socket | None = None
        self.which = -1
        self.start = 0.0
        self.not_before = 0.0
        self._unsent = memoryview(b"")
        self._request = b""
        self._received = bytearray()
        self._head: Head | None = None
        self._used = False

    def begin(self, request: bytes, which: int, start: float) -> None:
        """Send ``request``, over the open connection if there is one."""
        self._request, self.which, self.start = request, which, start
        self._unsent, self._head = memoryview(request), None
        self._received.clear()
        if self.socket is None:
            self._connect()

    def go_on(self) -> tuple[int, float | None] | None:
        """Send and receive what is possible; return (status, Retry-After) once it is answered.

        Status 0 is a connection that failed.
        """
        try:
            ended = self._move()
            if self._head is None:
                self._head = parse_head(self._received)
        except (OSError, ValueError):
            ended = True
        head = self._head
        if head is not None and is_whole(head, self._received, ended):
            # A server that answers before it has read everything closes the connection.
            if head.closes or ended or self._unsent:
                self.close()
            self._used = True
            return head.status, head.retry_after
        if not ended:
            return None
        reused, nothing = self._used, not self._received
        self.close()
        if reused and nothing:  # the server had closed the idle connection: any client tries again
            self.begin(self._request, self.which, self.start)
            return None
        return 0, None

    @property
    def wants(self) -> int:
        """Which events of the socket to wait for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self.socket is not None:
            self.socket.close()
        self.socket, self._used = None, False

    def _connect(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(self._address)

    def _move(self) -> bool:
        """Send, then receive; return whether the other side has closed."""
        if self.socket is None:
            return True
        try:
            with suppress(BlockingIOError):
                if self._unsent:
                    self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except (BrokenPipeError, ConnectionResetError):
            self._unsent = memoryview(b"")  # what it said before it closed may still be read
        try:
            while data := self.socket.recv(_RECEIVE_BYTES):
                self._received += data
        except BlockingIOError:
            return False
        return True


class Loop:
    """Drives the exchanges of one plan."""

    def __init__(self, plan: "Plan", outcome: "Outcome") -> None:
        self._plan = plan
        self._outcome = outcome
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Exchange, tuple[socket.socket, int]] = {}
        self._busy: set[Exchange] = set()
        self._idle: list[Exchange] = []
        self._numbers: Iterator[int] = itertools.count()
        self._begun = time.perf_counter()

    def run_closed(self) -> None:
        """Keep every client busy until the time is over, then wait for the last answers."""
        plan = self._plan
        end = plan.warm_seconds + plan.seconds
        self._idle = [Exchange(plan.address) for _ in range(plan.clients)]
        sent = 0
        while True:
            going = sent < plan.count if plan.count else self._now() < end
            waiting: list[Exchange] = []
            while going and self._idle:
                exchange = self._idle.pop()
                if exchange.not_before > self._now():
                    waiting.append(exchange)
                    continue
                self._begin(exchange, self._now())
                sent += 1
                going = sent < plan.count if plan.count else True
            self._idle += waiting
            if not self._busy and not going:
                break
            self._wait(_PAUSE_AFTER_FAILURE if waiting else _LONGEST_WAIT)

    def run_open(self, arrivals: list[float]) -> None:
        """Send each request at its time, or as soon after as a connection is free."""
        plan = self._plan
        self._idle = [Exchange(plan.address) for _ in range(plan.clients)]
        position = 0
        while position < len(arrivals) or self._busy:
            while position < len(arrivals) and arrivals[position] <= self._now() and self._idle:
                # The last one used comes first: few connections serve a low rate.
                self._begin(self._idle.pop(), arrivals[position])
                position += 1
            pause = _LONGEST_WAIT
            if position < len(arrivals) and self._idle:
                pause = min(pause, max(0.0, arrivals[position] - self._now()))
            self._wait(pause)

    def close(self) -> None:
        """Close all connections."""
        for exchange in [*self._busy, *self._idle]:
            self._unwatch(exchange)
            exchange.close()
        self._selector.close()

    def _now(self) -> float:
        return time.perf_counter() - self._begun

    def _begin(self, exchange: Exchange, start: float) -> None:
        which = next(self._numbers) % len(self._plan.requests)
        self._busy.add(exchange)
        exchange.begin(self._plan.requests[which], which, start)
        self._advance(exchange)

    def _wait(self, pause: float) -> None:
        if self._watched:
            for key, _ in self._selector.select(pause):
                self._advance(key.data)
        else:
            time.sleep(pause)
        late = [e for e in self._busy if self._now() - e.start > self._plan.timeout]
        for exchange in late:
            self._end(exchange, 0, None)

    def _advance(self, exchange: Exchange) -> None:
        answer = exchange.go_on()
        if answer is not None:
            self._end(exchange, *answer)
        else:
            self._watch(exchange)

    def _end(self, exchange: Exchange, status: int, retry_after: float | None) -> None:
        now = self._now()
        self._outcome.add(exchange.start, now - exchange.start, status, retry_after, exchange.which)
        self._unwatch(exchange)
        if status == 0:
            exchange.close()
            exchange.not_before = now + _PAUSE_AFTER_FAILURE
        self._busy.discard(exchange)
        self._idle.append(exchange)

    def _watch(self, exchange: Exchange) -> None:
        wanted = cast(socket.socket, exchange.socket), exchange.wants
        if self._watched.get(exchange) != wanted:
            self._unwatch(exchange)
            self._selector.register(*wanted, exchange)
            self._watched[exchange] = wanted

    def _unwatch(self, exchange: Exchange) -> None:
        if watched := self._watched.pop(exchange, None):
            self._selector.unregister(watched[0])


def run_plan(plan: "Plan") -> "Outcome":
    """Send what the plan says; return what came of it."""
    from benchmarks.harness.load import Outcome  # noqa: PLC0415 - it imports this module

    times = None if plan.arrivals is None else list(plan.arrivals)
    outcome = Outcome(seconds=plan.seconds, warm_seconds=plan.warm_seconds)
    cpu = time.process_time()
    loop = Loop(plan, outcome)
    begun = time.perf_counter()
    try:
        if times is None:
            loop.run_closed()
        else:
            loop.run_open(times)
    finally:
        loop.close()
    if plan.count or times is not None:
        outcome.seconds = time.perf_counter() - begun
    outcome.cpu_seconds = time.process_time() - cpu
    return outcome


def serve(connection: Any) -> None:
    """Run the plans that come over ``connection``."""
    answer_questions(connection, run_plan)
