import os
import time

import pytest

from devhealth.transport.memory import Memory, Remembered

ANSWER = Remembered(etag='"x"', modified="", next="/page/2", body=b"[1]")


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / "answers", "acme stored:github")


def test_an_answer_is_recalled_by_its_question_and_its_credential(memory, tmp_path):
    memory.keep("/repos/acme/shop", ANSWER)
    assert memory.recall("/repos/acme/shop") == ANSWER
    assert memory.recall("/repos/acme/api") is None
    assert Memory(tmp_path / "answers", "umbrella stored:github").recall("/repos/acme/shop") is None


def test_what_has_no_version_or_is_large_is_not_kept(memory):
    memory.keep("plain", Remembered(etag="", modified="", next="", body=b"[]"))
    memory.keep("large", Remembered(etag='"x"', modified="", next="", body=b" " * (2 << 20)))
    assert (memory.recall("plain"), memory.recall("large")) == (None, None)


def test_what_cannot_be_read_or_written_is_as_if_it_were_not_there(memory, tmp_path):
    memory.keep("spoilt", ANSWER)
    memory._path("spoilt").write_bytes(b"half of i")
    assert memory.recall("spoilt") is None
    (tmp_path / "file").write_text("")
    nowhere = Memory(tmp_path / "file" / "answers", "acme")
    nowhere.keep("question", ANSWER)
    assert nowhere.recall("question") is None


def test_what_was_not_used_for_two_weeks_is_forgotten(memory, tmp_path):
    memory.keep("old", ANSWER)
    memory.keep("new", ANSWER)
    old = time.time() - 15 * 86_400
    os.utime(memory._path("old"), (old, old))
    assert Memory(tmp_path / "answers", "acme stored:github").recall("old") == ANSWER, "looked through today already"
    os.utime(tmp_path / "answers" / "looked-through", (old, old))
    again = Memory(tmp_path / "answers", "acme stored:github")
    assert (again.recall("old"), again.recall("new")) == (None, ANSWER)


def test_only_the_owner_may_read_them(memory, tmp_path):
    memory.keep("question", ANSWER)
    assert (tmp_path / "answers").stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "answers").iterdir()} == {0}
