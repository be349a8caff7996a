"""How failures are put into words."""

from devhealth.pipelines.reports import failed_of, listed


def test_several_troubles_are_one_sentence():
    assert listed([("a", "it is gone. Look."), ("b", "exit status 1")]) == "a: it is gone. Look; b: exit status 1."


def test_the_others_are_stored_only_where_there_are_others():
    assert failed_of(1, 1_001, "chunks") == "1 of 1,001 chunks failed, the others are stored"
    assert failed_of(2, 2, "units") == "2 of 2 units failed"
