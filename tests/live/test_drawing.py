"""Boxes and names on frames. Where no font has Chinese glyphs the tests of these are skipped."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from face_service.errors import InvalidRequestError
from face_service.live import fonts
from face_service.live.drawing import NAMED, UNKNOWN, Drawer, Mark
from face_service.live.fonts import (
    Font,
    FontBook,
    Mask,
    OpenCvFont,
    PillowFont,
    make_font_book,
    system_fonts,
)
from face_service.pipeline.decode import Pixels
from tests.live.fakes import GREY, box

CHINESE = "张伟"
NO_CHARACTERS = "\uffff\ufffe"  # which no font has


def no_remark(sentence: str) -> None:
    raise AssertionError(sentence)


def chinese_font() -> Font:
    """Return a font of this machine that has the name's glyphs."""
    for font in system_fonts(CHINESE):
        if all(map(font.covers, CHINESE)):
            return font
    pytest.skip("no font here has Chinese glyphs, neither the system's nor OpenCV's")


class BlockFont:
    """Draws each character as a square block; has only those it is given."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self.rendered: list[tuple[str, int]] = []

    def covers(self, character: str) -> bool:
        return character in self.characters

    def render(self, text: str, size: int) -> Mask:
        self.rendered.append((text, size))
        return np.full((size, size * len(text)), 255, np.uint8)


def book(*chosen: Font, found: Iterable[Font] = ()) -> tuple[FontBook, list[str], list[str]]:
    """Return a book with what it said and which texts it looked for."""
    said: list[str] = []
    asked: list[str] = []

    def find(text: str) -> Iterable[Font]:
        asked.append(text)
        return found

    return FontBook(chosen, find, said.append), said, asked


def test_a_chinese_name_is_drawn_with_its_glyphs() -> None:
    font = chinese_font()
    drawn = font.render(CHINESE, 32)
    missing = font.render(NO_CHARACTERS, 32)
    assert drawn.shape != missing.shape or not np.array_equal(drawn, missing)
    one, other = (font.render(character, 32) for character in CHINESE)
    assert one.shape != other.shape or not np.array_equal(one, other)  # boxes are all alike
    assert np.count_nonzero(one > 128) > 50


def test_the_whole_way_draws_a_chinese_name_without_a_remark() -> None:
    chinese_font()
    names = make_font_book(None, no_remark)
    assert not np.array_equal(names.render(CHINESE, 32), names.render("??", 32))


def test_a_latin_font_says_which_characters_it_lacks() -> None:
    font = PillowFont()
    assert all(map(font.covers, "unknown #3…"))
    assert not any(map(font.covers, CHINESE))


def test_opencvs_own_font_has_chinese() -> None:
    if not hasattr(cv2, "FontFace"):
        pytest.skip("this OpenCV has no fonts of its own")
    font = OpenCvFont()
    assert all(map(font.covers, CHINESE + "Ann #3?"))
    assert not any(map(font.covers, NO_CHARACTERS))
    one, two = font.render("张", 32), font.render("张张", 32)
    assert one.shape[0] == two.shape[0]
    assert two.shape[1] == pytest.approx(2 * one.shape[1], abs=2)
    assert (one > 128).sum() * 2 == pytest.approx((two > 128).sum(), rel=0.1)


def test_an_opencv_without_fonts_is_passed_over() -> None:
    with pytest.raises(OSError, match="no fonts of its own"):
        OpenCvFont(object())


def test_the_first_font_that_has_all_of_a_name_draws_it() -> None:
    latin, han = BlockFont("An "), BlockFont("An 张伟")
    names, said, asked = book(latin, found=[BlockFont("张"), han])
    assert names.render("Ann", 10).shape == (10, 30)
    assert asked == []
    names.render("Ann 张伟", 10)
    assert (latin.rendered, han.rendered) == ([("Ann", 10)], [("Ann 张伟", 10)])
    names.render("伟", 10)  # now known
    assert asked == ["Ann 张伟"]
    assert said == []


def test_what_no_font_has_is_drawn_as_a_question_mark_and_said_once() -> None:
    latin, some = BlockFont("An ?"), BlockFont("An 张?")
    names, said, asked = book(latin, found=[some])
    names.render("Ann 张伟", 10)
    names.render("伟", 10)
    names.render("伟 Ann", 10)
    assert some.rendered == [("Ann 张?", 10)]
    assert latin.rendered == [("?", 10), ("? Ann", 10)]
    assert asked == ["Ann 张伟"]  # what was not found is not looked for again
    assert said == [
        "no font here has '伟': such characters are drawn as ?; install a font that has them, or "
        "name one by --font FILE"
    ]


def test_without_any_font_nothing_is_drawn() -> None:
    names, _, _ = book()
    assert names.render("Ann", 10).max() == 0


def test_a_font_that_was_chosen_is_taken_first(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
    names = make_font_book(file, no_remark)
    assert np.array_equal(names.render("Ann", 20), PillowFont(file).render("Ann", 20))
    assert not np.array_equal(names.render("Ann", 20), PillowFont().render("Ann", 20))


@pytest.mark.parametrize("content", [None, b"no font"])
def test_a_file_that_is_no_font_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "font.ttf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidRequestError, match="is no font that can be read"):
        make_font_book(file, no_remark)


def test_fonts_are_found_in_folders_where_there_is_no_fontconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(fonts, "_font_folders", lambda: [tmp_path / "absent", tmp_path])
    matplotlib = pytest.importorskip("matplotlib")
    dejavu = (Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf").read_bytes()
    (tmp_path / "a.txt").write_bytes(dejavu)
    (tmp_path / "b.ttf").write_bytes(b"no font")
    (tmp_path / "c.ttf").write_bytes(dejavu)
    deeper = tmp_path / "deeper"
    deeper.mkdir()
    (deeper / "WQY-MicroHei.ttc").write_bytes(dejavu)
    opened = [font for font in system_fonts("x") if isinstance(font, PillowFont)]
    assert [font.path for font in opened] == [deeper / "WQY-MicroHei.ttc", tmp_path / "c.ttf"]


def drawn(marks: Sequence[Mark], height: int = 240, width: int = 320) -> Pixels:
    names = FontBook([BlockFont("An")], lambda _: [], no_remark)
    frame = np.full((height, width, 3), GREY, np.uint8)
    canvas = Drawer(names).draw(frame, marks)
    assert (frame == GREY).all()  # the frame itself is left alone
    return canvas


def test_a_box_is_drawn_in_its_colour_where_it_is() -> None:
    canvas = drawn([Mark(box(0.5, 0.25, 0.75, 0.5), "Ann", NAMED)])
    for y, x in ((120, 120), (180, 120), (150, 80), (150, 160)):
        assert tuple(canvas[y, x]) == NAMED
    assert tuple(canvas[150, 120]) == (GREY,) * 3
    assert tuple(canvas[200, 200]) == (GREY,) * 3


def test_the_label_stands_above_its_box_in_black() -> None:
    canvas = drawn([Mark(box(0.5, 0.25, 0.75, 0.5), "Ann", UNKNOWN)])
    # Letters are 12 pixels high here, three of them 36 wide, with 2 pixels around.
    assert tuple(canvas[110, 81]) == UNKNOWN
    assert tuple(canvas[110, 90]) == (0, 0, 0)
    assert tuple(canvas[110, 130]) == (GREY,) * 3
    assert tuple(canvas[100, 90]) == (GREY,) * 3


def test_a_label_without_room_above_stands_within() -> None:
    canvas = drawn([Mark(box(0.0, 0.25, 0.75, 0.5), "Ann", NAMED)])
    assert tuple(canvas[5, 90]) == (0, 0, 0)


def test_a_label_at_the_right_edge_is_moved_into_the_frame() -> None:
    canvas = drawn([Mark(box(0.5, 0.97, 0.75, 1.0), "Ann", NAMED)])
    assert (canvas[110, 320 - 38 : 318] == 0).all()


def test_a_label_longer_than_the_frame_is_cut() -> None:
    canvas = drawn([Mark(box(0.5, 0.5, 0.75, 0.6), "A" * 39, NAMED)])
    assert (canvas[110, 5:] == 0).all()


def test_a_very_long_name_ends_in_dots() -> None:
    font = BlockFont("A…")
    Drawer(FontBook([font], lambda _: [], no_remark)).draw(
        np.zeros((100, 100, 3), np.uint8), [Mark(box(0, 0, 1, 1), "A" * 128, NAMED)]
    )
    assert font.rendered[0][0] == "A" * 39 + "…"


def test_letters_grow_with_the_frame_and_are_made_once() -> None:
    font = BlockFont("An")
    drawer = Drawer(FontBook([font], lambda _: [], no_remark))
    mark = Mark(box(0.5, 0.25, 0.75, 0.5), "Ann", NAMED)
    for size in (100, 100, 1400):
        drawer.draw(np.zeros((size, size, 3), np.uint8), [mark, mark])
    assert font.rendered == [("Ann", 12), ("Ann", 50)]


def test_kept_labels_are_bounded() -> None:
    font = BlockFont("0123456789")
    drawer = Drawer(FontBook([font], lambda _: [], no_remark))
    frame = np.zeros((100, 100, 3), np.uint8)
    for number in [0, *range(300), 299, 0]:
        drawer.draw(frame, [Mark(box(0, 0, 1, 1), str(number), NAMED)])
    assert len(font.rendered) == 301  # the first was made twice


def test_partial_coverage_is_blended() -> None:
    class Half(BlockFont):
        def render(self, text: str, size: int) -> Mask:
            return np.asarray(Image.new("L", (size * len(text), size), 127), np.uint8)

    drawer = Drawer(FontBook([Half("Ann")], lambda _: [], no_remark))
    canvas = drawer.draw(
        np.zeros((240, 320, 3), np.uint8), [Mark(box(0.5, 0.25, 0.75, 0.5), "Ann", NAMED)]
    )
    assert canvas[110, 90].tolist() == [round(value * 128 / 255) for value in NAMED]
