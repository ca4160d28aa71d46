"""Fonts that have the glyphs of a name: Pillow's, the system's, or the one inside OpenCV 5."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from face_service.errors import InvalidRequestError

Mask = NDArray[np.uint8]

MISSING = "?"  # stands in for a character that no font has
_PROBE_SIZE = 32  # pixels
_NO_CHARACTER = "\uffff"  # by definition in no font: what is drawn for it means "missing"
_FONTCONFIG_SECONDS = 5.0
_MOST_FILES = 200  # that are looked into where there is no fontconfig
# Parts of the file names of fonts with Chinese glyphs, as systems have them; looked into first.
_CHINESE = (
    "notosanscjk",
    "notoserifcjk",
    "sourcehansans",
    "wqy",
    "droidsansfallback",
    "pingfang",
    "hiragino",
    "stheiti",
    "msyh",
    "simhei",
    "simsun",
    "arialuni",
    "unifont",
)
_ENDINGS = {".ttf", ".ttc", ".otf"}


class Font(Protocol):
    """Draws text."""

    def covers(self, character: str) -> bool:
        """Return whether there is a glyph for a character."""

    def render(self, text: str, size: int) -> Mask:
        """Return how much of each pixel the text covers, uint8 [H, W], 0..255; H is fixed a size.

        ``size`` is the font's, in pixels.
        """


class PillowFont:
    """A font file, or without one the font inside Pillow.

    Raises:
        OSError: the file cannot be read or is no font.
    """

    def __init__(self, path: Path | None = None, index: int = 0) -> None:
        """Open the font; ``index`` is its number within a collection (.ttc)."""
        self.path, self._index = path, index
        self._at = lru_cache(maxsize=8)(self._open)
        # Without shaping: a missing glyph must not be put together from others.
        self._probe = self._open(_PROBE_SIZE, ImageFont.Layout.BASIC)
        self._missing = self._glyph(_NO_CHARACTER)

    def _open(self, size: int, layout: ImageFont.Layout | None = None) -> Any:
        if self.path is None:
            return ImageFont.load_default(size)
        return ImageFont.truetype(str(self.path), size, self._index, layout_engine=layout)

    def _glyph(self, character: str) -> tuple[tuple[int, int], bytes]:
        mask = self._probe.getmask(character)
        return mask.size, bytes(mask)

    def covers(self, character: str) -> bool:
        """Return whether there is a glyph for a character."""
        return character.isspace() or self._glyph(character) != self._missing

    def render(self, text: str, size: int) -> Mask:
        """Return the text's coverage; see :class:`Font`."""
        font = self._at(size)
        left, _, right, _ = font.getbbox(text, anchor="ls")
        ascent, descent = font.getmetrics()
        image = Image.new("L", (max(1, round(right - left)), ascent + descent))
        ImageDraw.Draw(image).text((-left, ascent), text, fill=255, font=font, anchor="ls")
        return np.asarray(image, dtype=np.uint8)


class OpenCvFont:
    """The font with Chinese glyphs inside OpenCV 5; earlier ones have none.

    Raises:
        OSError: this OpenCV has no such font.
    """

    def __init__(self, toolkit: Any = cv2) -> None:
        if not hasattr(toolkit, "FontFace"):
            raise OSError("this OpenCV has no fonts of its own")
        self._toolkit = toolkit
        self._face = toolkit.FontFace("sans")
        self._missing = self.render(MISSING, _PROBE_SIZE)

    def covers(self, character: str) -> bool:
        """Return whether there is a glyph for a character: for others OpenCV draws ``?``."""
        if character.isspace() or character == MISSING:
            return True
        return not np.array_equal(self.render(character, _PROBE_SIZE), self._missing)

    def render(self, text: str, size: int) -> Mask:
        """Return the text's coverage; see :class:`Font`."""
        ascent, descent = round(1.05 * size), round(0.35 * size)
        room = np.zeros((ascent + descent, size * (len(text) + 2), 3), np.uint8)
        where = (0, ascent)
        end, _ = self._toolkit.putText(room, text, where, (255, 255, 255), self._face, size)
        return np.ascontiguousarray(room[:, : max(1, min(end[0], room.shape[1])), 0])


class FontBook:
    """Picks a font for each text.

    Args:
        chosen: fonts to try first, in their order.
        find: further ones for the characters that a text needs, asked once a text.
        say: called once, with a sentence, when a name has characters that no font has.
    """

    def __init__(
        self,
        chosen: Sequence[Font],
        find: Callable[[str], Iterable[Font]],
        say: Callable[[str], None],
    ) -> None:
        self._known = list(chosen)
        self._find = find
        self._say = say
        self._said = False
        self._hopeless: set[str] = set()  # was looked for and not found

    def render(self, text: str, size: int) -> Mask:
        """Return a text's coverage (see :class:`Font`), ``?`` for what no font has."""
        font = self._font_for(text)
        if font is None:
            return np.zeros((size, 1), np.uint8)
        missing = _missing(font, text)
        if missing:
            self._tell(missing)
        shown = "".join(MISSING if character in missing else character for character in text)
        return font.render(shown, size)

    def _font_for(self, text: str) -> Font | None:
        """Return a font that has all of a text, else the one that has most of it."""
        best = self._best(self._known, text)
        missing = set(text) if best is None else _missing(best, text)
        if missing <= self._hopeless:
            return best
        for font in self._find(text):
            if best is None or len(_missing(font, text)) < len(missing):
                best, missing = font, _missing(font, text)
            if not missing:
                break
        if best is not None and best not in self._known:
            self._known.append(best)
        self._hopeless |= missing
        return best

    @staticmethod
    def _best(fonts: Sequence[Font], text: str) -> Font | None:
        # Of equals the first: what was chosen.
        return min(fonts, key=lambda font: len(_missing(font, text)), default=None)

    def _tell(self, missing: Iterable[str]) -> None:
        if not self._said:
            self._say(
                f"no font here has {''.join(sorted(missing))!r}: such characters are drawn "
                f"as {MISSING}; install a font that has them, or name one by --font FILE"
            )
        self._said = True


def _missing(font: Font, text: str) -> set[str]:
    return {character for character in set(text) if not font.covers(character)}


def make_font_book(file: Path | None, say: Callable[[str], None]) -> FontBook:
    """Return a book with ``file`` first, then Pillow's own font, then what the system has.

    Raises:
        InvalidRequestError: ``file`` is no font that can be read.
    """
    chosen: list[Font] = []
    if file is not None:
        try:
            chosen.append(PillowFont(file))
        except OSError as error:
            raise InvalidRequestError(f"{file}: is no font that can be read") from error
    return FontBook([*chosen, PillowFont()], system_fonts, say)


def system_fonts(text: str) -> Iterator[Font]:
    """Give fonts that may have a text's characters: fontconfig's, OpenCV's, those in folders."""
    yield from _opened(partial(PillowFont, *place) for place in _ask_fontconfig(text))
    yield from _opened([OpenCvFont])
    yield from _opened(partial(PillowFont, path) for path in _files_in(_font_folders()))


def _opened(makers: Iterable[Callable[[], Font]]) -> Iterator[Font]:
    """Give those fonts that can be opened: others are passed over for the next."""
    for make in makers:
        try:
            font = make()
        except OSError:
            continue
        yield font


def _ask_fontconfig(text: str) -> list[tuple[Path, int]]:
    """Return the file and number of the font that fontconfig finds best; nothing without it."""
    codes = " ".join(f"{ord(character):x}" for character in sorted(set(text)))
    pattern = f"sans-serif:charset={codes}:scalable=true"
    try:
        done = subprocess.run(
            ["fc-match", "--format", "%{index}\t%{file}", pattern],
            capture_output=True,
            text=True,
            timeout=_FONTCONFIG_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return []
    index, _, file = done.stdout.partition("\t")
    return [(Path(file), int(index))] if index.isdigit() and file else []


def _font_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    if sys.platform == "win32":
        return [Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts"]
    return [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    ]


def _files_in(folders: Iterable[Path]) -> list[Path]:
    """Return font files, those first whose names promise Chinese; a bounded number."""
    files = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _ENDINGS
    ]
    return sorted(files, key=_promise)[:_MOST_FILES]


def _promise(path: Path) -> int:
    name = path.name.lower().replace("-", "").replace("_", "")
    return next((at for at, part in enumerate(_CHINESE) if part in name), len(_CHINESE))
