import errno
import fcntl
import hashlib
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from face_service.build import builder, fetch, recipes
from face_service.build.builder import BuildOptions, build_graphs
from face_service.build.recipes import Recipe
from face_service.build.sources import Archive
from face_service.errors import BuildError
from face_service.models.card import ROLES, Role, read_card, write_card
from face_service.models.graph_files import card_path
from face_service.models.roles import ROLE_SPECS, profile_preprocessing

DETECTOR, EMBEDDER, LANDMARKER = "face_detection_model", "face_recognition_model", "landmark_mesh68"
GRAPHS = {"detector": b"a detector", "embedder": b"an embedder", "landmarker": b"a landmarker"}


def _archive(package: str) -> Archive:
    return Archive(
        registry="pypi",
        package=package,
        version="1",
        filename=f"{package}-1.whl",
        sha256=hashlib.sha256(package.encode()).hexdigest(),
        size=1,
        licence="MIT",
    )


SHARED, OTHER = _archive("shared"), _archive("other")


@dataclass
class Workshop:
    """Recipes whose graphs are a few bytes, and a note of what was fetched and built."""

    graphs: Path
    recipes: dict[str, Recipe] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    built: list[str] = field(default_factory=list)

    @property
    def archives(self) -> Path:
        return self.graphs / ".archives"

    def add(self, role: Role, archive: Archive) -> None:
        def build(path: Path) -> bytes:
            assert path.read_text() == archive.package
            self.built.append(role)
            return GRAPHS[role]

        model = ROLE_SPECS[role].default_model
        self.recipes[model] = Recipe(
            role=role,
            model=model,
            name=f"the {role}",
            archive=archive,
            member="weights.bin",
            build=build,
            preprocessing=profile_preprocessing("reference", role),
            weights_licence="MIT",
            description="made by a test",
        )

    def change(self, role: Role, build: Callable[[Path], bytes] | None = None) -> None:
        """Raise a recipe's revision, as a later version of the service would."""
        model = ROLE_SPECS[role].default_model
        old = self.recipes[model]
        self.recipes[model] = replace(
            old, revision=old.revision + 1, build=old.build if build is None else build
        )

    def build(
        self,
        *roles: Role,
        force: bool = False,
        keep_archives: bool = False,
        provided: Path | None = None,
    ) -> list[str]:
        models = [ROLE_SPECS[role].default_model for role in roles or ROLES]
        options = BuildOptions(self.graphs, models, force, provided, keep_archives)
        return [path.name for path in build_graphs(options)]

    def names(self) -> set[str]:
        return {path.name for path in self.graphs.iterdir()} - {".build.lock"}


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    made = Workshop(tmp_path / "graphs")
    made.add("detector", SHARED)
    made.add("embedder", OTHER)
    made.add("landmarker", SHARED)

    def download(archive: Archive, stage: Path) -> None:
        made.fetched.append(archive.package)
        (stage / archive.filename).write_text(archive.package)

    monkeypatch.setattr(fetch, "_download", download)
    monkeypatch.setattr(builder, "RECIPES", made.recipes)
    return made


def _message(action: Callable[[], object]) -> str:
    with pytest.raises(BuildError) as caught:
        action()
    return caught.value.message


def test_every_graph_is_written_with_its_card(workshop: Workshop) -> None:
    assert workshop.build() == [f"{DETECTOR}.pb", f"{EMBEDDER}.pb", f"{LANDMARKER}.pb"]
    for recipe in workshop.recipes.values():
        path = workshop.graphs / ROLE_SPECS[recipe.role].built_name
        assert path.read_bytes() == GRAPHS[recipe.role]
        assert read_card(card_path(path)) == recipe.card(GRAPHS[recipe.role])


def test_card_says_which_bytes_it_describes_and_where_they_come_from(workshop: Workshop) -> None:
    workshop.build("embedder")
    card = read_card(workshop.graphs / f"{EMBEDDER}.toml")
    assert card.graph_sha256 == hashlib.sha256(b"an embedder").hexdigest()
    assert card.source is not None
    assert card.source.package == "other==1"
    assert card.source.archive_sha256 == OTHER.sha256
    assert card.source.description == "made by a test (recipe revision 1)"


def test_card_is_on_disk_before_its_graph(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[str, bool]] = []

    def write(path: Path, content: bytes, *, durable: bool) -> None:
        order.append((path.name, durable))
        path.write_bytes(content)

    monkeypatch.setattr(builder, "write_atomically", write)
    workshop.build("landmarker")
    assert order == [(f"{LANDMARKER}.toml", True), (f"{LANDMARKER}.pb", True)]


def test_second_run_fetches_and_builds_nothing(workshop: Workshop) -> None:
    workshop.build()
    workshop.fetched.clear()
    workshop.built.clear()
    assert workshop.build() == []
    assert (workshop.fetched, workshop.built) == ([], [])


def test_only_the_missing_graph_is_built_again(workshop: Workshop) -> None:
    workshop.build()
    (workshop.graphs / f"{EMBEDDER}.pb").unlink()
    assert workshop.build() == [f"{EMBEDDER}.pb"]


def test_force_builds_what_is_built_already(workshop: Workshop) -> None:
    workshop.build()
    assert workshop.build("detector", force=True) == [f"{DETECTOR}.pb"]
    assert workshop.built == ["detector", "embedder", "landmarker", "detector"]


def test_only_the_roles_asked_for_are_built(workshop: Workshop) -> None:
    assert workshop.build("landmarker") == [f"{LANDMARKER}.pb"]
    assert workshop.names() == {f"{LANDMARKER}.pb", f"{LANDMARKER}.toml"}


def test_an_archive_with_two_graphs_is_fetched_once(workshop: Workshop) -> None:
    workshop.build()
    assert workshop.fetched == ["shared", "other"]


def test_graph_of_a_changed_recipe_is_rebuilt_and_the_others_are_kept(workshop: Workshop) -> None:
    workshop.build()
    workshop.change("embedder", lambda _: b"a better embedder")
    assert workshop.build() == [f"{EMBEDDER}.pb"]
    path = workshop.graphs / f"{EMBEDDER}.pb"
    assert path.read_bytes() == b"a better embedder"
    assert read_card(card_path(path)).graph_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_graph_of_another_archive_is_rebuilt(workshop: Workshop) -> None:
    workshop.build("embedder")
    workshop.add("embedder", SHARED)
    assert workshop.build("embedder") == [f"{EMBEDDER}.pb"]


def _drop_in(workshop: Workshop, card: bytes | None) -> Path:
    workshop.graphs.mkdir(exist_ok=True)
    path = workshop.graphs / f"{DETECTOR}.pb"
    path.write_bytes(b"the user's own graph")
    if card is None:
        card_path(path).unlink(missing_ok=True)
    else:
        card_path(path).write_bytes(card)
    return path


def _card_by_hand(workshop: Workshop) -> bytes:
    card = workshop.recipes["ssd"].card(b"the user's own graph")
    return write_card(replace(card, source=None))


def _card_of_other_bytes(workshop: Workshop) -> bytes:
    return write_card(workshop.recipes["ssd"].card(GRAPHS["detector"]))


OWN_CARDS: list[Callable[[Workshop], bytes | None]] = [
    lambda _: None,
    _card_by_hand,
    _card_of_other_bytes,
    lambda _: b"role = 'nonsense'",
]
OWN_IDS = ["no card", "card by hand", "card of other bytes", "broken card"]


@pytest.mark.parametrize("make_card", OWN_CARDS, ids=OWN_IDS)
def test_users_own_graph_under_the_built_name_is_left_alone(
    workshop: Workshop, make_card: Callable[[Workshop], bytes | None]
) -> None:
    card = make_card(workshop)
    path = _drop_in(workshop, card)
    assert workshop.build("detector") == []
    assert path.read_bytes() == b"the user's own graph"
    assert workshop.names() == {path.name} | ({card_path(path).name} if card else set())


@pytest.mark.parametrize("make_card", OWN_CARDS, ids=OWN_IDS)
def test_users_own_graph_is_not_overwritten_even_by_force(
    workshop: Workshop, make_card: Callable[[Workshop], bytes | None]
) -> None:
    path = _drop_in(workshop, make_card(workshop))
    assert _message(lambda: workshop.build(force=True)) == (
        f"{path}: is not one of the graphs built here and is never overwritten: move it away first"
    )
    assert path.read_bytes() == b"the user's own graph"
    assert workshop.built == []


def test_archives_are_discarded_when_the_graphs_are_built(workshop: Workshop) -> None:
    workshop.build()
    assert not workshop.archives.exists()


def test_archives_are_kept_on_request_and_used_again(workshop: Workshop) -> None:
    workshop.build(keep_archives=True)
    assert {path.name for path in workshop.archives.iterdir()} == {"shared-1.whl", "other-1.whl"}
    workshop.build(force=True)
    assert workshop.fetched == ["shared", "other"]
    assert not workshop.archives.exists()


def test_what_was_fetched_before_a_failure_is_not_fetched_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = fetch._download

    def refuse(archive: Archive, stage: Path) -> None:
        if archive is OTHER:
            raise BuildError("no connection")
        download(archive, stage)

    monkeypatch.setattr(fetch, "_download", refuse)
    assert _message(workshop.build) == "no connection"
    monkeypatch.setattr(fetch, "_download", download)
    assert workshop.build() == [f"{EMBEDDER}.pb", f"{LANDMARKER}.pb"]
    assert workshop.fetched == ["shared", "other"]


def test_provided_archives_are_used_and_left_where_they_are(
    workshop: Workshop, tmp_path: Path
) -> None:
    provided = tmp_path / "provided"
    provided.mkdir()
    for archive in (SHARED, OTHER):
        (provided / archive.filename).write_text(archive.package)
    assert len(workshop.build(provided=provided)) == 3
    assert workshop.fetched == []
    assert {path.name for path in provided.iterdir()} == {"shared-1.whl", "other-1.whl"}


def _full_at(path: Path) -> Callable[[Path, Path], None]:
    replace_file = Path.replace

    def move(self: Path, target: Path) -> None:
        if target == path:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(self, target)

    return move


def test_full_disk_is_a_sentence_and_leaves_nothing_half_written(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "replace", _full_at(workshop.graphs / f"{DETECTOR}.pb"))
    assert _message(workshop.build) == (
        f"{workshop.graphs}: the disk is full: make room and run the same command again"
    )
    assert workshop.names() == {".archives"}


def test_build_after_a_full_disk_completes_the_graph(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _full_at(workshop.graphs / f"{DETECTOR}.pb"))
        _message(workshop.build)
    assert workshop.build() == [f"{DETECTOR}.pb", f"{EMBEDDER}.pb", f"{LANDMARKER}.pb"]


def test_rebuild_after_a_full_disk_completes_the_graph(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.build()
    workshop.change("detector", lambda _: b"a better detector")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _full_at(workshop.graphs / f"{DETECTOR}.pb"))
        _message(workshop.build)
    assert workshop.build() == [f"{DETECTOR}.pb"]


def test_disk_too_small_is_told_before_anything_is_fetched(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2))
    assert "shared==1 needs " in _message(workshop.build)
    assert workshop.fetched == []


def test_folder_that_cannot_be_made_is_a_sentence(workshop: Workshop) -> None:
    workshop.graphs.write_text("a file in the way")
    assert _message(workshop.build) == f"{workshop.graphs}: File exists"


def test_the_lock_is_held_while_building(workshop: Workshop) -> None:
    def try_lock(_: Path) -> bytes:
        with (workshop.graphs / ".build.lock").open("wb") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return b"a detector"

    workshop.change("detector", try_lock)
    assert workshop.build("detector") == [f"{DETECTOR}.pb"]


def test_graphs_built_by_another_while_waiting_are_not_built_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for_another(_: object, __: int) -> None:
        monkeypatch.setattr(builder, "fcntl", fcntl)
        assert len(workshop.build()) == 3

    waiting = SimpleNamespace(flock=wait_for_another, LOCK_EX=fcntl.LOCK_EX)
    monkeypatch.setattr(builder, "fcntl", waiting)
    assert workshop.build() == []
    assert workshop.built == ["detector", "embedder", "landmarker"]


def test_builders_at_the_same_time_build_each_graph_once(workshop: Workshop) -> None:
    together = threading.Barrier(4)
    written: list[str] = []

    def run() -> None:
        together.wait()
        written.extend(workshop.build())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [f"{DETECTOR}.pb", f"{EMBEDDER}.pb", f"{LANDMARKER}.pb"]
    assert workshop.built == ["detector", "embedder", "landmarker"]


def test_every_model_that_can_be_chosen_has_its_recipe_and_its_file() -> None:
    known = {
        (role, model, name)
        for role, spec in ROLE_SPECS.items()
        for model, name in spec.models.items()
    }
    assert known == {(r.role, model, r.filename) for model, r in recipes.RECIPES.items()}
    files = [name for _, _, name in known]
    assert len(set(files)) == len(files), "two models would overwrite each other"


@pytest.mark.parametrize("model", ["ssd", "facenet128", "landmark68"])
def test_models_that_a_demo_has_follow_the_reference_profile(model: str) -> None:
    recipe = recipes.RECIPES[model]
    assert recipe.preprocessing == profile_preprocessing("reference", recipe.role)


@pytest.mark.parametrize("model", recipes.RECIPES)
def test_each_recipe_writes_a_card_that_reads_back(model: str, tmp_path: Path) -> None:
    recipe = recipes.RECIPES[model]
    card = recipe.card(b"graph")
    assert card.role == recipe.role
    path = tmp_path / "card.toml"
    path.write_bytes(write_card(card))
    assert read_card(path) == card


def test_raising_a_revision_makes_another_source() -> None:
    recipe = recipes.RECIPES["ssd"]
    assert replace(recipe, revision=recipe.revision + 1).source() != recipe.source()


def test_what_a_killed_builder_left_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("face_service.build.builder.RECIPES", {})
    stage = tmp_path / builder.CACHE_NAME / ".fetch-killed"
    stage.mkdir(parents=True)
    (stage / "half.whl").write_bytes(b"half")
    (tmp_path / ".landmark.pb.0123.part").write_bytes(b"half")
    build_graphs(BuildOptions(tmp_path, models=[]))
    assert [path.name for path in tmp_path.iterdir()] == [".build.lock"]
