"""The gallery against a dict: whatever is done, by two instances, both answer as the dict does."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from face_service.errors import (
    FaceNotFoundError,
    GalleryFullError,
    SubjectExistsError,
    SubjectFullError,
    SubjectNotFoundError,
)
from face_service.store.gallery import record, replay
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Face
from face_service.store.gallery.limits import GalleryLimits
from tests.store.gallery.enrolling import GRAPH, damage_line, journal, new_face, unit

NAMES = st.sampled_from(["Ada", "Bob", "Cem", "Dörte"])
LIMITS = GalleryLimits(max_faces=12, max_subject_faces=5)


class GalleryMachine(RuleBasedStateMachine):
    """``faces`` holds what must be there: id -> (subject, seed), in the order of enrolment."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.both = [FlatFileGallery(self.folder, LIMITS) for _ in range(2)]
        self.faces: dict[str, tuple[str, int]] = {}
        self.seed = 0

    def teardown(self) -> None:
        for gallery in self.both:
            gallery.close()
        shutil.rmtree(self.folder)

    @initialize(chunk=st.sampled_from([64, 1000, 1 << 20]))
    def choose_chunk(self, chunk: int) -> None:
        replay.CHUNK = chunk
        for gallery in self.both:
            gallery.close()

    def of(self, subject: str) -> list[str]:
        return [face for face, (name, _) in self.faces.items() if name == subject]

    @rule(
        who=st.integers(0, 1), subjects=st.lists(NAMES, min_size=1, max_size=3), swap=st.booleans()
    )
    def add(self, who: int, subjects: list[str], swap: bool) -> None:
        seeds = [self.seed + number for number in range(len(subjects))]
        self.seed += len(subjects)
        old = [face for name in set(subjects) for face in self.of(name)] if swap else []
        total = len(self.faces) - len(old) + len(subjects)
        most = max(subjects.count(name) + (0 if swap else len(self.of(name))) for name in subjects)
        new = [new_face(name, seed) for name, seed in zip(subjects, seeds, strict=True)]
        if most > LIMITS.max_subject_faces or total > LIMITS.max_faces:
            with pytest.raises((SubjectFullError, GalleryFullError)):
                self.both[who].add(new, replace=swap)
            return
        added = self.both[who].add(new, replace=swap)
        for face in old:
            del self.faces[face]
        for one, name, seed in zip(added, subjects, seeds, strict=True):
            self.faces[one.id] = (name, seed)

    @rule(who=st.integers(0, 1), subject=NAMES)
    def delete_subject(self, who: int, subject: str) -> None:
        faces = self.of(subject)
        if not faces:
            with pytest.raises(SubjectNotFoundError):
                self.both[who].delete(subject)
            return
        assert self.both[who].delete(subject) == len(faces)
        for face in faces:
            del self.faces[face]

    @rule(who=st.integers(0, 1), data=st.data(), subject=NAMES)
    def delete_face(self, who: int, data: st.DataObject, subject: str) -> None:
        face = data.draw(st.sampled_from([*self.faces, "0" * 16]))
        if face in self.of(subject):
            assert self.both[who].delete(subject, face) == 1
            del self.faces[face]
            return
        expected = FaceNotFoundError if self.of(subject) else SubjectNotFoundError
        with pytest.raises(expected):
            self.both[who].delete(subject, face)

    @rule(who=st.integers(0, 1), subject=NAMES, to=NAMES, merge=st.booleans())
    def rename(self, who: int, subject: str, to: str, merge: bool) -> None:
        moved, there = self.of(subject), self.of(to)
        expected: type[Exception] | None = None
        if not moved:
            expected = SubjectNotFoundError
        elif subject != to and there and not merge:
            expected = SubjectExistsError
        elif subject != to and len(moved) + len(there) > LIMITS.max_subject_faces:
            expected = SubjectFullError
        if expected:
            with pytest.raises(expected):
                self.both[who].rename(subject, to, merge=merge)
            return
        self.both[who].rename(subject, to, merge=merge)
        for face in moved:
            self.faces[face] = (to, self.faces[face][1])

    @rule(who=st.integers(0, 1))
    def compact(self, who: int) -> None:
        assert self.both[who].compact().faces == len(self.faces)
        assert self.both[who].problems == []

    @rule(who=st.integers(0, 1), opened=st.booleans())
    def reopen(self, who: int, opened: bool) -> None:
        self.both[who].close()
        self.both[who] = FlatFileGallery(self.folder, LIMITS)
        if opened:
            self.both[who].open()

    @precondition(lambda self: journal(self.folder).exists())
    @rule(
        subjects=st.lists(NAMES, min_size=1, max_size=3),
        kept=st.floats(0, 1, exclude_max=True),
    )
    def tear(self, subjects: list[str], kept: float) -> None:
        """A process dies while it writes: some of its step is there, not all its last record."""
        self.both[0].open()  # no writer appends to what another has left torn
        lines = record.encode_step(
            [
                record.add(Face(f"{number:016x}", name, 0.0, GRAPH, "torn", {}, (), unit(number)))
                for number, name in enumerate(subjects)
            ]
        )
        with journal(self.folder).open("ab") as file:
            file.write(lines[: int(kept * (len(lines) - 1))])

    @precondition(lambda self: self.faces)
    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        """A byte of a face's record changes on disk; both must start again to see it."""
        self.both[0].open()  # mends a torn end, so that no part of it is in the last line
        lines = journal(self.folder).read_bytes().splitlines()
        of_faces = {
            number: decoded["face"]
            for number, line in enumerate(lines, 1)
            if not replay._is_bad(line)
            and (decoded := record.decode(line))["op"] == "add"
            and decoded["face"] in self.faces
        }
        number = data.draw(st.sampled_from(sorted(of_faces)))
        damage_line(journal(self.folder), number)
        for gallery in self.both:
            gallery.close()
        del self.faces[of_faces[number]]
        assert (number, "checksum") in self.both[0].problems

    @invariant()
    def both_answer_as_the_dict(self) -> None:
        subjects = sorted({name for name, _ in self.faces.values()})
        for gallery in self.both:
            assert gallery.count() == (len(subjects), len(self.faces))
            page = gallery.list_subjects()
            assert [(s.name, s.faces) for s in page.subjects] == [
                (name, len(self.of(name))) for name in subjects
            ]
            found = list(gallery.iterate())
            assert [(face.id, face.subject) for face in found] == [
                (face, name) for face, (name, _) in self.faces.items()
            ]
            for face in found:
                np.testing.assert_array_equal(face.embedding, unit(self.faces[face.id][1]))
        self.search_finds_the_nearest()

    def search_finds_the_nearest(self) -> None:
        probe = unit(10**6)
        best: dict[str, float] = {}
        for name, seed in self.faces.values():
            far = float(np.linalg.norm(unit(seed).astype(np.float64) - probe))
            best[name] = min(best.get(name, 9.0), far)
        (found,) = self.both[self.seed % 2].search(probe[None], GRAPH, 3)
        assert [one.subject for one in found] == sorted(best, key=lambda name: best[name])[:3]
        for one in found:
            assert one.distance == pytest.approx(best[one.subject])
            assert self.faces[one.face_id][0] == one.subject


class TestGallery(GalleryMachine.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=150, stateful_step_count=25, deadline=None)

    @pytest.fixture(autouse=True)
    def restore_chunk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(replay, "CHUNK", replay.CHUNK)
