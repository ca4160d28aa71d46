import os
import re
import time
from pathlib import Path

import pytest

from face_service.errors import BusyError, TaskNotFoundError
from face_service.store.tasks import TaskStore

TTL = 600
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
LOST = {"status": "failed", "error": "the task was lost", "code": "TASK_LOST"}


def make_store(folder: Path, limit: int = 10) -> TaskStore:
    return TaskStore(folder, TTL, limit, longest=30)


def age(folder: Path, task_id: str, seconds: float) -> None:
    """Make a task look as if it had been written ``seconds`` ago."""
    written = time.time() - seconds
    os.utime(folder / f"{task_id}.json", (written, written))


def test_a_new_task_is_processing_under_a_random_uuid(tmp_path: Path) -> None:
    store = make_store(tmp_path / "tasks")
    ids = [store.create() for _ in range(2)]
    assert ids[0] != ids[1]
    assert all(re.fullmatch(UUID, task_id) for task_id in ids)
    assert store.read(ids[0]) == {"status": "processing"}


def test_a_finished_task_has_the_state_it_was_given(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    first, second = store.create(), store.create()
    state = {"status": "success", "faces": [[1, 2.5, None]], "note": "验证通过"}
    store.finish(first, state)
    assert store.read(first) == state
    assert store.read(second) == {"status": "processing"}


def test_any_process_answers_for_the_tasks_of_another(tmp_path: Path) -> None:
    task_id = make_store(tmp_path).create()
    make_store(tmp_path).finish(task_id, {"status": "success"})
    assert make_store(tmp_path).read(task_id) == {"status": "success"}


def test_a_task_past_its_time_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path)
    task_id = store.create()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 29)
    assert store.read(task_id) == {"status": "processing"}
    monkeypatch.setattr(time, "time", lambda: now + 31)
    assert store.read(task_id) == LOST


def test_a_task_that_finished_in_time_is_not_lost_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    task_id = store.create()
    store.finish(task_id, {"status": "success"})
    later = time.time() + 31
    monkeypatch.setattr(time, "time", lambda: later)
    assert store.read(task_id) == {"status": "success"}


@pytest.mark.parametrize(
    "task_id",
    [
        "",
        "00000000-0000-0000-0000-000000000000",
        "00000000000000000000000000000000",
        "{id}\n",
        "{id}.json",
        "{id}-copy",
        "./{id}",
        "../tasks/{id}",
        "../secret",
        "/etc/passwd",
        "secret",
        "\0",
    ],
)
def test_an_unknown_or_malformed_id_is_not_found(tmp_path: Path, task_id: str) -> None:
    folder = tmp_path / "tasks"
    store = make_store(folder)
    known = store.create()
    copy = folder / f"{known}-copy.json"
    for secret in (folder / "secret.json", tmp_path / "secret.json", copy):
        secret.write_text('{"status": "secret"}')
    with pytest.raises(TaskNotFoundError, match=r"^no such task; it may have expired$"):
        store.read(task_id.format(id=known))


def test_a_task_expires(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    task_id = store.create()
    age(tmp_path, task_id, TTL - 60)
    assert store.read(task_id) == {"status": "processing"}
    age(tmp_path, task_id, TTL + 1)
    with pytest.raises(TaskNotFoundError):
        store.read(task_id)


def test_finishing_starts_the_age_anew(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    task_id = store.create()
    age(tmp_path, task_id, TTL + 1)
    store.finish(task_id, {"status": "success"})
    assert store.read(task_id) == {"status": "success"}


def test_more_tasks_than_allowed_are_refused_until_one_expires(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=2)
    first, second = store.create(), store.create()
    with pytest.raises(BusyError, match=r"^2 tasks are kept already$"):
        store.create()
    store.finish(second, {"status": "success"})  # who is in may always finish
    age(tmp_path, first, TTL + 1)
    assert store.read(store.create()) == {"status": "processing"}
    assert not (tmp_path / f"{first}.json").exists()


@pytest.mark.parametrize("longest", [5, 30])
def test_no_task_is_processing_for_longer_than_the_store_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longest: float
) -> None:
    store = TaskStore(tmp_path, TTL, 10, longest)
    task_id, now = store.create(), time.time()
    monkeypatch.setattr(time, "time", lambda: now + longest - 1)
    assert store.read(task_id) == {"status": "processing"}
    monkeypatch.setattr(time, "time", lambda: now + longest + 1)
    assert store.read(task_id) == LOST


def test_when_full_a_task_that_can_no_longer_be_at_work_makes_room(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=3)
    ids = [store.create() for _ in range(3)]
    store.finish(ids[1], {"status": "success"})
    for task_id, seconds in zip(ids, (31, 40, 0), strict=True):
        age(tmp_path, task_id, seconds)
    assert store.read(store.create()) == {"status": "processing"}
    with pytest.raises(TaskNotFoundError):
        store.read(ids[1])
    assert [store.read(task_id) for task_id in (ids[0], ids[2])] == [{"status": "processing"}] * 2


def test_when_full_a_task_that_may_be_at_work_is_kept(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=1)
    task_id = store.create()
    age(tmp_path, task_id, 10)
    with pytest.raises(BusyError, match=r"^1 tasks are kept already$") as caught:
        store.create()
    assert 15 <= caught.value.retry_after <= 20
    assert store.read(task_id) == {"status": "processing"}


def test_sweeping_deletes_expired_tasks_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    expired, kept = store.create(), store.create()
    age(tmp_path, expired, TTL + 1)
    age(tmp_path, kept, TTL - 60)
    store.sweep()
    assert [file.name for file in tmp_path.iterdir()] == [f"{kept}.json"]
