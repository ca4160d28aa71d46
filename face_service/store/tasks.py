"""States of asynchronous tasks, as files, so that any process can answer for any task."""

import json
import math
import re
import time
import uuid
from pathlib import Path
from typing import Any

from face_service.errors import TaskNotFoundError
from face_service.store.atomic import write_atomically
from face_service.store.expiring import ExpiringFolder

_TASK_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PROCESSING = "processing"


class TaskStore:
    """One JSON file a task in ``folder``, until it expires."""

    def __init__(self, folder: Path, ttl: float, limit: int, longest: float) -> None:
        """Keep states in ``folder``; no task works longer than ``longest`` seconds."""
        self._files = ExpiringFolder(folder, frozenset({".json"}), ttl, limit, min_age=longest)
        self._longest = longest

    def sweep(self) -> None:
        """Delete what has expired."""
        self._files.sweep()

    def create(self) -> str:
        """Return the id of a new task in state "processing".

        A task whose process died is not processing forever: see :meth:`read`.

        Raises:
            BusyError: as many tasks as allowed are kept already, all of them recent.
        """
        self._files.make_room("tasks")
        task_id = str(uuid.uuid4())
        self._write(task_id, {"status": PROCESSING, "until": time.time() + self._longest})
        return task_id

    def finish(self, task_id: str, state: dict[str, Any]) -> None:
        """Replace the state of a task."""
        self._write(task_id, state)

    def read(self, task_id: str) -> dict[str, Any]:
        """Return the state of a task.

        Raises:
            TaskNotFoundError: no task has this id, or it has expired.
        """
        content = self._files.read(f"{task_id}.json") if _TASK_ID.fullmatch(task_id) else None
        if content is None:
            raise TaskNotFoundError("no such task; it may have expired")
        state: dict[str, Any] = json.loads(content)
        if state.pop("until", math.inf) < time.time():
            return {"status": "failed", "error": "the task was lost", "code": "TASK_LOST"}
        return state

    def _write(self, task_id: str, state: dict[str, Any]) -> None:
        path = self._files.folder / f"{task_id}.json"
        write_atomically(path, json.dumps(state).encode(), durable=False)
