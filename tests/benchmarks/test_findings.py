"""What the benchmarks make of what they measured."""

import base64

import numpy as np
import pytest

from benchmarks.harness.efficiency_report import Bare, Cell, Findings, goals
from benchmarks.harness.flood_report import Flood, Recovery, p99_ms
from benchmarks.harness.flood_report import goals as flood_goals
from benchmarks.harness.load import Outcome
from benchmarks.harness.machine import Clock, others_warnings
from benchmarks.harness.processes import Usage
from benchmarks.harness.queue_bound import QueueBound, most_let_in
from benchmarks.harness.service import export_lines, size
from benchmarks.soak import Sample, growth_percent

NOTHING = Usage(0.0, 0, 0)


def steady(rate: float, latency: float, seconds: int = 10) -> Outcome:
    """Answers 200 at an even rate."""
    made = Outcome(seconds=float(seconds))
    for number in range(int(rate * seconds)):
        made.add((number + 0.5) / rate - latency, latency, 200, None, 0)
    return made


def findings() -> Findings:
    found = Findings()
    found.bare["640x480"] = Bare(
        screening={"slow": 90, "fast": 99},
        rates={"slow": [50, 50], "fast": [100, 80]},
        latencies=[[0.020, 0.020], [0.030, 0.030]],
    )
    one, many = Cell("/face_login", "640x480", clients=1), Cell("/v1/identify", "640x480", 16)
    for rate, latency in ((20, 0.023), (20, 0.034)):
        found.add(one, steady(rate, latency), server_seconds=2.0)
    for rate in (90, 60):
        found.add(many, steady(rate, 0.1), server_seconds=9.0)
    return found


def test_throughput_is_set_against_the_best_bound_of_the_same_round() -> None:
    found = findings()
    assert found.bare["640x480"].best == "fast"
    ratios = found.ratios(Cell("/v1/identify", "640x480", clients=16))
    assert [ratios.low, ratios.high] == pytest.approx([0.75, 0.9])


def test_extra_latency_is_taken_round_by_round() -> None:
    extra = findings().extra_ms(Cell("/face_login", "640x480", clients=1))
    assert [extra.low, extra.high] == pytest.approx([3, 4])


def test_goals_are_those_of_which_there_are_figures() -> None:
    made = goals(findings())
    assert [goal.name for goal in made] == [
        "/face_login, 640x480, 1 client(s): p50 above the bound's",
        "/v1/identify, 640x480, 16 client(s): share of the bound",
    ]
    assert [goal.met for goal in made] == [True, False]


def test_the_capacity_is_the_greatest_median_throughput() -> None:
    found = findings()
    found.add(Cell("/face_login", "640x480", clients=4), steady(30, 0.1), 1.0)
    assert found.capacity("/face_login", "640x480") == pytest.approx(30)


def test_cpu_is_counted_per_request_sent() -> None:
    rounds = findings().cells[Cell("/face_login", "640x480", clients=1)]
    assert rounds.server_cpu == pytest.approx([10, 10])


def test_what_is_let_in_is_the_least_of_the_settings() -> None:
    environment = {"FACE_MAX_IN_WORK": "50", "FACE_MAX_PIXELS_IN_WORK": "4000"}
    assert most_let_in(environment, 1000).requests == 4
    assert most_let_in(environment, 10).requests == 50
    assert most_let_in(environment, 9000).requests == 1  # one is always let in
    assert most_let_in({"FACE_MAX_CONNECTIONS": "3"}, 10).because.endswith(
        "FACE_MAX_CONNECTIONS = 3"
    )


def flood(outcome: Outcome, probes: Outcome) -> Flood:
    recovery = Recovery(0.02, 1.5, [(0.5, 0.5, 503)])
    bound = QueueBound(128, "settings")
    return Flood(64.0, 256.0, bound, [(outcome, probes)], outcome, probes, recovery, NOTHING)


def test_an_accepted_request_may_wait_three_times_what_a_full_house_takes() -> None:
    found = flood(steady(60, 5.9), steady(20, 0.01))
    assert found.longest_wait == 6.0
    assert [goal.met for goal in flood_goals(found)] == [True, True, True, True]


def test_a_refusal_without_retry_after_misses_its_goal() -> None:
    outcome = steady(60, 1)
    outcome.add(1, 0.1, 503, None, 0)
    missed = [goal.name for goal in flood_goals(flood(outcome, steady(20, 0.01))) if not goal.met]
    assert missed == ["(b) answers neither 200 nor 503 with Retry-After"]


def test_a_probe_without_an_answer_counts_as_endless() -> None:
    probes = steady(20, 0.01)
    assert p99_ms(probes) == pytest.approx(10)
    for _ in range(10):
        probes.add(1, 0.001, 0, None, 0)
    assert p99_ms(probes) == float("inf")


def test_memory_grows_from_what_has_settled() -> None:
    sizes = [10, 50, 100, 100, 100, 100, 100, 101, 102, 102, 102, 103, 102]
    samples = [Sample(n * 10, float(n), value) for n, value in enumerate(sizes)]
    assert growth_percent(samples, settled=20) == pytest.approx(2)


def test_an_export_has_a_header_a_line_a_face_and_an_end() -> None:
    vectors = np.eye(2, dtype="<f4")
    first, *faces, last = export_lines(vectors, "abc")
    assert first == {"format": "face-export", "version": 1, "fingerprint": "abc"}
    assert last == {"end": True, "faces": 2}
    assert [face["subject"] for face in faces] == ["subject 0", "subject 1"]
    decoded = np.frombuffer(base64.b64decode(str(faces[1]["vector"])), "<f4")
    np.testing.assert_array_equal(decoded, vectors[1])


def test_sizes_are_width_and_height() -> None:
    assert size("640x480") == (640, 480)


def test_others_are_what_the_cores_did_beside_this_run() -> None:
    begin, end = Clock(0.0, 100.0, 10.0), Clock(10.0, 118.0, 22.0)
    assert end.others_since(begin, cores=2) == pytest.approx(0.3)
    assert len(others_warnings(0.3)) == 1
    assert others_warnings(0.05) == []
