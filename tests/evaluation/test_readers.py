"""Both layouts of each data set, and what is said of files that are neither."""

from pathlib import Path

import numpy as np
import pytest

from face_service.errors import EvaluationError
from face_service.evaluation.data.folders import read_liveness, read_people
from face_service.evaluation.data.pairs import read_pairs
from face_service.evaluation.data.points import read_points, read_points_folder
from face_service.evaluation.data.wider import read_wider

LINES = [f"{index}.5 {index * 2}" for index in range(68)]


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    names = [f"{who}/{who}_{n:04d}.jpg" for who in ("ann", "ben") for n in (1, 2, 10)]
    return touch(tmp_path / "images", *names, "cyd/cyd_0001.png")


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "file.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


GENUINE, IMPOSTOR = "ann\t1\t2", "ann\t1\tben\t10"


@pytest.mark.parametrize("gap", ["\t", " "])
def test_official_pairs_come_with_their_folds(images: Path, tmp_path: Path, gap: str) -> None:
    lines = ["2 1", GENUINE, IMPOSTOR, "ben 1 10", "ben 2 cyd 1"]
    pairs = read_pairs(images, write(tmp_path, *(line.replace("\t", gap) for line in lines)))
    ann, ben = images / "ann", images / "ben"
    assert pairs.genuine == [
        (ann / "ann_0001.jpg", ann / "ann_0002.jpg"),
        (ben / "ben_0001.jpg", ben / "ben_0010.jpg"),
    ]
    assert pairs.impostor[1] == (ben / "ben_0002.jpg", images / "cyd" / "cyd_0001.png")
    assert (pairs.genuine_folds, pairs.impostor_folds) == ([0, 1], [0, 1])
    assert (pairs.folds, pairs.official) == (2, True)
    assert len(pairs.pictures) == 6


def test_pairs_without_a_header_are_split_evenly_by_kind(images: Path, tmp_path: Path) -> None:
    pairs = read_pairs(images, write(tmp_path, *[GENUINE] * 20, "", *[IMPOSTOR] * 30))
    assert (pairs.folds, pairs.official) == (10, False)
    assert pairs.genuine_folds == [index // 2 for index in range(20)]
    assert pairs.impostor_folds == [index // 3 for index in range(30)]


def test_few_pairs_make_fewer_folds(images: Path, tmp_path: Path) -> None:
    pairs = read_pairs(images, write(tmp_path, GENUINE, GENUINE, GENUINE, IMPOSTOR, IMPOSTOR))
    assert (pairs.folds, pairs.genuine_folds, pairs.impostor_folds) == (2, [0, 0, 1], [0, 1])


def test_a_header_of_one_number_is_one_set_that_is_split(images: Path, tmp_path: Path) -> None:
    pairs = read_pairs(images, write(tmp_path, "2", GENUINE, GENUINE, IMPOSTOR, IMPOSTOR))
    assert (pairs.folds, pairs.official, pairs.impostor_folds) == (2, False, [0, 1])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "holds no pairs"),
        ([GENUINE, "ann 1 2 3 4"], "line 2: expected 3 or 4 fields, found 5"),
        ([GENUINE, "ann one 2"], "line 2: expected a number from 1 on, found 'one'"),
        ([GENUINE, "ann 0 2"], "line 2: expected a number"),
        ([GENUINE, "ann 1 3"], r"line 2: \S+ann_0003.jpg is missing"),
        ([GENUINE, "../ann 1 2"], "line 2: '../ann' is not a name"),
        (["2 1", GENUINE, IMPOSTOR], "announces 4 pairs, 2 follow"),
        (["2 1", GENUINE, IMPOSTOR, IMPOSTOR, GENUINE], "line 4: expected a genuine pair"),
        (["2 1", IMPOSTOR, GENUINE, GENUINE, IMPOSTOR], "line 2: expected a genuine pair"),
        (["2 1", GENUINE, GENUINE, GENUINE, IMPOSTOR], "line 3: expected an impostor pair"),
        ([GENUINE, GENUINE, IMPOSTOR], "at least two pairs of each kind"),
        (["two 1", GENUINE], "line 1: expected a number"),
    ],
)
def test_malformed_pairs_are_told_by_line(
    images: Path, tmp_path: Path, lines: list[str], reason: str
) -> None:
    with pytest.raises(EvaluationError, match=reason):
        read_pairs(images, write(tmp_path, *lines))


def test_a_file_that_is_missing_or_no_text_is_told(images: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="No such file"):
        read_pairs(images, tmp_path / "absent.txt")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EvaluationError, match="is not a text file"):
        read_pairs(images, tmp_path / "bytes")


def test_annotated_faces_are_read_with_pictures_that_have_none(tmp_path: Path) -> None:
    folder = touch(tmp_path / "images", "a/1.jpg", "a/2.jpg", "a/3.jpg", "4.jpg")
    truth = write(
        tmp_path,
        *("a/1.jpg", "2", "10 20 30 40 0 0 0 0 0 0 ", "1 2 3 4 0 0 0 1 0 0 "),
        *("a/2.jpg", "0", "0 0 0 0 0 0 0 0 0 0 "),
        *("a/3.jpg", "0"),
        *("4.jpg", "1", "5 6 7 8 0 0 0 0"),
    )
    first, second, third, last = read_wider(folder, truth)
    assert first.path == folder / "a" / "1.jpg"
    assert first.boxes.tolist() == [[20, 10, 60, 40], [2, 1, 6, 4]]
    assert first.valid.tolist() == [True, False]
    assert (second.boxes.shape, third.boxes.shape) == ((0, 4), (0, 4))
    assert last.boxes.tolist() == [[6, 5, 14, 12]]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "holds no pictures"),
        (["absent.jpg", "0"], "line 1: .*absent.jpg is missing"),
        (["1.jpg", "many"], "line 2: expected a number of faces, found 'many'"),
        (["1.jpg"], "expected a number of faces, found ''"),
        (["1.jpg", "2", "1 2 3 4 0 0 0 0"], "line 4: expected a face"),
        (["1.jpg", "1", "1 2 3"], "line 3: expected a face, at least 8 numbers"),
        (["1.jpg", "1", "1 2 x 4 0 0 0 0"], "line 3: expected a face"),
        (["1.jpg", "1", "1 2 nan 4 0 0 0 0"], "line 3: expected a face"),
    ],
)
def test_malformed_annotations_are_told_by_line(
    tmp_path: Path, lines: list[str], reason: str
) -> None:
    folder = touch(tmp_path / "images", "1.jpg")
    with pytest.raises(EvaluationError, match=reason):
        read_wider(folder, write(tmp_path, *lines))


@pytest.mark.parametrize(
    "lines",
    [
        LINES,
        ["version: 1", "n_points:  68", "{", *LINES, "}"],
        ["version: 1", "{", *LINES, "}", ""],
    ],
)
def test_points_are_read_bare_and_in_braces(tmp_path: Path, lines: list[str]) -> None:
    points = read_points(write(tmp_path, *lines))
    assert points.shape == (68, 2)
    assert points[3].tolist() == [3.5, 6.0]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        LINES[:-1],
        [*LINES, "1 2"],
        [*LINES[:-1], "1 2 3"],
        [*LINES[:-1], "1 two"],
        [*LINES[:-1], "nan 2"],
    ],
)
def test_anything_but_68_points_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(EvaluationError, match=r"file.txt: expected 68 lines of two numbers"):
        read_points(write(tmp_path, *lines))


def test_braces_that_do_not_close_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="expected the points in braces"):
        read_points(write(tmp_path, "version: 1", "n_points: 68", "{", *LINES))


def test_points_find_the_picture_of_their_name(tmp_path: Path) -> None:
    touch(tmp_path, "sub/a.png")
    (tmp_path / "sub" / "a.pts").write_text("\n".join(LINES))
    (found,) = read_points_folder(tmp_path)
    assert found.path == tmp_path / "sub" / "a.png"
    assert np.array_equal(found.points[1], [1.5, 2])
    (tmp_path / "sub" / "a.png").unlink()
    with pytest.raises(EvaluationError, match=r"a.pts: there is no picture"):
        read_points_folder(tmp_path)


def test_a_folder_without_points_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"holds no \.pts files"):
        read_points_folder(tmp_path)
    with pytest.raises(EvaluationError, match="is not a folder"):
        read_points_folder(tmp_path / "absent")


def test_people_are_folders_with_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "ann/2.jpg", "ann/1.PNG", "ann/notes.txt", "ben/1.jpeg", "cyd/x.txt", "a.jpg")
    found = read_people(tmp_path)
    assert {name: [path.name for path in paths] for name, paths in found.items()} == {
        "ann": ["1.PNG", "2.jpg"],
        "ben": ["1.jpeg"],
    }
    (tmp_path / "ann" / "2.jpg").unlink()
    with pytest.raises(EvaluationError, match="two pictures of a person"):
        read_people(tmp_path)


def test_liveness_is_told_by_folder_or_by_name(tmp_path: Path) -> None:
    folders = touch(tmp_path / "folders", "live/1.jpg", "spoof/2.jpg", "spoof/3.png")
    found = read_liveness(folders)
    assert [path.name for path in found.live] == ["1.jpg"]
    assert [path.name for path in found.spoof] == ["2.jpg", "3.png"]
    named = read_liveness(touch(tmp_path / "n", "image_T1.jpg", "image_F1.jpg", "other.jpg"))
    assert [path.name for path in (*named.live, *named.spoof)] == ["image_T1.jpg", "image_F1.jpg"]


@pytest.mark.parametrize("names", [["live/1.jpg", "spoof/x.txt"], ["image_T1.jpg"], ["1.jpg"]])
def test_one_kind_alone_measures_nothing(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(EvaluationError, match="expected pictures in live/ and spoof/"):
        read_liveness(touch(tmp_path / "set", *names))
