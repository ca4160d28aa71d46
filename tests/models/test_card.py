from dataclasses import replace
from pathlib import Path

import pytest

from face_service.errors import GraphError
from face_service.models.card import Decision, ModelCard, Source, read_card, write_card
from face_service.pipeline.preprocessing import (
    LEGACY_DETECTOR,
    MESH_LANDMARKER,
    REFERENCE_DETECTOR,
    REFERENCE_EMBEDDER,
    REFERENCE_LANDMARKER,
    REFERENCE_LIVENESS,
    DetectorPreprocessing,
    EmbedderPreprocessing,
)

SOURCE = Source("pack==1", "weights.bin", "ab" * 32, "MIT", "Apache-2.0", "a net × of a test")
FULL = ModelCard(
    role="embedder",
    name="a net",
    preprocessing=REFERENCE_EMBEDDER,
    graph_sha256="cd" * 32,
    decision=Decision(1.05, far=0.001, tar=0.99, calibrated_on="pairs"),
    source=SOURCE,
)
CARDS = {
    "full": FULL,
    "bare": ModelCard("detector", "bare", LEGACY_DETECTOR),
    "sized": ModelCard("detector", "sized", REFERENCE_DETECTOR, source=SOURCE),
    "landmarks": ModelCard("landmarker", "points", REFERENCE_LANDMARKER),
    "liveness": ModelCard("liveness", "alive", REFERENCE_LIVENESS, decision=Decision(0.04)),
    "landmarks seen twice": ModelCard("landmarker", "points", MESH_LANDMARKER),
    "unmeasured": replace(FULL, decision=Decision(0.3)),
}


@pytest.mark.parametrize("name", CARDS)
def test_card_reads_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_bytes(write_card(CARDS[name]))
    assert read_card(path) == CARDS[name]


def test_values_left_out_are_not_written() -> None:
    text = write_card(CARDS["bare"]).decode()
    assert "decision" not in text
    assert "source" not in text
    assert "picture_size" not in text


DETECTOR = """
role = "detector"
name = "net"
[preprocessing]
colour_order = "RGB"
picture_size = [320, 240]
score_floor = 0.3
choice = "largest"
"""


def _read(folder: Path, text: str) -> ModelCard:
    path = folder / "net.toml"
    path.write_text(text)
    return read_card(path)


def test_card_written_by_hand_is_read_with_its_defaults(tmp_path: Path) -> None:
    card = _read(tmp_path, DETECTOR)
    preprocessing = DetectorPreprocessing("RGB", (320, 240), 0.3, "largest")
    assert card == ModelCard("detector", "net", preprocessing, "", None, None)


def test_whole_number_is_taken_for_a_float(tmp_path: Path) -> None:
    card = _read(tmp_path, DETECTOR.replace("0.3", "1") + "[decision]\nthreshold = 1\nfar = 0\n")
    assert isinstance(card.preprocessing, DetectorPreprocessing)
    assert type(card.preprocessing.score_floor) is float
    assert card.decision == Decision(1.0, far=0.0)
    assert card.decision is not None
    assert type(card.decision.far) is float


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"detector"', '"judge"', "role: expected one of detector, embedder, landmarker, liveness"),
        ('role = "detector"', "", "role: expected one of detector, embedder, landmarker, liveness"),
        ('role = "detector"', "role = []", "role: expected one of detector, embedder, landmarker"),
        ('name = "net"', "", "missing, one of: name"),
        ('name = "net"', "name = 3", "name: expected str, found 3"),
        ('name = "net"', 'name = "net"\ncolor = 1', "unknown key 'color'; known: role, name"),
        ('name = "net"', 'name = "net"\ndecision = 3', "decision: expected a table, found 3"),
        ("[preprocessing]", "[prepocessing]", "preprocessing: missing"),
        ("[preprocessing]", "[[preprocessing]]", "preprocessing: expected a table, found ["),
        ('"RGB"', '"RBG"', "preprocessing: colour_order: expected one of ('RGB', 'BGR', 'GREY')"),
        ('colour_order = "RGB"', "", "preprocessing: missing, one of: colour_order"),
        ("score_floor = 0.3", "scorefloor = 0.3", "preprocessing: unknown key 'scorefloor'; known"),
        ("0.3", '"0.3"', "preprocessing: score_floor: expected float, found '0.3'"),
        ("0.3", "true", "preprocessing: score_floor: expected float, found True"),
        ("[320, 240]", "[320]", "picture_size: expected 2 positive integers, found [320]"),
        ("[320, 240]", "[320, 0]", "picture_size: expected 2 positive integers, found [320, 0]"),
        ("[320, 240]", "[320, 2.5]", "picture_size: expected 2 positive integers, found [320, 2.5"),
        ("[320, 240]", "[true, 320]", "picture_size: expected 2 positive integers, found [True"),
        ("[320, 240]", "320", "preprocessing: picture_size: expected 2 positive integers, found"),
        ('"largest"', '"smallest"', "preprocessing: choice: expected one of ('largest', 'central'"),
        ('"largest"', '"largest"\nmargin = 0.1', "preprocessing: unknown key 'margin'; known: col"),
        ('"largest"', '"largest"\n[decision]\nfar = 0.1', "decision: missing, one of: threshold"),
        ('"largest"', '"largest"\n[decision]\nthreshold = "x"', "decision: threshold: expected fl"),
        ('"largest"', '"largest"\n[decision]\nthreshold = 1\nfar = "x"', "decision: far: expected"),
        ('"largest"', '"largest"\n[source]\npackage = "x"', "source: missing, one of: member, arc"),
        ('"largest"', '"largest"\n[source]\npackage = 1', "source: package: expected str, found 1"),
        ("role", "role role", "not a TOML file: "),
    ],
)
def test_malformed_card_names_the_file_and_the_key(
    old: str, new: str, complaint: str, tmp_path: Path
) -> None:
    assert old in DETECTOR
    with pytest.raises(GraphError) as caught:
        _read(tmp_path, DETECTOR.replace(old, new, 1))
    assert caught.value.message.startswith(f"{tmp_path / 'net.toml'}: ")
    assert complaint in caught.value.message


def test_file_that_is_not_text_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_bytes(b"role = '\xff\xfe'")
    with pytest.raises(GraphError) as caught:
        read_card(path)
    assert caught.value.message.startswith(f"{path}: not a TOML file: ")


def test_preprocessing_of_another_role_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        FULL.preprocessing_as(DetectorPreprocessing)
    assert caught.value.message == "card 'a net': has the role embedder"
    assert FULL.preprocessing_as(EmbedderPreprocessing) is REFERENCE_EMBEDDER


def test_fingerprint_is_sixteen_hex_digits_that_never_change() -> None:
    # Stored with every enrolment: another value here makes all of them unusable.
    square = EmbedderPreprocessing("RGB", "square", 0.0, "prewhiten", "resize-then-normalise")
    assert replace(FULL, preprocessing=square).fingerprint == "a7e9c7746521242d"
    assert FULL.fingerprint == "ef8a0947941b8eca"


@pytest.mark.parametrize(
    "changed",
    [
        replace(FULL, graph_sha256="ce" * 32),
        replace(FULL, preprocessing=replace(REFERENCE_EMBEDDER, margin=0.1)),
        replace(FULL, preprocessing=replace(REFERENCE_EMBEDDER, top_shift=0.0)),
        replace(FULL, preprocessing=replace(REFERENCE_EMBEDDER, colour_order="BGR")),
        replace(FULL, preprocessing=replace(REFERENCE_EMBEDDER, crop="box")),
        replace(FULL, preprocessing=replace(REFERENCE_EMBEDDER, normalisation="fixed")),
        replace(FULL, preprocessing=replace(REFERENCE_EMBEDDER, order="normalise-then-resize")),
    ],
)
def test_fingerprint_changes_with_what_changes_embeddings(changed: ModelCard) -> None:
    assert changed.fingerprint != FULL.fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        replace(FULL, decision=Decision(0.3)),
        replace(FULL, decision=None),
        replace(FULL, name="another name"),
        replace(FULL, source=None),
    ],
)
def test_fingerprint_stays_when_embeddings_do(changed: ModelCard) -> None:
    assert changed.fingerprint == FULL.fingerprint
