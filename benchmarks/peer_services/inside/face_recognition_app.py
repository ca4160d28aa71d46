"""A small web service on the package face_recognition, as its documentation suggests one.

An uploaded picture's faces are found and encoded, and the first is compared with the known
encodings. They are kept in one file (KNOWN_FACES), which every worker reads on when it has grown:
more than the documented example does, so that two workers know the same people.
"""

import json
import os
from pathlib import Path
from typing import Any

import face_recognition
import numpy as np
from flask import Flask, request

_NO_FACE = 422


class KnownFaces:
    """The encodings in a file of JSON lines; names and vectors of 128 in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._names: list[str] = []
        self._vectors: list[Any] = []
        self._matrix = np.empty((0, 128))

    def add(self, name: str, vector: Any) -> None:
        """Append one person."""
        with self._path.open("a") as file:
            file.write(json.dumps([name, vector.tolist()]) + "\n")

    def nearest(self, vector: Any) -> tuple[str | None, float | None]:
        """Return the nearest person and the distance, None of nobody."""
        self._read_on()
        if not self._names:
            return None, None
        distances = face_recognition.face_distance(self._matrix, vector)
        best = int(np.argmin(distances))
        return self._names[best], float(distances[best])

    def _read_on(self) -> None:
        if not self._path.exists() or self._path.stat().st_size == self._read:
            return
        with self._path.open() as file:
            file.seek(self._read)
            while (line := file.readline()).endswith("\n"):
                name, vector = json.loads(line)
                self._names.append(name)
                self._vectors.append(vector)
                self._read = file.tell()
        self._matrix = np.array(self._vectors)


def create_app() -> Flask:
    """Return the application; its two routes take the form field ``file``."""
    app = Flask(__name__)
    known = KnownFaces(Path(os.environ["KNOWN_FACES"]))

    def encodings() -> list[Any]:
        picture = face_recognition.load_image_file(request.files["file"])
        return list(face_recognition.face_encodings(picture))

    @app.post("/enrol")
    def enrol() -> tuple[dict[str, Any], int]:
        found = encodings()
        if found:
            known.add(request.form["name"], found[0])
        return {"faces": len(found)}, 200 if found else _NO_FACE

    @app.post("/recognise")
    def recognise() -> tuple[dict[str, Any], int]:
        found = encodings()
        if not found:
            return {"faces": 0}, _NO_FACE
        name, distance = known.nearest(found[0])
        return {"faces": len(found), "name": name, "distance": distance}, 200

    return app
