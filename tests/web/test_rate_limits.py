"""How many requests a caller may send, and how many logins of a subject may fail."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from face_service.errors import RateLimitedError, SubjectLockedError
from face_service.store.api_keys import ApiKeys
from face_service.web.rate_limits import LoginLockout, RateLimits, is_loopback
from face_service.web.window_counters import WindowCounters
from tests.web.test_auth import bearer, make_app

STRANGER = "203.0.113.7"


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_caller_has_so_many_requests_in_a_minute(clock: Clock) -> None:
    limits = RateLimits(3, clock)
    for _ in range(3):
        limits.count(None, STRANGER)
    clock.now += 19.5
    with pytest.raises(RateLimitedError) as caught:
        limits.count(None, STRANGER)
    assert caught.value.retry_after == 41
    clock.now += 40.5
    for _ in range(3):
        limits.count(None, STRANGER)
    with pytest.raises(RateLimitedError):
        limits.count(None, STRANGER)


def test_keys_and_addresses_count_apart(clock: Clock) -> None:
    limits = RateLimits(1, clock)
    limits.count("a", STRANGER)
    limits.count("b", STRANGER)
    limits.count(None, STRANGER)
    with pytest.raises(RateLimitedError):
        limits.count("a", "198.51.100.1")
    with pytest.raises(RateLimitedError):
        limits.count("b", "127.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_no_limit_without_a_key(clock: Clock, address: str) -> None:
    limits = RateLimits(1, clock)
    for _ in range(5):
        limits.count(None, address)
    assert is_loopback(address)


def test_zero_sets_no_limit(clock: Clock) -> None:
    limits = RateLimits(0, clock)
    for _ in range(5):
        limits.count(None, STRANGER)


def test_addresses_of_one_ipv6_site_share_a_bucket(clock: Clock) -> None:
    limits = RateLimits(1, clock)
    first = limits.bucket_of("2001:db8:1:2::1")
    assert limits.bucket_of("2001:db8:1:2:ffff::9") == first
    assert limits.bucket_of("::ffff:203.0.113.7") == limits.bucket_of(STRANGER)
    sites = {limits.bucket_of(f"2001:db8:{number:x}::1") for number in range(200)}
    assert len(sites) > 150
    assert all(0 <= bucket < 65_536 for bucket in sites)


def test_who_shares_a_bucket_differs_among_processes() -> None:
    addresses = [f"203.0.113.{number}" for number in range(20)]
    one, other = RateLimits(1), RateLimits(1)
    assert [one.bucket_of(a) for a in addresses] != [other.bucket_of(a) for a in addresses]


@pytest.mark.parametrize("address", [None, "", "unix:", "\udcff"])
def test_a_peer_without_an_address_is_counted_as_well(clock: Clock, address: str | None) -> None:
    limits = RateLimits(1, clock)
    limits.count(None, address)
    with pytest.raises(RateLimitedError):
        limits.count(None, address)


def test_counters_that_are_over_do_not_pile_up(clock: Clock) -> None:
    counters = WindowCounters(clock)
    for number in range(10_000):
        clock.now += 1
        assert counters.incr(str(number), 60) == 1
        assert len(counters) <= 1024
    assert counters.get("9999") == 1
    clock.now += 60
    assert counters.get("9999") == 0


def test_counters_that_count_are_never_forgotten(clock: Clock) -> None:
    counters = WindowCounters(clock)
    for round_number in (1, 2):
        assert {counters.incr(str(n), 60) for n in range(5000)} == {round_number}
    assert counters.reset() == 5000
    counters.incr("a", 60)
    counters.clear("a")
    assert (counters.get("a"), len(counters), counters.check()) == (0, 0, True)


def test_requests_over_the_limit_are_answered_429(tmp_path: Path) -> None:
    client = make_app(tmp_path, rate_per_minute="2").test_client()
    client.environ_base["REMOTE_ADDR"] = STRANGER
    assert [client.get("/v1/trial").status_code for _ in range(3)] == [200, 200, 429]
    response = client.get("/v1/trial")
    assert response.mimetype == "application/problem+json"
    assert response.headers["X-Face-Code"] == "RATE_LIMITED"
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert client.post("/face_login").text.startswith("error RATE_LIMITED: more than 2 requests")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    assert client.get("/v1/trial").status_code == 200


def test_a_key_has_its_own_limit_and_wrong_tokens_have_the_addresss(tmp_path: Path) -> None:
    client = make_app(tmp_path, rate_per_minute="2").test_client()
    client.environ_base["REMOTE_ADDR"] = STRANGER
    _, token = ApiKeys(tmp_path / "face").create("desk", ["admin"])
    wrong = bearer(f"fk_{'1' * 16}_{'1' * 64}")
    tried = [client.get("/v1/trial", headers=wrong).status_code for _ in range(3)]
    assert tried == [401, 401, 429]
    right = [client.get("/v1/trial", headers=bearer(token)).status_code for _ in range(3)]
    assert right == [200, 200, 429]


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    client = make_app(tmp_path, rate_per_minute="2").test_client()
    client.environ_base["REMOTE_ADDR"] = STRANGER
    client.get("/v1/trial")
    assert threading.active_count() == before


def test_failures_lock_a_subject_for_a_while(clock: Clock) -> None:
    lockout = LoginLockout(3, 300, clock)
    for _ in range(3):
        lockout.check("anna")
        lockout.record("anna", match=False)
    clock.now += 0.5
    with pytest.raises(SubjectLockedError) as caught:
        lockout.check("anna")
    assert caught.value.retry_after == 300
    lockout.check("bert")
    clock.now += 299.5
    lockout.check("anna")
    lockout.record("anna", match=False)
    lockout.check("anna")


def test_failures_count_within_the_time_only(clock: Clock) -> None:
    lockout = LoginLockout(3, 300, clock)
    for _ in range(10):
        lockout.record("anna", match=False)
        clock.now += 150
        lockout.check("anna")


def test_failures_across_any_boundary_count(clock: Clock) -> None:
    lockout = LoginLockout(3, 300, clock)
    for pause in (0, 290, 5):
        clock.now += pause
        lockout.record("anna", match=False)
    with pytest.raises(SubjectLockedError):
        lockout.check("anna")


def test_a_match_makes_failures_forgotten_but_opens_no_lock(clock: Clock) -> None:
    lockout = LoginLockout(2, 300, clock)
    lockout.record("anna", match=False)
    lockout.record("anna", match=True)
    lockout.record("anna", match=False)
    lockout.check("anna")
    lockout.record("anna", match=False)
    with pytest.raises(SubjectLockedError):
        lockout.record("anna", match=True)
    with pytest.raises(SubjectLockedError):
        lockout.check("anna")


def test_of_many_logins_at_once_no_more_are_told_than_may_fail(clock: Clock) -> None:
    lockout = LoginLockout(3, 300, clock)
    for _ in range(10):
        lockout.check("anna")  # all begin before any has ended
    told = 0
    for _ in range(10):
        with suppress(SubjectLockedError):
            lockout.record("anna", match=False)
            told += 1
    assert told == 3


def test_failures_while_locked_do_not_prolong_the_lock(clock: Clock) -> None:
    lockout = LoginLockout(1, 300, clock)
    lockout.record("anna", match=False)
    clock.now += 299
    with pytest.raises(SubjectLockedError):
        lockout.record("anna", match=False)
    clock.now += 1
    lockout.check("anna")


def test_zero_failures_never_lock(clock: Clock) -> None:
    lockout = LoginLockout(0, 300, clock)
    for _ in range(100):
        lockout.record("anna", match=False)
    lockout.check("anna")


def test_many_subjects_drive_out_those_that_failed_longest_ago(clock: Clock) -> None:
    lockout = LoginLockout(2, 300, clock, max_subjects=3)
    lockout.record("locked", match=False)
    lockout.record("locked", match=False)
    for number in range(10):
        lockout.record(f"subject {number}", match=False)
    with pytest.raises(SubjectLockedError):
        lockout.check("locked")
    lockout.record("subject 0", match=False)  # its first failure was driven out
    lockout.check("subject 0")
    lockout.record("subject 9", match=False)
    with pytest.raises(SubjectLockedError):
        lockout.check("subject 9")


def test_failures_at_once_are_all_counted() -> None:
    lockout = LoginLockout(800, 300)

    def fail_often() -> None:
        for _ in range(100):
            lockout.record("anna", match=False)

    threads = [threading.Thread(target=fail_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(SubjectLockedError):
        lockout.check("anna")
