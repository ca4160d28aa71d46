"""Metrics of several gunicorn workers: any of them answers for all."""

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.fakes.pictures import face_file
from tests.server.running import Server, enrol, gunicorn
from tests.server.test_gunicorn import wait_for_both_workers
from tests.web.scraping import Scrape, parse

LOG_PIDS = ("--access-logfile", "-", "--access-logformat", "pid=%(p)s %(U)s")
ROUTE = "/verify_face"
BLOCK_BYTES = 512
COUNTED = {"route": ROUTE, "method": "POST", "status": "404"}  # nobody is registered


def scrape(server: Server) -> Scrape:
    """Ask on a connection of its own: either worker may answer."""
    response = requests.get(f"{server.url}/metrics", timeout=30)
    assert response.status_code == 200, response.text
    return parse(response.text)


def folders() -> set[Path]:
    """Return the folders of metrics that there are, wherever."""
    places = {Path("/dev/shm"), Path(tempfile.gettempdir())}
    return {found for place in places for found in place.glob("face-metrics-*")}


def pids_in(folder: Path) -> set[str]:
    """Return the processes that count in a folder, by the names of their files."""
    return {file.stem.rpartition("_")[2] for file in folder.glob("*.db")}


def is_taken(file: Path) -> bool:
    """Whether all of a file is on the disk."""
    found = file.stat()
    return found.st_blocks * BLOCK_BYTES >= found.st_size


def workers_that_answered(server: Server, route: str) -> set[str]:
    return set(re.findall(rf"^pid=<?(\d+)>? {route}$", server.log, re.MULTILINE))


def until(condition: Callable[[], bool], server: Server) -> None:
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, server.log
        time.sleep(0.05)


def post_until_both_have_answered(server: Server) -> int:
    """Post pictures until each worker has had some; return how many were posted."""
    posted = 0
    while len(workers_that_answered(server, ROUTE)) < 2:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.post(ROUTE, face_file(1)), range(16)))
        assert {answer.status_code for answer in answers} == {404}
        posted += len(answers)
        assert posted < 1000, "one worker takes all"
    return posted


@pytest.mark.parametrize("arguments", [(), ("--preload",)])
def test_whichever_worker_answers_tells_the_sum(
    tmp_path: Path, fake_graphs: Path, arguments: tuple[str, ...]
) -> None:
    before = folders()
    with gunicorn(tmp_path, fake_graphs, *LOG_PIDS, *arguments) as server:
        wait_for_both_workers(server)
        posted = post_until_both_have_answered(server)
        # What a client has read, its worker may not have written down for the others yet.
        until(lambda: scrape(server).value("face_requests_total", **COUNTED) == posted, server)
        found = [scrape(server)]
        while len(workers_that_answered(server, "/metrics")) < 2 and len(found) < 500:
            found.append(scrape(server))
        assert len(workers_that_answered(server, "/metrics")) == 2
        for one in found:
            assert one.value("face_requests_total", **COUNTED) == posted
            assert one.value("face_request_seconds_count", **COUNTED) == posted
            assert one.value("face_stage_seconds_count", stage="decode") == posted
            assert one.value("face_batch_size_sum", graph="embedder") == posted
            assert one.value("face_queue_depth", graph="embedder") == 0
            assert one.value("face_gate_requests") == 0
            assert one.value("face_gallery_faces") == 0
            assert one.labels("face_build_info", "embedder") == {"fake-embedder"}
        until(lambda: scrape(server).value("face_ready") == 2, server)
        # Other servers may have begun meanwhile.
        pids = workers_that_answered(server, ROUTE)
        (own,) = (one for one in folders() - before if pids <= pids_in(one))
        sparse = [file.name for file in own.glob("*.db") if not is_taken(file)]
        assert sparse == [], "a full disk would kill who writes there"
    assert not own.exists()


def test_what_a_dead_worker_counted_stays_and_what_it_had_in_work_goes(
    tmp_path: Path, fake_graphs: Path
) -> None:
    with gunicorn(tmp_path, fake_graphs, *LOG_PIDS) as server:
        wait_for_both_workers(server)
        posted = post_until_both_have_answered(server)
        until(lambda: scrape(server).value("face_requests_total", **COUNTED) == posted, server)
        until(lambda: scrape(server).value("face_ready") == 2, server)
        os.kill(int(workers_that_answered(server, ROUTE).pop()), signal.SIGKILL)
        until(lambda: server.log.count("ready seconds=") == 3, server)
        until(lambda: scrape(server).value("face_ready") == 2, server)
        assert scrape(server).value("face_requests_total", **COUNTED) == posted
        assert scrape(server).value("face_requests_in_flight") == 1


def test_an_enrolment_through_one_worker_is_counted_by_the_other_at_once(
    tmp_path: Path, fake_graphs: Path
) -> None:
    with gunicorn(tmp_path, fake_graphs) as server:
        wait_for_both_workers(server)
        for number in range(1, 6):
            enrol(server, number)
            told = [scrape(server).value("face_gallery_faces") for _ in range(4)]
            assert told == [number] * 4


def test_another_configuration_leaves_each_worker_its_own(
    tmp_path: Path, fake_graphs: Path
) -> None:
    config = tmp_path / "gunicorn_other.py"
    config.write_text("")
    with gunicorn(tmp_path, fake_graphs, "-c", str(config)) as server:
        with requests.Session() as session:  # one connection, and so one worker
            for _ in range(3):
                assert session.get(f"{server.url}/healthz", timeout=30).status_code == 200
            found = parse(session.get(f"{server.url}/metrics", timeout=30).text)
        asked = {"route": "/healthz", "method": "GET", "status": "200"}
        assert found.value("face_requests_total", **asked) == 3
        assert found.value("face_requests_in_flight") == 1
