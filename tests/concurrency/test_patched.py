"""Native threads, signals and offloading, with and without gevent's monkey-patching.

Patching is for a whole process, so the patched side runs in processes of its own.
"""

import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from face_service.concurrency.native import start_thread
from face_service.concurrency.offload import Offloader
from face_service.concurrency.signal import make_signal
from face_service.errors import NoFaceError


def run_patched(code: str) -> None:
    """Run ``code`` in a new process under ``monkey.patch_all()``; it must print "ok"."""
    head = "from gevent import monkey; monkey.patch_all()\n"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout.strip(), ended.stderr) == ("ok", "")


def test_a_signal_crosses_from_a_native_thread() -> None:
    signal = make_signal()
    start_thread(signal.fire)
    assert signal.wait(10)


def test_a_signal_that_is_not_fired_times_out() -> None:
    assert not make_signal().wait(0.01)


def test_offloading_runs_in_place_where_threads_are_threads() -> None:
    assert Offloader(1).run(threading.get_ident) == threading.get_ident()


def test_offloading_raises_what_the_work_raises() -> None:
    with pytest.raises(NoFaceError, match="nobody"):
        Offloader(1).run(_fail)


def _fail() -> None:
    raise NoFaceError("nobody")


def test_patched_a_signal_crosses_into_the_hub_while_greenlets_run() -> None:
    run_patched(
        """
        import time, gevent
        from face_service.concurrency.native import start_thread
        from face_service.concurrency.signal import make_signal
        sleep = monkey.get_original("time", "sleep")
        ticks = []
        ticker = gevent.spawn(lambda: [(ticks.append(1), gevent.sleep(0.01)) for _ in range(1000)])
        signal = make_signal()
        start_thread(lambda: (sleep(0.3), signal.fire()))
        assert signal.wait(10)
        assert len(ticks) > 10, len(ticks)
        print("ok")
        """
    )


def test_patched_a_signal_may_fire_before_during_and_after_the_wait() -> None:
    run_patched(
        """
        import gevent
        from face_service.concurrency.native import start_thread
        from face_service.concurrency.signal import make_signal
        early = make_signal()
        start_thread(early.fire)
        gevent.sleep(0.05)
        assert early.wait(10)
        late = make_signal()
        assert not late.wait(0.01)
        late.fire()
        many = [make_signal() for _ in range(200)]
        for signal in many:
            start_thread(signal.fire)
        assert all(signal.wait(10) for signal in many)
        print("ok")
        """
    )


def test_patched_a_worker_serves_greenlets_from_one_native_thread() -> None:
    run_patched(
        """
        import time, gevent, numpy as np
        from face_service.models.worker import GraphWorker
        get_ident = monkey.get_original("_thread", "get_ident")
        sleep = monkey.get_original("time", "sleep")
        threads = set()

        class Runner:
            batch_sizes = (1, 2, 4)
            input_shape = (None, 1, 1, 1)
            def run(self, batch):
                threads.add(get_ident())
                sleep(0.002)
                return (batch * 2,)

        worker = GraphWorker("fake", 1000)
        worker.start(Runner)
        assert worker.wait_until_loaded(10)
        def ask(value):
            return float(worker.run([np.array(value)], time.monotonic() + 20)[0][0])
        jobs = [gevent.spawn(ask, value) for value in range(200)]
        gevent.joinall(jobs, raise_error=True)
        assert [job.value for job in jobs] == [2 * value for value in range(200)]
        assert len(threads) == 1 and get_ident() not in threads
        print("ok")
        """
    )


def test_patched_observers_are_told_by_greenlets_alone() -> None:
    run_patched(
        """
        import time, gevent, numpy as np
        from face_service.concurrency.offload import Offloader
        from face_service.models.worker import GraphWorker
        from face_service.observing import observed
        get_ident = monkey.get_original("_thread", "get_ident")
        told, worked = [], set()

        class Observer:
            def observe_stage(self, stage, seconds):
                told.append((stage, get_ident()))
            def observe_batch(self, role, size, seconds):
                told.append((role, get_ident()))

        class Runner:
            batch_sizes = (1,)
            input_shape = (None, 1, 1, 1)
            def run(self, batch):
                worked.add(get_ident())
                return (batch,)

        worker = GraphWorker("fake", 1000, Observer())
        worker.start(Runner)
        assert worker.wait_until_loaded(10)
        offloader = Offloader(2)
        def ask(value):
            with observed(Observer(), "crop") as watch:
                offloader.run(watch.timed(lambda: worked.add(get_ident())))
            worker.run([np.array(value)], time.monotonic() + 20)
        gevent.joinall([gevent.spawn(ask, value) for value in range(50)], raise_error=True)
        assert sorted(name for name, _ in told) == ["crop"] * 50 + ["fake"] * 50
        assert {thread for _, thread in told} == {get_ident()}
        assert get_ident() not in worked
        print("ok")
        """
    )


def test_patched_offloading_leaves_the_hub_free_and_prints_no_traceback() -> None:
    run_patched(
        """
        import gevent
        from face_service.concurrency.offload import Offloader
        from face_service.errors import NoFaceError
        sleep = monkey.get_original("time", "sleep")
        ticks = []
        gevent.spawn(lambda: [(ticks.append(1), gevent.sleep(0.01)) for _ in range(1000)])
        offloader = Offloader(2)
        offloader.run(sleep, 0.3)
        assert len(ticks) > 10, len(ticks)
        def fail():
            raise NoFaceError("nobody")
        try:
            offloader.run(fail)
        except NoFaceError:
            print("ok")
        """
    )


def test_native_threads_are_not_greenlets() -> None:
    done = threading.Event()
    idents: list[int] = []

    def note() -> None:
        idents.append(threading.get_ident())
        done.set()

    start_thread(note)
    assert done.wait(10)
    assert idents[0] != threading.get_ident()


def test_patched_native_threads_and_greenlets_log_at_the_same_time() -> None:
    run_patched(
        """
        import io, logging, sys
        import gevent, gevent.threadpool
        sys.stderr = io.StringIO()
        from face_service.logs import configure_logging
        configure_logging("INFO", "text")
        log = logging.getLogger("face_service.test")

        def write(pause):
            for number in range(1000):
                log.info("line %d", number)
                if pause and number % 50 == 0:
                    gevent.sleep(0)

        pool = gevent.threadpool.ThreadPool(4)
        jobs = [pool.spawn(write, False) for _ in range(4)]
        jobs += [gevent.spawn(write, True) for _ in range(4)]
        with gevent.Timeout(30):
            for job in jobs:
                job.get()
        written, sys.stderr = sys.stderr.getvalue(), sys.__stderr__
        assert written.count("line") == 8000, written.count("line")
        print("ok")
        """
    )


def test_patched_folders_are_closed_in_native_threads_that_have_a_loop(tmp_path: Path) -> None:
    run_patched(
        f"""
        import os
        from pathlib import Path
        import gevent, gevent.threadpool
        from face_service.store.atomic import sync_folder

        pool = gevent.threadpool.ThreadPool(1)
        pool.spawn(gevent.get_hub).get()  # as any contended lock of gevent's makes one
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            pool.spawn(sync_folder, Path({str(tmp_path)!r})).get()
        assert len(os.listdir("/proc/self/fd")) <= before
        print("ok")
        """
    )
