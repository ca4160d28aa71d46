import time

import pytest

from face_service.concurrency.offload import Offloader
from face_service.errors import DeadlineExceededError, NoFaceError
from tests.concurrency.test_patched import run_patched


def test_work_begun_by_its_deadline_gives_its_result() -> None:
    assert Offloader(1).run_by(time.monotonic() + 60, divmod, 17, 5) == (3, 2)


def test_named_arguments_reach_the_work() -> None:
    deadline = time.monotonic() + 60
    assert Offloader(1).run_by(deadline, sorted, [1, 3, 2], reverse=True) == [3, 2, 1]


def test_work_that_outlasts_its_deadline_is_still_finished() -> None:
    deadline = time.monotonic() + 0.2

    def outlast() -> str:
        while time.monotonic() <= deadline:
            time.sleep(0.01)
        return "done"

    assert Offloader(1).run_by(deadline, outlast) == "done"


def test_work_past_its_deadline_is_refused_and_not_begun() -> None:
    begun: list[int] = []
    message = r"^the request was not begun within the deadline$"
    with pytest.raises(DeadlineExceededError, match=message):
        Offloader(1).run_by(time.monotonic() - 0.001, begun.append, 1)
    assert not begun


def test_what_the_work_raises_is_raised() -> None:
    def fail() -> None:
        raise NoFaceError("nobody")

    with pytest.raises(NoFaceError, match="nobody"):
        Offloader(1).run_by(time.monotonic() + 60, fail)


def test_patched_work_that_waited_past_its_deadline_for_a_thread_is_not_begun() -> None:
    run_patched(
        """
        import time, gevent
        from face_service.concurrency.offload import Offloader
        from face_service.errors import DeadlineExceededError
        sleep = monkey.get_original("time", "sleep")
        offloader, begun = Offloader(1), []
        first = gevent.spawn(offloader.run, sleep, 0.5)
        gevent.sleep(0.1)
        patient = gevent.spawn(offloader.run_by, time.monotonic() + 30, begun.append, "patient")
        try:
            offloader.run_by(time.monotonic() + 0.1, begun.append, "late")
        except DeadlineExceededError:
            gevent.joinall([first, patient], raise_error=True)
            assert begun == ["patient"], begun
            print("ok")
        """
    )
