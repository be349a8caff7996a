"""Counting what the requests of a unit cost."""

import contextlib

import pytest

from devhealth.models.usage import Usage
from devhealth.pipelines.metering import metered, usage_of
from devhealth.settings import Settings
from devhealth.staging import UnitStaging


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"DEVHEALTH_HOME": str(tmp_path)})


def test_usage_adds_up_over_attempts_that_fail(settings, tmp_path):
    staging = UnitStaging(str(tmp_path / "unit"))
    for _ in range(3):
        with contextlib.suppress(RuntimeError), metered(settings, staging) as counted:
            counted.spend(Usage(requests=2, points=5))
            raise RuntimeError
    assert usage_of(staging) == Usage(requests=6, points=15)


def test_unit_without_requests_leaves_no_file(settings, tmp_path):
    staging = UnitStaging(str(tmp_path / "unit"))
    with metered(settings, staging):
        pass
    assert usage_of(staging) == Usage()
    assert not (tmp_path / "unit").exists()
