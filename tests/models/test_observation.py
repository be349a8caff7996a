from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from devhealth.models.observation import RESERVED, observed_at, observing

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def looks(count):
    for _ in range(count):
        yield observed_at()


def test_versions_of_a_unit_rise_from_the_one_it_took_when_it_first_looked():
    taken = []
    found = list(observing(lambda: taken.append(1) or FIRST, looks(3)))
    assert found == [FIRST + timedelta(microseconds=count) for count in range(3)]
    assert taken == [1]


def test_a_unit_that_never_looks_takes_none():
    def unreachable():
        raise OSError
        yield

    with pytest.raises(OSError):
        list(observing(pytest.fail, unreachable()))


def test_threads_that_take_turns_see_the_versions_of_their_unit_only():
    units = [observing(lambda: FIRST, looks(3)), observing(lambda: FIRST + RESERVED, looks(3))]
    with ThreadPoolExecutor(2) as threads:
        found = [[threads.submit(next, unit).result() for unit in units] for _ in range(3)]
    assert all(one < FIRST + RESERVED <= other for one, other in found)
    assert observed_at() > FIRST + RESERVED


def test_an_abandoned_unit_is_closed():
    ended = []

    def unit():
        try:
            yield observed_at()
            yield observed_at()
        finally:
            ended.append(True)

    observing_it = observing(lambda: FIRST, unit())
    next(observing_it)
    observing_it.close()
    assert ended == [True]


def test_no_version_is_beyond_what_was_reserved():
    *_, last = observing(lambda: FIRST, looks(RESERVED // timedelta(microseconds=1) + 2))
    assert last < FIRST + RESERVED
