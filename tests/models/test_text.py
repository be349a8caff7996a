"""Bytes of a history as text and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.models.text import plain, to_bytes, to_text

_RAW = st.binary() | st.text(st.characters(codec="utf-8")).map(str.encode) | st.binary().map(lambda raw: b'"' + raw)


@given(_RAW)
def test_every_byte_string_comes_back(raw):
    assert to_bytes(to_text(raw)) == raw


@given(_RAW, _RAW)
def test_different_bytes_have_different_texts(first, second):
    assert (to_text(first) == to_text(second)) == (first == second)


@given(_RAW)
def test_the_text_is_fit_for_every_store(raw):
    """UTF-8 without surrogates, and no NUL, which PostgreSQL refuses."""
    text = to_text(raw)
    text.encode()
    assert "\0" not in text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"plain", "plain"),
        ("Jörg\n😀".encode(), "Jörg\n😀"),
        (b'in "the" middle', 'in "the" middle'),
        (b"J\xf6rg", r'"J\366rg"'),
        (b'\xff\t\n\\"', r'"\377\t\n\\\""'),
        (b'"quoted"', r'"\"quoted\""'),
        (b"nul\0", r'"nul\000"'),
    ],
)
def test_undecodable_bytes_are_quoted_as_git_quotes_paths(raw, text):
    assert to_text(raw) == text


def test_a_plain_text_begins_no_line_and_steers_no_terminal():
    hostile = "shop\nFAILED\r\x1b[2K\x9b2J\u2028web [bold]"
    assert plain(hostile) == "shop?FAILED??[2K?2J?web [bold]".replace("?", "\N{REPLACEMENT CHARACTER}")
