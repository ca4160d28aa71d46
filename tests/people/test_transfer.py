"""Export and import with the measure of the loaded graph; the lines are tested in test_exchange."""

import io

import pytest

from face_service.composition import Parts
from face_service.errors import EmbeddingMismatchError
from face_service.people.exchange import ImportOutcome
from face_service.store.feature_file import FeatureFile, format_embedding
from tests.people.conftest import new_face, unit


def test_what_goes_out_comes_in_again(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1), new_face(parts, "ben", 2)])
    exported = b"".join(parts.transfer.lines())
    parts.gallery.delete("ann")
    assert parts.transfer.take_in(io.BytesIO(exported), None) == ImportOutcome(1, 1)
    assert {face.subject for face in parts.gallery.iterate()} == {"ann", "ben"}


def test_the_slot_of_another_card_is_refused(parts: Parts) -> None:
    FeatureFile(parts.settings.face_dir).write(unit(1), "another card")
    slot = io.BytesIO((parts.settings.face_dir / "feature.txt").read_bytes())
    with pytest.raises(EmbeddingMismatchError, match="another card"):
        parts.transfer.take_in(slot, "ann")
    assert parts.gallery.count() == (0, 0)


def test_a_feature_file_from_elsewhere_is_taken(parts: Parts) -> None:
    file = io.BytesIO(format_embedding(unit(1)).encode())
    assert parts.transfer.take_in(file, "ann") == ImportOutcome(1, 0)
