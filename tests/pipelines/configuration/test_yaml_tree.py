"""YAML with its lines, read more strictly than PyYAML does."""

from pathlib import Path

import pytest

from devhealth.errors import InputError
from devhealth.pipelines.configuration.yaml_tree import Tree, read, read_file


def tree(text: str | bytes) -> Tree:
    return read(text if isinstance(text, bytes) else text.encode(), "a.yaml", Path("/srv"))


def test_values_know_the_line_they_or_their_keys_begin_in():
    found = tree("a:\n  - 1\n  - b:\n      c\n# remark\nd: {e: [x,\n  y]}\n")
    assert found.value == {"a": [1, {"b": "c"}], "d": {"e": ["x", "y"]}}
    wanted = {("a",): 1, ("a", 0): 2, ("a", 1, "b"): 3, ("d", "e"): 6, ("d", "e", 1): 7}
    assert {path: found.lines[path] for path in wanted} == wanted


def test_keys_are_text_and_days_stay_text():
    assert tree("no: 2026-01-31\n007: yes\n~: null\n1.0: '1'").value == {
        "no": "2026-01-31",
        "007": True,
        "~": None,
        "1.0": "1",
    }


def test_aliases_and_merge_keys_are_written_out_and_own_keys_win():
    found = tree("a: &x {tier: team, b: 1}\nc: {<<: *x, b: 2}\nd: *x\ne: *x\nf: {<<: [*x, {g: 3}]}")
    assert found.value["c"] == {"tier": "team", "b": 2}
    assert found.value["d"] == found.value["e"] == {"tier": "team", "b": 1}
    assert found.value["f"] == {"tier": "team", "b": 1, "g": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n  b: 1\n  c: 2\n  b: 3", r"a\.yaml:4: a: 'b' stands here twice, first in line 2: keep one\."),
        ("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 1, e: 2}", r"a\.yaml:3: d: 'e' stands here twice"),
        ("a: 'b", r"a\.yaml:1: no YAML: while scanning a quoted scalar, found unexpected end of stream"),
        ("a:\n\tb: 1", r"a\.yaml:2: no YAML: while scanning for the next token"),
        ("a: b\n---\nc: d", r"a\.yaml:2: no YAML: expected a single document"),
        ("a: *nowhere", r"a\.yaml:1: no YAML: found undefined alias 'nowhere'"),
        ("", r"a\.yaml is empty: expected a mapping"),
        ("# nothing", r"a\.yaml is empty"),
        ("a: 1\n? [b]\n: 1", r"a\.yaml:2: a key must be text"),
        ("a: &x [*x]", r"a\.yaml:1: an alias within itself"),
        ("a:\n  b: !!python/name:os.system x", r"a\.yaml:2: a\.b: the tag 'python/name:os\.system' is not known"),
        ("a: !mine {}", r"a\.yaml:1: a: the tag '!mine'"),
        ("a: {<<: 1}", r"a\.yaml:1: a: a merge key"),
        ('a: "x\\0"', r"a\.yaml:1: a: holds a character"),
        ('a: "\\ud800"', r"a\.yaml:1: a: holds a character"),
        (b"a: 1\nb: \xff", r"a\.yaml:2: not UTF-8"),
        ("a: 1\nb: \x01", r"a\.yaml:2: holds a control character"),
        ("[" * 5000, r"nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_line(text, message):
    with pytest.raises(InputError, match=message):
        tree(text)


def test_a_secret_beside_the_error_is_not_quoted():
    with pytest.raises(InputError) as error:
        tree("token: 'planted\nother: [planted: : planted")
    assert "planted" not in str(error.value)


def test_aliases_that_multiply_are_refused_before_memory_is_full(monkeypatch):
    monkeypatch.setattr("devhealth.pipelines.configuration.yaml_tree._MOST_VALUES", 10_000)
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(InputError, match="aliases multiply"):
        tree("\n".join(lines))


def test_a_file_that_is_not_there_is_told_by_name(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.yaml: No such file"):
        read_file(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match="Is a directory"):
        read_file(tmp_path)


def test_relative_paths_start_where_the_file_is(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1")
    assert read_file(tmp_path / "a.yaml").folder == tmp_path
