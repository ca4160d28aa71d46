"""``python flask_run.py``: gevent's server, monkey-patched, on fake graphs."""

import signal
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import requests
from urllib3 import encode_multipart_formdata

from face_service.store.api_keys import ApiKeys
from tests.fakes.graphs import write_fake_graphs, write_graph
from tests.fakes.pictures import blank_file, encode, face_file
from tests.server.running import Server, environment_for, flask_run, run_to_its_end


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Iterator[Server]:
    with flask_run(tmp_path_factory.mktemp("server"), fake_graphs) as running:
        yield running


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
    # One core for the graph, one for the rest: the event loop is measured, not the scheduler.
    serving = flask_run(tmp_path, slow_graphs, tf_intra_op_threads="1")
    with serving as server, ThreadPoolExecutor(1) as pool:
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
    # A held loop would delay one answer by the whole run; noise of the machine delays a few.
    assert sorted(delays)[int(0.95 * len(delays))] < 0.1
    assert max(delays) < 0.5


def test_what_is_over_is_refused_at_once_and_the_service_recovers(
    tmp_path: Path, slow_graphs: Path
) -> None:
    with flask_run(tmp_path, slow_graphs, max_in_work="2") as server:
        assert flood(server, 8) == [200, 200, 503, 503, 503, 503, 503, 503]
        assert server.post("/face_login", face_file(1)).text == "success"


def test_a_full_graph_queue_is_refused_at_once(tmp_path: Path, slow_graphs: Path) -> None:
    with flask_run(tmp_path, slow_graphs, queue_size="2") as server:
        # One is running, two wait.
        assert flood(server, 8) == [200, 200, 200, 503, 503, 503, 503, 503]


def flood(server: Server, count: int) -> list[int]:
    """Post pictures all at once; return the statuses, sorted, having checked the refusals."""
    with ThreadPoolExecutor(count) as pool:
        posted = pool.map(lambda _: server.post("/face_register", face_file(1)), range(count))
        answers = list(posted)
    for answer in answers:
        if answer.status_code == 503:
            assert answer.text.startswith("error BUSY: ")
            assert int(answer.headers["Retry-After"]) >= 1
    return sorted(answer.status_code for answer in answers)


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


def test_a_signal_under_load_ends_the_process_without_a_crash(
    tmp_path: Path, slow_graphs: Path
) -> None:
    """Exiting while TensorFlow runs aborts the process; accepted tasks make it run."""
    with flask_run(tmp_path, slow_graphs) as server:
        for _ in range(6):
            assert server.post("/async_detect", face_file(1)).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert "Traceback" not in server.log


def test_requests_in_flight_are_answered_before_the_end(tmp_path: Path, slow_graphs: Path) -> None:
    with flask_run(tmp_path, slow_graphs) as server, ThreadPoolExecutor(1) as pool:
        posted = pool.submit(server.post, "/face_register", face_file(1))
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        assert posted.result().text == "success"
        assert server.process.wait(20) == 0


def test_idle_connections_do_not_hold_up_the_end(tmp_path: Path, fake_graphs: Path) -> None:
    with flask_run(tmp_path, fake_graphs) as server, requests.Session() as session:
        session.get(f"{server.url}/healthz", timeout=10)  # kept alive
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(4) == 0, "less than requests in flight would be given"


def test_silent_connections_are_closed_and_make_room(tmp_path: Path, fake_graphs: Path) -> None:
    serving = flask_run(tmp_path, fake_graphs, max_connections="3", idle_seconds="0.5")
    with serving as server, ExitStack() as held:
        address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        beginnings = [b"", b"GET / HT", b"POST /upload HTTP/1.1\r\nContent-Length: 99\r\n\r\nabc"]
        for beginning in beginnings:
            silent = held.enter_context(socket.create_connection(address))
            silent.sendall(beginning)
        assert server.get("/healthz").status_code == 200
        assert "Traceback" not in server.log


def test_clients_that_leave_are_no_news(tmp_path: Path, slow_graphs: Path) -> None:
    with flask_run(tmp_path, slow_graphs) as server:
        address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        body, kind = encode_multipart_formdata({"file": ("a.png", face_file(1))})
        head = f"POST /face_login HTTP/1.1\r\nContent-Type: {kind}\r\n"
        for cut in (len(body), 500):
            with socket.create_connection(address) as leaving:
                leaving.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:cut])
                linger = struct.pack("ii", 1, 0)  # leave with a reset, not a farewell
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        assert server.post("/face_register", face_file(1)).text == "success"
        assert "Traceback" not in server.log


def test_what_is_no_request_leaves_neither_a_traceback_nor_its_bytes_in_the_log(
    tmp_path: Path, fake_graphs: Path
) -> None:
    with flask_run(tmp_path, fake_graphs, idle_seconds="0.5") as server:
        address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        for start in (
            b"GET /healthz HTTP/1.1\r\nHost: stops here\r\n",
            b"\xff Ann Example\r\n\r\n",
        ):
            with socket.create_connection(address, timeout=20) as client:
                client.sendall(start)
                assert client.recv(100).startswith(b"HTTP/1.1 400")
        assert server.get("/healthz").status_code == 200
        assert "Traceback" not in server.log
        assert "Ann" not in server.log


def test_other_requests_are_answered_while_a_large_picture_is_decoded(server: Server) -> None:
    large = encode(np.zeros((7000, 7000, 3), dtype=np.uint8))
    with ThreadPoolExecutor(4) as pool, requests.Session() as session:
        decoding = [pool.submit(server.post, "/face_login", large) for _ in range(4)]
        answered = 0
        while not all(future.done() for future in decoding):
            assert session.get(f"{server.url}/healthz", timeout=10).status_code == 200
            answered += 1
        assert {future.result().text for future in decoding} == {"fail"}
    assert answered > 20


def test_a_raw_byte_in_the_query_is_no_defect(server: Server) -> None:
    address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    with socket.create_connection(address) as raw:
        raw.sendall(b"GET /face_detect?url=\xff HTTP/1.0\r\n\r\n")
        answer = raw.recv(4096)
    assert b" 400 " in answer or b" 404 " in answer


def test_a_missing_graph_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    code, output = run_to_its_end(tmp_path, tmp_path / "nothing")
    assert code == 1
    assert "graph is missing; run `python -m face_service build-graphs` to build it" in output
    assert "Traceback" not in output


def test_a_wrong_graph_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs")
    write_graph(graphs / "landmark_mesh68.pb", lambda tf: tf.constant(1.0, name="lonely"))
    code, output = run_to_its_end(tmp_path, graphs)
    assert code == 1
    assert "landmark_mesh68.pb: no tensor" in output
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


def test_strangers_are_warned_of_until_there_is_a_key(tmp_path: Path, fake_graphs: Path) -> None:
    with flask_run(tmp_path, fake_graphs, host="0.0.0.0", ready=False) as server:
        assert "there is no API key. Make one (python -m face_service keys create" in server.log
        assert server.post("/verify_face", b"x").status_code != 401
        key, token = ApiKeys(tmp_path / "face").create("phone", ["recognize"])
        refused = server.post("/verify_face", b"x" * 1_000_000)
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
        headers = {"Authorization": f"Bearer {token}"}
        passed = requests.get(server.url + "/task/7", headers=headers, timeout=60)
        assert passed.status_code == 404
        assert f"key={key.id}" in server.log
    with flask_run(tmp_path, fake_graphs, host="0.0.0.0", ready=False) as server:
        assert "there is no API key" not in server.log
    (tmp_path / "other").mkdir()
    with flask_run(tmp_path / "other", fake_graphs, ready=False) as server:
        assert "there is no API key" not in server.log


def test_requests_over_the_limit_are_refused(tmp_path: Path, fake_graphs: Path) -> None:
    _, token = ApiKeys(tmp_path / "face").create("phone", ["recognize"])
    with flask_run(tmp_path, fake_graphs, ready=False, rate_per_minute="20") as server:
        url, headers = server.url + "/task/7", {"X-API-Key": token}
        with ThreadPoolExecutor(8) as pool:
            asked = pool.map(lambda _: requests.get(url, headers=headers, timeout=60), range(30))
            statuses = sorted(answer.status_code for answer in asked)
        assert statuses == [404] * 20 + [429] * 10
