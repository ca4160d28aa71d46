import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from face_service.errors import GraphError, GraphMissingError
from face_service.models.card import ROLES, Decision, ModelCard, Role, Source, write_card
from face_service.models.graph_files import (
    Overrides,
    card_path,
    describe_graph,
    find_graph,
    hash_file,
)
from face_service.models.roles import ROLE_SPECS, profile_card, profile_preprocessing
from face_service.pipeline.preprocessing import (
    CASCADE_DETECTOR,
    LEGACY_EMBEDDER,
    MESH_LANDMARKER,
    REFERENCE_DETECTOR,
    REFERENCE_EMBEDDER,
    ProfileName,
)

SOURCE = Source("pack==1", "weights.bin", "ab" * 32, "MIT", "MIT", "a net of a test")
CONTENT = b"a graph"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def _drop_in(folder: Path, name: str, content: bytes = CONTENT) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _card(role: Role, content: bytes = CONTENT) -> ModelCard:
    return ModelCard(
        role=role,
        name="built",
        preprocessing=profile_preprocessing("reference", role),
        graph_sha256=hashlib.sha256(content).hexdigest(),
        decision=Decision(0.9, far=0.01),
        source=SOURCE,
    )


def _build(folder: Path, role: Role, name: str = "") -> Path:
    path = _drop_in(folder, name or ROLE_SPECS[role].built_name)
    card_path(path).write_bytes(write_card(_card(role)))
    return path


WILD_NAMES = {
    "detector": "frozen_inference_graph.pb",
    "embedder": "lfw-asia_graph.pb",
    "landmarker": "facial_landmark_SqueezeNet.pb",
}


@pytest.mark.parametrize("role", ROLES)
def test_built_graph_serves_by_default(role: Role, tmp_path: Path) -> None:
    built = _build(tmp_path, role)
    assert find_graph(role, tmp_path) == built


@pytest.mark.parametrize("role", ROLES)
def test_dropped_in_graph_wins_over_the_built_one(role: Role, tmp_path: Path) -> None:
    _build(tmp_path, role)
    dropped = _drop_in(tmp_path, WILD_NAMES[role])
    assert find_graph(role, tmp_path) == dropped


def test_own_graph_under_the_built_name_serves(tmp_path: Path) -> None:
    own = _drop_in(tmp_path, "landmark.pb")
    assert find_graph("landmarker", tmp_path) == own


def test_another_model_that_was_built_under_a_wild_name_stands_in_until_the_default_is_built(
    tmp_path: Path,
) -> None:
    earlier = _build(tmp_path, "landmarker", "landmark.pb")
    assert find_graph("landmarker", tmp_path) == earlier
    built = _build(tmp_path, "landmarker")
    assert built != earlier
    assert find_graph("landmarker", tmp_path) == built


def test_several_dropped_in_graphs_are_named_with_the_setting(tmp_path: Path) -> None:
    _drop_in(tmp_path, "face_recognition_model.pb")
    _drop_in(tmp_path, "lfw-asia_graph.pb")
    with pytest.raises(GraphError) as caught:
        find_graph("embedder", tmp_path)
    assert caught.value.message == (
        f"{tmp_path}: several files could be the embedder graph: lfw-asia_graph.pb, "
        "face_recognition_model.pb; keep one of them or set FACE_EMBEDDER_GRAPH"
    )


def test_built_graph_that_was_replaced_counts_as_dropped_in(tmp_path: Path) -> None:
    _build(tmp_path, "detector").write_bytes(b"the user's own")
    _drop_in(tmp_path, "frozen_inference_graph.pb")
    with pytest.raises(GraphError, match=r"set FACE_DETECTOR_GRAPH$"):
        find_graph("detector", tmp_path)


@pytest.mark.parametrize("card", [b"role = 1", write_card(replace(_card("detector"), source=None))])
def test_graph_whose_card_is_not_ours_counts_as_dropped_in(card: bytes, tmp_path: Path) -> None:
    card_path(_build(tmp_path, "detector")).write_bytes(card)
    _drop_in(tmp_path, "frozen_inference_graph.pb")
    with pytest.raises(GraphError, match="several files could be the detector graph"):
        find_graph("detector", tmp_path)


@pytest.mark.parametrize("role", ROLES)
def test_missing_graph_names_the_command(role: Role, tmp_path: Path) -> None:
    with pytest.raises(GraphMissingError) as caught:
        find_graph(role, tmp_path)
    assert caught.value.message == (
        f"{tmp_path / ROLE_SPECS[role].built_name}: the {role} graph is missing; "
        "run `python -m face_service build-graphs` to build it"
    )


def test_chosen_graph_wins_over_all_others(tmp_path: Path) -> None:
    _build(tmp_path, "detector")
    _drop_in(tmp_path, "frozen_inference_graph.pb")
    chosen = _drop_in(tmp_path, "mine.pb")
    assert find_graph("detector", tmp_path, "mine.pb") == chosen


def test_chosen_graph_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    _build(tmp_path, "detector")
    with pytest.raises(GraphError) as caught:
        find_graph("detector", tmp_path, "mine.pb")
    message = f"{tmp_path / 'mine.pb'}: no such file, though FACE_DETECTOR_GRAPH names it"
    assert caught.value.message == message
    assert not isinstance(caught.value, GraphMissingError), "a build would not bring it"


def test_chosen_model_serves_from_its_own_file(tmp_path: Path) -> None:
    _build(tmp_path, "embedder")
    _drop_in(tmp_path, "lfw-asia_graph.pb")
    other = _drop_in(tmp_path, "facenet512.pb")
    assert find_graph("embedder", tmp_path, model="facenet512") == other


def test_default_model_by_name_is_found_as_without_one(tmp_path: Path) -> None:
    _build(tmp_path, "embedder")
    dropped = _drop_in(tmp_path, "lfw-asia_graph.pb")
    assert find_graph("embedder", tmp_path, model="facenet128") == dropped


def test_missing_graph_of_a_chosen_model_names_its_command(tmp_path: Path) -> None:
    _build(tmp_path, "embedder")
    with pytest.raises(GraphMissingError) as caught:
        find_graph("embedder", tmp_path, model="facenet512")
    assert caught.value.message == (
        f"{tmp_path / 'facenet512.pb'}: the embedder graph is missing; "
        f"run `python -m face_service build-graphs --model facenet512` to build it"
    )


def test_chosen_graph_wins_over_the_chosen_model(tmp_path: Path) -> None:
    _drop_in(tmp_path, "facenet512.pb")
    mine = _drop_in(tmp_path, "mine.pb")
    assert find_graph("embedder", tmp_path, "mine.pb", "facenet512") == mine


def test_built_graph_is_used_with_its_card(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    file = describe_graph("embedder", path)
    assert (file.role, file.path, file.notes) == ("embedder", path, ())
    assert file.card == _card("embedder")


def test_card_by_hand_gets_the_hash_of_the_graph_it_lies_beside(tmp_path: Path) -> None:
    path = _drop_in(tmp_path, "mine.pb")
    by_hand = replace(_card("embedder"), graph_sha256="", source=None)
    card_path(path).write_bytes(write_card(by_hand))
    file = describe_graph("embedder", path)
    assert file.card == replace(by_hand, graph_sha256=DIGEST)
    assert file.notes == ()


@pytest.mark.parametrize("role", ROLES)
def test_graph_without_a_card_gets_the_legacy_profile(role: Role, tmp_path: Path) -> None:
    path = _drop_in(tmp_path, WILD_NAMES[role])
    file = describe_graph(role, path)
    assert file.card == profile_card("legacy", role, path.stem, DIGEST)
    assert file.notes == (f"{path}: no card, using the legacy profile",)


def test_legacy_threshold_comes_with_the_legacy_embedder_only(tmp_path: Path) -> None:
    path = _drop_in(tmp_path, "mine.pb")
    assert describe_graph("embedder", path).card.decision == Decision(0.3)
    assert describe_graph("detector", path).card.decision is None


def test_card_of_other_bytes_is_set_aside_with_a_note(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    path.write_bytes(b"the user's own")
    file = describe_graph("embedder", path)
    digest = hashlib.sha256(b"the user's own").hexdigest()
    assert file.card == profile_card("legacy", "embedder", path.stem, digest)
    assert file.notes == (
        f"{card_path(path)}: describes another file than {path.name}, set aside",
        f"{path}: no card, using the legacy profile",
    )


def test_card_of_another_role_is_an_error(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    with pytest.raises(GraphError) as caught:
        describe_graph("detector", path)
    message = f"{card_path(path)}: role: expected 'detector', found 'embedder'"
    assert caught.value.message == message


def test_malformed_card_is_an_error_not_the_legacy_profile(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    card_path(path).write_text("role = ")
    with pytest.raises(GraphError, match="not a TOML file"):
        describe_graph("embedder", path)


@pytest.mark.parametrize(("profile", "threshold"), [("reference", 1.05), ("legacy", 0.3)])
def test_forced_profile_describes_a_graph_without_a_card(
    profile: ProfileName, threshold: float, tmp_path: Path
) -> None:
    path = _drop_in(tmp_path, "mine.pb")
    file = describe_graph("embedder", path, profile)
    assert file.card.preprocessing == profile_preprocessing(profile, "embedder")
    assert file.card.decision == Decision(threshold)
    assert file.notes == (f"{path}: no card, using the {profile} profile",)


def test_forced_profile_replaces_the_cards_preprocessing_and_threshold(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    file = describe_graph("embedder", path, "legacy")
    assert file.card.preprocessing == LEGACY_EMBEDDER
    assert file.card.decision == Decision(0.3)
    assert file.card.graph_sha256 == DIGEST
    assert file.notes == (f"{path}: the legacy profile replaces the card's preprocessing",)


def test_forced_profile_the_card_already_follows_keeps_its_threshold(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    assert describe_graph("embedder", path, "reference").card == _card("embedder")


def test_score_floor_overrides_the_detector_only(tmp_path: Path) -> None:
    overrides = Overrides(score_floor=0.0)
    detector = describe_graph("detector", _build(tmp_path, "detector"), "auto", overrides)
    embedder = describe_graph("embedder", _build(tmp_path, "embedder"), "auto", overrides)
    assert detector.card.preprocessing == replace(REFERENCE_DETECTOR, score_floor=0.0)
    assert embedder.card.preprocessing == REFERENCE_EMBEDDER


def test_crop_margin_of_zero_is_an_override_too(tmp_path: Path) -> None:
    path = _drop_in(tmp_path, "mine.pb")
    wide = replace(_card("embedder"), preprocessing=replace(REFERENCE_EMBEDDER, margin=0.4))
    card_path(path).write_bytes(write_card(wide))
    file = describe_graph("embedder", path, "auto", Overrides(crop_margin=0.0))
    assert file.card.preprocessing == replace(REFERENCE_EMBEDDER, margin=0.0)


def test_crop_margin_overrides_the_embedder_only(tmp_path: Path) -> None:
    overrides = Overrides(crop_margin=0.25)
    embedder = describe_graph("embedder", _build(tmp_path, "embedder"), "auto", overrides)
    landmarker = describe_graph("landmarker", _build(tmp_path, "landmarker"), "auto", overrides)
    assert embedder.card.preprocessing == replace(REFERENCE_EMBEDDER, margin=0.25)
    assert landmarker.card == _card("landmarker")


def test_mirroring_overrides_the_embedder_only_and_its_faces_do_not_compare(
    tmp_path: Path,
) -> None:
    plain = describe_graph("embedder", _build(tmp_path, "embedder"))
    on, off = Overrides(mirror=True), Overrides(mirror=False)
    mirrored = describe_graph("embedder", plain.path, "auto", on)
    detector = describe_graph("detector", _build(tmp_path, "detector"), "auto", on)
    assert mirrored.card.preprocessing == replace(REFERENCE_EMBEDDER, mirror=True)
    assert mirrored.card.fingerprint != plain.card.fingerprint
    assert describe_graph("embedder", plain.path, "auto", off).card == plain.card
    assert detector.card.preprocessing == REFERENCE_DETECTOR


def test_threshold_overrides_the_embedder_only(tmp_path: Path) -> None:
    overrides = Overrides(threshold=0.0)
    embedder = describe_graph("embedder", _build(tmp_path, "embedder"), "auto", overrides)
    detector = describe_graph("detector", _build(tmp_path, "detector"), "auto", overrides)
    assert embedder.card.decision == Decision(0.0, calibrated_on="FACE_THRESHOLD")
    assert detector.card.decision == Decision(0.9, far=0.01)


def test_overrides_apply_on_top_of_a_forced_profile(tmp_path: Path) -> None:
    path = _drop_in(tmp_path, "mine.pb")
    file = describe_graph("embedder", path, "legacy", Overrides(threshold=0.5, crop_margin=0.1))
    assert file.card.preprocessing == replace(LEGACY_EMBEDDER, margin=0.1)
    assert file.card.decision == Decision(0.5, calibrated_on="FACE_THRESHOLD")


def test_overrides_of_the_threshold_keep_enrolments_comparable(tmp_path: Path) -> None:
    path = _build(tmp_path, "embedder")
    plain = describe_graph("embedder", path).card.fingerprint
    moved = describe_graph("embedder", path, "auto", Overrides(threshold=0.5)).card.fingerprint
    widened = describe_graph("embedder", path, "auto", Overrides(crop_margin=0.5)).card.fingerprint
    assert moved == plain
    assert widened != plain


def test_hash_is_sha256_of_the_whole_file(tmp_path: Path) -> None:
    path = _drop_in(tmp_path, "big.pb", b"x" * 300_000)
    assert hash_file(path) == hashlib.sha256(b"x" * 300_000).hexdigest()


@pytest.mark.parametrize("profile", ["reference", "legacy"])
def test_cascade_keeps_its_preprocessing_under_any_profile(
    profile: ProfileName, tmp_path: Path
) -> None:
    path = tmp_path / "mtcnn.pb"
    path.write_bytes(b"three nets")
    card = replace(_card("detector"), preprocessing=CASCADE_DETECTOR, graph_sha256="")
    card_path(path).write_bytes(write_card(card))
    file = describe_graph("detector", path, profile, Overrides(score_floor=0.4))
    assert file.card.preprocessing == replace(CASCADE_DETECTOR, score_floor=0.4)
    assert file.notes == (f"{path}: the {profile} profile is not for a cascade, using its card",)


@pytest.mark.parametrize("profile", ["reference", "legacy"])
def test_net_that_looks_twice_keeps_its_preprocessing_under_any_profile(
    profile: ProfileName, tmp_path: Path
) -> None:
    path = _build(tmp_path, "landmarker")
    card = replace(_card("landmarker"), preprocessing=MESH_LANDMARKER)
    card_path(path).write_bytes(write_card(card))
    file = describe_graph("landmarker", path, profile)
    assert file.card.preprocessing == MESH_LANDMARKER
    note = f"{path}: the {profile} profile is not for a net that looks twice, using its card"
    assert file.notes == (note,)
