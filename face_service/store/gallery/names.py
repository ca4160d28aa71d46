"""What a subject may be called."""

import unicodedata

from face_service.errors import InvalidSubjectError

MAX_NAME = 128  # characters
# Control characters, surrogates, and what ends a line or paragraph.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# What stands for bytes that are no UTF-8: different names would become one.
_UNDECODED = "\ufffd"
_SEPARATORS = frozenset("/\\")


def normalise_name(text: str) -> str:
    """Return the form in which a name is compared and stored: NFC, without outer white space."""
    return unicodedata.normalize("NFC", text.strip()).strip()


def check_subject_name(text: str) -> str:
    """Return the normalised name.

    Raises:
        InvalidSubjectError: it is empty, too long, or holds what no name may hold. The message
            does not repeat the text.
    """
    # Normalising composes a few characters into one: what is much longer cannot become short,
    # and must not cost the time of normalising it.
    if len(text) > 16 * MAX_NAME:
        raise InvalidSubjectError(f"a name has at most {MAX_NAME} characters")
    name = normalise_name(text)
    if not name:
        raise InvalidSubjectError("a name has at least one character that is not white space")
    if len(name) > MAX_NAME:
        raise InvalidSubjectError(f"a name has at most {MAX_NAME} characters")
    if name in {".", ".."}:
        raise InvalidSubjectError("a name cannot be one or two dots alone")
    if not _SEPARATORS.isdisjoint(name):
        raise InvalidSubjectError("a name cannot hold a slash or a backslash")
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in name):
        raise InvalidSubjectError(
            "a name cannot hold control characters, line separators or halves of characters"
        )
    if _UNDECODED in name:
        raise InvalidSubjectError("the name was not sent as UTF-8")
    if all(unicodedata.category(character) == "Cf" for character in name):
        raise InvalidSubjectError("a name has at least one character that can be seen")
    if not _BIDI_CONTROLS.isdisjoint(name):
        raise InvalidSubjectError("a name cannot hold characters that turn the direction of text")
    return name
