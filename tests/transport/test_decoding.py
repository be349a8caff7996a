"""Texts of answers that no store takes, and answers of another shape than expected."""

import json

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.transport.decoding import decode, moment, storable


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'"Fix\u0000 it"', "Fix\ufffd it"),
        (rb'"half \ud83d"', "half \ufffd"),
        (rb'"other \uDE00 half"', "other \ufffd half"),
        (rb'"wrong way \ude00\ud83d round"', "wrong way \ufffd\ufffd round"),
        (rb'"half \ud83d\n"', "half \ufffd\n"),
        (rb'"whole \ud83d\ude00"', "whole \U0001f600"),
        (rb'"half and whole \ud83d\ud83d\ude00"', "half and whole \ufffd\U0001f600"),
        (rb'"C:\\u0000 is a path, \\\u0000 not"', "C:\\u0000 is a path, \\\ufffd not"),
        ('"Größe \\u00e4"'.encode(), "Größe ä"),
    ],
)
def test_a_nul_and_half_a_pair_become_the_replacement_character(body, text):
    assert msgspec.json.decode(storable(body)) == text


def test_an_answer_without_them_is_not_touched():
    body = json.dumps({"title": "\U0001f600 Größe", "path": "C:\\users"}, ensure_ascii=False).encode()
    assert storable(body) is body


class Issue(msgspec.Struct):
    number: int


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"id": 7}]', r"shop: 7: Object missing required field `number`"),
        (b'[{"id": 7, "number": "x"}]', r"shop: x: Expected `int`, got `str` \(`number`\)"),
        (b'{"number": 7}', "shop.*: Expected `array`, got `object`"),
        (b"null", "shop: Expected `array`, got `null`"),
        (b"", "shop: expected an answer in JSON, got what is none"),
        (b'[{"number": 1e400}]', "shop: .*out of range"),
        (b'["\xff"]', "shop: "),
        (b"[" * 100_000, "shop: "),
    ],
)
def test_an_answer_of_another_shape_is_one_error_with_what_where_expected_and_got(body, said):
    with pytest.raises(RecordError, match=said):
        decode(body, list[Issue], "shop")


def test_what_is_nested_too_deep_to_read_is_an_error_of_ours():
    with pytest.raises(RecordError, match="shop: expected an answer in JSON, got one that is nested too deep"):
        decode(b"[" * 100_000, object, "shop")


def test_times_are_read_as_answers_have_them():
    assert moment("2024-05-01t00:00:00z") == moment("2024-05-01T02:00:00+02:00")
