import re
from pathlib import Path

import pytest

import devhealth_airflow
from devhealth.errors import SettingsError
from devhealth.settings import VARIABLES, Settings
from devhealth.warehouse.connection import resolve_uri

ROOT = Path(__file__).parents[1]
POSTGRES = "postgresql://devhealth:planted@localhost/devhealth"


def test_nothing_set_means_everything_embedded_below_one_home(tmp_path):
    settings = Settings.from_environment({"DEVHEALTH_HOME": str(tmp_path)})
    assert settings.clickhouse_uri is None
    assert settings.semantic_uri == f"sqlite:///{tmp_path}/semantic.db"
    assert settings.staging_uri == f"{tmp_path}/staging"
    assert settings.sink == "clickhouse"


def test_clickhouse_uri_comes_before_database_uri_before_database_url():
    variables = {"CLICKHOUSE_URI": "clickhouse://a", "DATABASE_URI": "clickhouse://b", "DATABASE_URL": "clickhouse://c"}
    for expected in ("clickhouse://a", "clickhouse://b", "clickhouse://c"):
        assert Settings.from_environment(variables).clickhouse_uri == expected
        del variables[next(iter(variables))]


def test_postgres_uri_comes_before_database_uri_before_database_url_before_the_embedded_file():
    variables = {"POSTGRES_URI": "postgresql://a", "DATABASE_URI": "postgres://b", "DATABASE_URL": "sqlite:////c"}
    for expected in ("postgresql://a", "postgres://b", "sqlite:////c"):
        assert Settings.from_environment(variables).semantic_uri == expected
        del variables[next(iter(variables))]
    assert Settings.from_environment(variables).semantic_uri.endswith("/semantic.db")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("clickhouse://a/x", "sqlite:///"),
        ("mysql://a/x", "sqlite:///"),
        ("postgresql+psycopg2://a/x", "postgresql+psycopg2://a/x"),
        ("sqlite+pysqlite:////x", "sqlite+pysqlite:////x"),
    ],
)
def test_the_semantic_database_takes_a_shared_setting_only_when_it_can_be_one(uri, expected):
    assert Settings.from_environment({"DATABASE_URI": uri}).semantic_uri.startswith(expected)
    behind = Settings.from_environment({"DATABASE_URI": "clickhouse://a/x", "DATABASE_URL": uri})
    assert behind.semantic_uri.startswith(expected)
    assert behind.clickhouse_uri == "clickhouse://a/x"


@pytest.mark.parametrize(
    "variables", [{"DATABASE_URL": POSTGRES}, {"DEVHEALTH_SINK": "sql", "SECONDARY_DATABASE_URI": POSTGRES}]
)
def test_metrics_of_anything_but_clickhouse_are_refused_by_the_name_of_the_setting(variables):
    with pytest.raises(ValueError, match="CLICKHOUSE_URI") as refused:
        resolve_uri(Settings.from_environment(variables))
    assert "planted" not in str(refused.value)


def test_a_second_database_receives_the_same_records_unless_told_otherwise():
    assert Settings.from_environment({"SECONDARY_DATABASE_URI": POSTGRES}).sink == "both"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"BATCH_SIZE": "many"}, "BATCH_SIZE is 'many': expected a whole number of at least 1"),
        ({"MAX_WORKERS": "0"}, "MAX_WORKERS is '0'"),
        ({"DEVHEALTH_SINK": "kafka"}, "expected clickhouse, sql or both"),
        ({"DEVHEALTH_SINK": "both"}, "needs SECONDARY_DATABASE_URI"),
        ({"BUSINESS_HOURS_START": "18"}, "the start before the end"),
        ({"BUSINESS_HOURS_END": "late"}, "expected two whole hours"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_with_what_was_expected(variables, message):
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment(variables)


def test_no_secret_is_in_the_repr():
    settings = Settings.from_environment({"CLICKHOUSE_URI": "clickhouse://u:planted@h", "POSTGRES_URI": POSTGRES})
    assert "planted" not in repr(settings)


def test_every_variable_and_option_that_is_read_is_declared_for_the_docs():
    """Those that `docs/deploying.md` lists, no more and no fewer."""
    sources = [path.read_text() for folder in ("include", "plugins") for path in (ROOT / folder).rglob("*.py")]
    reads = re.compile(r"""(?:env|environ|_positive\(env,|for name in \()[^\n]*""")
    lines = [line for text in sources for line in reads.findall(text)]
    named = {name for line in lines for name in re.findall(r'"([A-Z][A-Z_]{5,})"', line)}
    of_others = ("AIRFLOW_", "GIT_", "PYTHON")
    assert {name for name in named if not name.startswith(of_others)} == set(VARIABLES)
    options = {name for text in sources for name in re.findall(r'"devhealth", "(\w+)", fallback=', text)}
    assert options == set(devhealth_airflow.OPTIONS)
