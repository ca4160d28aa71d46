import base64
import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_service.composition import Parts
from face_service.errors import (
    EmbeddingMismatchError,
    ImportRefusedError,
    InvalidSubjectError,
    ServiceError,
    SubjectFullError,
)
from face_service.people import exchange
from face_service.people.enrolment import EnrolOptions
from face_service.people.exchange import (
    ImportOutcome,
    ImportTarget,
    export_lines,
    import_faces,
    join_lines,
)
from face_service.store.feature_file import FeatureFile, format_embedding
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Face, NewFace
from face_service.store.gallery.limits import GalleryLimits
from tests.fakes.pictures import face_file
from tests.people.conftest import small_file, unit

CARD = "0123456789abcdef"
TARGET = ImportTarget(CARD, 128)
HEADER = {"format": "face-export", "version": 1, "fingerprint": CARD}
END = {"end": True, "faces": 1}


@pytest.fixture
def gallery(tmp_path: Path) -> FlatFileGallery:
    return FlatFileGallery(tmp_path / "new")


def line_of(number: int, **changes: Any) -> dict[str, Any]:
    """Return a face of an export as its JSON."""
    vector = base64.b64encode(unit(number).astype("<f4").tobytes()).decode()
    table = {
        "subject": f"s{number}",
        "face": f"{number:016x}",
        "time": "2024-02-29T12:00:00.123+00:00",
        "source": "api",
        "quality": {"score": 0.9},
        "forced": ["BLURRED"],
        "vector": vector,
    }
    return {name: value for name, value in {**table, **changes}.items() if value is not None}


def file_of(*lines: dict[str, Any] | str) -> io.BytesIO:
    """Return a file of JSON lines, or of lines as they are."""
    whole = (*lines, END)
    texts = [line if isinstance(line, str) else dumps(line) for line in whole]
    return io.BytesIO("".join(text + "\n" for text in texts).encode())


def dumps(table: dict[str, Any]) -> str:
    return json.dumps(table, separators=(",", ":"))


def exported(gallery: FlatFileGallery, card: str = CARD) -> io.BytesIO:
    return io.BytesIO(b"".join(export_lines(gallery, card)))


def seen(gallery: FlatFileGallery) -> list[tuple[Any, ...]]:
    """Return all there is to say of each face."""
    return [_all_of(face) for face in gallery.iterate()]


def _all_of(face: Face) -> tuple[Any, ...]:
    head = (face.id, face.subject, face.time, face.fingerprint, face.source)
    return (*head, dict(face.quality), tuple(face.forced), face.embedding.tobytes())


def refusal(gallery: FlatFileGallery, file: io.BytesIO, subject: str | None = None) -> ServiceError:
    """Return the error of an import that adds nothing."""
    with pytest.raises(ServiceError) as caught:
        import_faces(gallery, file, TARGET, subject)
    assert gallery.count() == (0, 0)
    return caught.value


def test_round_trip_keeps_every_bit(parts: Parts, gallery: FlatFileGallery) -> None:
    how = EnrolOptions(force=True, source="phone")
    parts.enrolment.enrol("張 é", [face_file(1), small_file(2)], how)
    parts.enrolment.enrol("bob", [face_file(3)], EnrolOptions())
    card = parts.engine.embedder.fingerprint
    target = ImportTarget(card, 128)
    outcome = import_faces(gallery, exported(parts.gallery), target, None)
    assert outcome == ImportOutcome(3, 0)
    assert seen(gallery) == seen(parts.gallery)
    assert exported(gallery).getvalue() == exported(parts.gallery).getvalue()


def test_header_says_what_the_faces_are(gallery: FlatFileGallery) -> None:
    gallery.add([NewFace("ann", unit(1), "of the gallery", "api")])
    header, _, end = (json.loads(line) for line in export_lines(gallery, "loaded"))
    assert header == {**HEADER, "fingerprint": "of the gallery"}
    assert end == END


def test_empty_gallery_exports_a_header_that_can_be_imported(gallery: FlatFileGallery) -> None:
    file = exported(gallery)
    assert [json.loads(line) for line in file] == [HEADER, {**END, "faces": 0}]
    file.seek(0)
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(0, 0)


def test_export_that_was_cut_off_at_a_line_is_refused(gallery: FlatFileGallery) -> None:
    whole = file_of(HEADER, line_of(1), line_of(2)).getvalue().splitlines(keepends=True)
    error = refusal(gallery, io.BytesIO(b"".join(whole[:-1])))
    assert error.message == "the export is cut off: its last line is missing"
    assert gallery.count() == (0, 0)


def test_what_follows_the_end_is_not_passed_over(gallery: FlatFileGallery) -> None:
    twice = file_of(HEADER, line_of(1)).getvalue() + file_of(HEADER, line_of(2)).getvalue()
    error = refusal(gallery, io.BytesIO(twice))
    assert error.message == "line 4: follows the export's last line"
    assert gallery.count() == (0, 0)


def test_repeated_import_adds_nothing(gallery: FlatFileGallery) -> None:
    file = file_of(HEADER, line_of(1), line_of(2))
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(2, 0)
    before = seen(gallery)
    file.seek(0)
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(0, 2)
    assert seen(gallery) == before


def test_face_twice_in_a_file_is_added_once(gallery: FlatFileGallery) -> None:
    file = file_of(HEADER, line_of(1), line_of(1))
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(1, 1)


def test_interrupted_import_keeps_what_was_done_and_can_be_repeated(
    gallery: FlatFileGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_BATCH", 2)
    file = file_of(HEADER, *[line_of(number) for number in range(5)])
    steps = 0
    add = gallery.add

    def add_twice(faces: list[NewFace]) -> list[Face]:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt
        return add(faces)

    with monkeypatch.context() as broken:
        broken.setattr(gallery, "add", add_twice)
        with pytest.raises(KeyboardInterrupt):
            import_faces(gallery, file, TARGET, None)
    reopened = FlatFileGallery(gallery._shared._journal.folder)
    assert reopened.count() == (4, 4)
    file.seek(0)
    assert import_faces(reopened, file, TARGET, None) == ImportOutcome(1, 4)
    assert [row[1] for row in seen(reopened)] == ["s0", "s1", "s2", "s3", "s4"]


def test_import_begins_where_the_file_stands(gallery: FlatFileGallery) -> None:
    file = io.BytesIO(b"before" + file_of(HEADER, line_of(1)).getvalue())
    file.seek(6)
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(1, 0)


def test_blank_lines_count_but_do_not_matter(gallery: FlatFileGallery) -> None:
    file = file_of(HEADER, "", line_of(1), "  ")
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(1, 0)
    bad = file_of(HEADER, "", "{}")
    with pytest.raises(ImportRefusedError, match=r"^line 3: "):
        import_faces(gallery, bad, TARGET, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject": None}, "line 3: subject: Field required"),
        ({"subject": "a/b"}, "line 3: a name cannot hold a slash or a backslash"),
        ({"face": "1"}, "line 3: face: String should match pattern '^[0-9a-f]{16}$'"),
        ({"face": "0" * 16 + "\n"}, "line 3: face: String should match pattern"),
        ({"time": "2024-02-29T12:00:00"}, "line 3: time: Input should have timezone info"),
        ({"time": "yesterday"}, "line 3: time: "),
        ({"time": "1969-12-31T23:59:59Z"}, "line 3: time: not between 1970 and 9999"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "line 3: time: not between 1970 and 9999"),
        ({"time": "9999-12-31T23:59:59-23:59"}, "line 3: time: not between 1970 and 9999"),
        ({"quality": {"score": "high"}}, "line 3: quality.score: "),
        ({"forced": ["x" * 51]}, "line 3: forced.0: "),
        ({"more": 1}, "line 3: more: Extra inputs are not permitted"),
        ({"vector": "?"}, "line 3: vector: not base64 of float32"),
        ({"vector": "AAAA"}, "line 3: vector: not base64 of float32"),
        ({"vector": ""}, "line 3: expected 128 values, found 0"),
        (
            {"vector": base64.b64encode(np.full(128, np.nan, "<f4").tobytes()).decode()},
            "line 3: a value is not finite",
        ),
        (
            {"vector": base64.b64encode(np.zeros(128, "<f4").tobytes()).decode()},
            "line 3: expected a vector of length 1, found 0",
        ),
    ],
)
def test_damaged_face_is_refused_by_its_line_before_any_is_added(
    gallery: FlatFileGallery, changes: dict[str, Any], message: str
) -> None:
    error = refusal(gallery, file_of(HEADER, line_of(1), line_of(2, **changes)))
    assert isinstance(error, ImportRefusedError)
    assert error.message.startswith(message)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "no JSON",
        json.dumps(line_of(2))[:-1],
        json.dumps(line_of(2)).replace("0.9", "NaN"),
        json.dumps(line_of(2)).replace("0.9", "1e999"),
        json.dumps(line_of(2)).replace('"s2"', '"\\ud800"'),
        json.dumps(line_of(2)).replace('"score"', '"\\ud800"'),
        json.dumps(line_of(2)).replace('"api"', '"\\ud800"'),
        "[" * 100_000,
    ],
)
def test_line_that_is_no_face_is_refused(gallery: FlatFileGallery, line: str) -> None:
    error = refusal(gallery, file_of(HEADER, line_of(1), line))
    assert isinstance(error, ImportRefusedError)
    assert error.message.startswith("line 3: ")


def test_longest_line_passes_and_a_longer_one_does_not(
    gallery: FlatFileGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = len(json.dumps(line_of(1))) + 1
    monkeypatch.setattr(exchange, "_LONGEST_LINE", longest)
    longer = json.dumps(line_of(2)) + " "
    error = refusal(gallery, file_of(HEADER, line_of(1), longer))
    assert error.message == f"line 3: is longer than {longest} bytes"
    file = file_of(HEADER, line_of(1))
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(1, 0)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({**HEADER, "format": "other"}, "line 1: expected the format face-export version 1"),
        ({**HEADER, "version": 2}, "line 1: expected the format face-export version 1"),
        ({"format": "face-export", "version": 1}, "line 1: fingerprint: Field required"),
        (line_of(1), "line 1: format: Field required"),
        ("{", "line 1: JSON: Invalid JSON: "),
    ],
)
def test_header_must_be_that_of_an_export(
    gallery: FlatFileGallery, header: dict[str, Any] | str, message: str
) -> None:
    error = refusal(gallery, file_of(header, line_of(1)))
    assert isinstance(error, ImportRefusedError)
    assert error.message.startswith(message)


def test_header_of_a_newer_service_may_say_more(gallery: FlatFileGallery) -> None:
    file = file_of({**HEADER, "written_by": "2.0"}, line_of(1))
    assert import_faces(gallery, file, TARGET, None) == ImportOutcome(1, 0)


def test_export_of_another_card_is_refused(gallery: FlatFileGallery) -> None:
    error = refusal(gallery, file_of({**HEADER, "fingerprint": "other"}, line_of(1)))
    assert isinstance(error, EmbeddingMismatchError)
    assert CARD in error.message


def test_gallery_of_another_card_takes_nothing(gallery: FlatFileGallery) -> None:
    gallery.add([NewFace("ann", unit(9), "other", "api")])
    with pytest.raises(EmbeddingMismatchError):
        import_faces(gallery, file_of(HEADER, line_of(1)), TARGET, None)
    assert gallery.count() == (1, 1)


def test_vector_of_an_export_is_kept_as_it_is_though_it_was_rounded(
    gallery: FlatFileGallery,
) -> None:
    rounded = (unit(1) * np.float32(1.01)).astype("<f4")
    line = line_of(1, vector=base64.b64encode(rounded.tobytes()).decode())
    import_faces(gallery, file_of(HEADER, line), TARGET, None)
    (face,) = gallery.iterate()
    np.testing.assert_array_equal(face.embedding, rounded)


def test_full_subject_ends_an_import(tmp_path: Path) -> None:
    gallery = FlatFileGallery(tmp_path, GalleryLimits(max_subject_faces=1))
    file = file_of(HEADER, line_of(1), line_of(2, subject="s1"))
    with pytest.raises(SubjectFullError):
        import_faces(gallery, file, TARGET, None)


def test_export_takes_no_subject(gallery: FlatFileGallery) -> None:
    error = refusal(gallery, file_of(HEADER, line_of(1)), subject="ann")
    assert "leave 'subject' out" in error.message


@pytest.mark.parametrize("subject", [None, "ann"])
def test_empty_file_is_refused(gallery: FlatFileGallery, subject: str | None) -> None:
    assert refusal(gallery, io.BytesIO(), subject).message == "the file is empty"


def feature_file(values: str) -> io.BytesIO:
    return io.BytesIO(values.encode())


def test_feature_file_becomes_a_face_of_the_subject(gallery: FlatFileGallery) -> None:
    file = feature_file(format_embedding(unit(1)) + "\n")
    assert import_faces(gallery, file, TARGET, " ann ") == ImportOutcome(1, 0)
    (face,) = gallery.iterate()
    assert (face.subject, face.source, face.fingerprint) == ("ann", "feature.txt", CARD)
    np.testing.assert_array_equal(face.embedding, unit(1))


def test_feature_file_again_adds_nothing(gallery: FlatFileGallery) -> None:
    text = format_embedding(unit(1))
    assert import_faces(gallery, feature_file(text), TARGET, "ann") == ImportOutcome(1, 0)
    assert import_faces(gallery, feature_file(text), TARGET, "ann") == ImportOutcome(0, 1)
    assert import_faces(gallery, feature_file(text), TARGET, "bob") == ImportOutcome(1, 0)


def test_feature_file_rounded_by_a_demo_is_brought_to_unit_length(
    gallery: FlatFileGallery,
) -> None:
    text = ",".join(f"{value:.3f}" for value in unit(1))
    import_faces(gallery, feature_file(text), TARGET, "ann")
    (face,) = gallery.iterate()
    assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-6)
    assert np.abs(face.embedding - unit(1)).max() < 2e-3


def test_feature_file_needs_a_subject(gallery: FlatFileGallery) -> None:
    error = refusal(gallery, feature_file(format_embedding(unit(1))))
    assert isinstance(error, ImportRefusedError)
    assert "name its subject" in error.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5,x", "the feature file: value 2 is not a number"),
        ("nan," * 127 + "1", "the feature file: holds a value that is not finite"),
        ("0," * 127 + "0", "the feature file: expected a vector of length 1, found 0"),
        ("é", "the file is neither an export nor a feature.txt"),
    ],
)
def test_what_is_no_feature_file_is_refused(
    gallery: FlatFileGallery, text: str, message: str
) -> None:
    error = refusal(gallery, feature_file(text), "ann")
    assert isinstance(error, ImportRefusedError)
    assert error.message == message


def test_feature_file_of_another_length_is_of_another_graph(gallery: FlatFileGallery) -> None:
    error = refusal(gallery, feature_file(format_embedding(unit(1, 512))), "ann")
    assert isinstance(error, EmbeddingMismatchError)


def test_feature_file_needs_a_name_that_can_be_one(gallery: FlatFileGallery) -> None:
    error = refusal(gallery, feature_file(format_embedding(unit(1))), "..")
    assert isinstance(error, InvalidSubjectError)


@pytest.mark.parametrize(("stamp", "imported"), [(CARD, 1), ("other", 0), (None, 1)])
def test_own_slot_is_imported_unless_its_stamp_names_another_card(
    gallery: FlatFileGallery, tmp_path: Path, stamp: str | None, imported: int
) -> None:
    slot = FeatureFile(tmp_path)
    slot.write(unit(1), stamp or CARD)
    if stamp is None:
        (tmp_path / "feature.stamp.json").unlink()
    with (tmp_path / "feature.txt").open("rb") as file:
        if imported:
            assert import_faces(gallery, file, TARGET, "ann", slot) == ImportOutcome(1, 0)
        else:
            with pytest.raises(EmbeddingMismatchError, match="other"):
                import_faces(gallery, file, TARGET, "ann", slot)
    assert gallery.count() == (imported, imported)


def test_errors_and_log_show_neither_names_nor_vectors(
    gallery: FlatFileGallery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bad = line_of(2, subject="Zebedee", time="Zebedee")
    for line in (bad, line_of(2, subject="Zebedee/"), line_of(2, subject="Zebedee", vector="?")):
        message = refusal(gallery, file_of(HEADER, line)).message
        assert "Zebedee" not in message
        assert line_of(2)["vector"][:20] not in message
    assert caplog.text == ""


def test_lines_are_joined_to_pieces() -> None:
    lines = [b"aa\n", b"b\n", b"cccc\n", b"d\n"]
    assert list(join_lines(lines, 4)) == [b"aa\nb\n", b"cccc\n", b"d\n"]
    assert list(join_lines([], 4)) == []
    assert list(join_lines(lines, 1)) == lines
