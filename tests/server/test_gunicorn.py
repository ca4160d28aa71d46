"""``gunicorn -w 2 -k gevent flask_run:app``: forked workers that run graphs."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.fakes.pictures import face_file
from tests.server.running import Server, enrol, gunicorn


def wait_for_both_workers(server: Server) -> None:
    """Wait until each worker has logged that its graphs are ready."""
    give_up = time.monotonic() + 90
    while server.log.count("ready seconds=") < 2:
        assert time.monotonic() < give_up, server.log
        time.sleep(0.1)


@pytest.mark.parametrize("arguments", [(), ("--preload",)])
def test_forked_workers_run_graphs_and_share_the_stores(
    tmp_path: Path, fake_graphs: Path, arguments: tuple[str, ...]
) -> None:
    with gunicorn(tmp_path, fake_graphs, *arguments) as server:
        wait_for_both_workers(server)
        assert server.post("/face_register", face_file(1)).text == "success"
        people = [1 + index % 2 for index in range(32)]
        pictures = {1: face_file(1), 2: face_file(2)}
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda who: server.post("/face_login", pictures[who]), people))
        assert [answer.text for answer in answers] == ["success", "fail"] * 16
        task_id = server.post("/async_detect", face_file(1)).json()["task_id"]
        states = []
        for _ in range(40):  # new connections, so that both workers are asked
            states.append(server.get(f"/task/{task_id}").json()["status"])
            time.sleep(0.02)
        assert states[-1] == "done"
        assert set(states) <= {"processing", "done"}


def test_an_enrolment_through_one_worker_is_seen_by_the_other_at_once(
    tmp_path: Path, fake_graphs: Path
) -> None:
    with gunicorn(tmp_path, fake_graphs) as server:
        wait_for_both_workers(server)
        for number in range(20):
            path = f"{server.url}/v1/subjects/person{number}"
            enrol(server, number)
            # Each on a new connection: some reach the other worker.
            assert [requests.get(path, timeout=30).status_code for _ in range(4)] == [200] * 4
            assert requests.delete(path, timeout=30).status_code == 200
            assert [requests.get(path, timeout=30).status_code for _ in range(4)] == [404] * 4


def test_strangers_are_warned_of_once(tmp_path: Path, fake_graphs: Path) -> None:
    with gunicorn(tmp_path, fake_graphs, "-b", "0.0.0.0:0", ready=False) as server:
        first_answer(server, "/healthz")
        assert server.log.count("there is no API key. Make one") == 1


def test_each_worker_answers(tmp_path: Path, fake_graphs: Path) -> None:
    log_pids = ("--access-logfile", "-", "--access-logformat", "pid=%(p)s")
    with gunicorn(tmp_path, fake_graphs, *log_pids) as server:
        wait_for_both_workers(server)
        # New connections until both processes have served a picture.
        give_up = time.monotonic() + 60
        seen: set[str] = set()
        while len(seen) < 2 and time.monotonic() < give_up:
            with ThreadPoolExecutor(8) as pool:
                posted = pool.map(lambda _: server.post("/verify_face", face_file(1)), range(16))
                assert {answer.status_code for answer in posted} == {404}  # nobody registered
            seen = {line for line in server.log.splitlines() if line.startswith("pid=")}
        assert len(seen) == 2


def test_a_missing_graph_leaves_workers_alive_and_unready(tmp_path: Path) -> None:
    with gunicorn(tmp_path, tmp_path / "nothing", ready=False) as server:
        answer = first_answer(server, "/readyz")
        assert answer.status_code == 503
        assert "graph is missing; run `python -m face_service build-graphs`" in answer.text
        assert server.get("/healthz").status_code == 200


def first_answer(server: Server, route: str) -> requests.Response:
    """Ask until the server listens and its worker has looked for the graphs."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with suppress(requests.ConnectionError):
            answer = server.get(route)
            if "still loading" not in answer.text:
                return answer
        time.sleep(0.1)
    raise AssertionError(server.log)
