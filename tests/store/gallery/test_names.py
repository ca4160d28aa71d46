import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from face_service.errors import InvalidSubjectError
from face_service.store.gallery.names import check_subject_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada", "Ada"),
        ("  Ada Lovelace\u3000", "Ada Lovelace"),
        ("Ju\u0308rgen", "J\u00fcrgen"),
        ("\u674e\u5c0f\u9f99", "\u674e\u5c0f\u9f99"),
        ("...", "..."),
        ("x" * 128, "x" * 128),
        ("u\u0308" * 128, "\u00fc" * 128),
        ("\U0001f469\u200d\U0001f52c", "\U0001f469\u200d\U0001f52c"),
    ],
)
def test_a_name_is_normalised(text: str, name: str) -> None:
    assert check_subject_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\n", "\u3000", ".", "..", " .. ", "x" * 129, "x" * 10**6),
        *("secret/name", "secret\\name", "../secret", "secret\0", "secret\nname", "secret\x7f"),
        *("secret\x85name", "secret\ud800", "secret\u2028name", "secret\u2029name"),
        *("secret\u202ename", "secret\u2066name", "secret\u200fname", "\u061csecret"),
    ],
)
def test_what_cannot_be_a_name_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidSubjectError) as caught:
        check_subject_name(text)
    assert "secret" not in caught.value.message


@settings(deadline=None)
@given(st.text(max_size=140))
def test_an_accepted_name_is_accepted_as_it_is(text: str) -> None:
    try:
        name = check_subject_name(text)
    except InvalidSubjectError:
        return
    assert check_subject_name(name) == name
    assert 1 <= len(name) <= 128
    assert name.encode()
