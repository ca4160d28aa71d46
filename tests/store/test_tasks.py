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
    return TaskStore(folder, TTL, limit)


def age(folder: Path, task_id: str, seconds: float) -> None:
    """Make a task look as if it had been written ``seconds`` ago."""
    written = time.time() - seconds
    os.utime(folder / f"{task_id}.json", (written, written))


def test_a_new_task_is_processing_under_a_random_uuid(tmp_path: Path) -> None:
    store = make_store(tmp_path / "tasks")
    ids = [store.create(30) for _ in range(2)]
    assert ids[0] != ids[1]
    assert all(re.fullmatch(UUID, task_id) for task_id in ids)
    assert store.read(ids[0]) == {"status": "processing"}


def test_a_finished_task_has_the_state_it_was_given(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    first, second = store.create(30), store.create(30)
    state = {"status": "success", "faces": [[1, 2.5, None]], "note": "验证通过"}
    store.finish(first, state)
    assert store.read(first) == state
    assert store.read(second) == {"status": "processing"}


def test_any_process_answers_for_the_tasks_of_another(tmp_path: Path) -> None:
    task_id = make_store(tmp_path).create(30)
    make_store(tmp_path).finish(task_id, {"status": "success"})
    assert make_store(tmp_path).read(task_id) == {"status": "success"}


def test_a_task_past_its_time_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path)
    task_id = store.create(30)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 29)
    assert store.read(task_id) == {"status": "processing"}
    monkeypatch.setattr(time, "time", lambda: now + 31)
    assert store.read(task_id) == LOST


def test_a_task_that_finished_in_time_is_not_lost_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    task_id = store.create(30)
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
    known = store.create(30)
    copy = folder / f"{known}-copy.json"
    for secret in (folder / "secret.json", tmp_path / "secret.json", copy):
        secret.write_text('{"status": "secret"}')
    with pytest.raises(TaskNotFoundError, match=r"^no such task; it may have expired$"):
        store.read(task_id.format(id=known))


def test_a_task_expires(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    task_id = store.create(30)
    age(tmp_path, task_id, TTL - 60)
    assert store.read(task_id) == {"status": "processing"}
    age(tmp_path, task_id, TTL + 1)
    with pytest.raises(TaskNotFoundError):
        store.read(task_id)


def test_finishing_starts_the_age_anew(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    task_id = store.create(30)
    age(tmp_path, task_id, TTL + 1)
    store.finish(task_id, {"status": "success"})
    assert store.read(task_id) == {"status": "success"}


def test_more_tasks_than_allowed_are_refused_until_one_expires(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=2)
    first, second = store.create(30), store.create(30)
    with pytest.raises(BusyError, match=r"^2 tasks are kept already$"):
        store.create(30)
    store.finish(second, {"status": "success"})  # who is in may always finish
    age(tmp_path, first, TTL + 1)
    assert store.read(store.create(30)) == {"status": "processing"}
    assert not (tmp_path / f"{first}.json").exists()
