"""Settings of a task: the connections `devhealth_postgres` and `devhealth_clickhouse` first, then the environment.

Passwords are told to Airflow's secrets masker, as they are and as they stand in a URI, before anybody can log them.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, urlencode, urlsplit

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, mask_secret

if TYPE_CHECKING:
    from devhealth.settings import Settings

SEMANTIC_CONNECTION = "devhealth_postgres"
ANALYTICS_CONNECTION = "devhealth_clickhouse"


def task_settings() -> "Settings":
    """The settings of this task. Only to be called while a task runs: it asks Airflow for connections."""
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    semantic, analytics = _connection(SEMANTIC_CONNECTION), _connection(ANALYTICS_CONNECTION)
    if semantic:
        settings = replace(settings, semantic_uri=sqlalchemy_url(semantic))
    if analytics:
        settings = replace(settings, clickhouse_uri=clickhouse_uri(analytics))
    for uri in (settings.semantic_uri, settings.clickhouse_uri, settings.secondary_uri):
        for secret in _secrets_of(uri or ""):
            mask_secret(secret)
    return settings


def sqlalchemy_url(connection: Any) -> str:
    """The SQLAlchemy URL of a connection of type Postgres, or of type Sqlite with the path of the file as its host."""
    if connection.conn_type == "sqlite":
        return f"sqlite:///{connection.host or connection.schema or ''}"
    from sqlalchemy.engine import URL

    url = URL.create(
        "postgresql+psycopg2",
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.schema or None,
        query=_options(connection),
    )
    return url.render_as_string(hide_password=False)


def clickhouse_uri(connection: Any) -> str:
    """The `clickhouse://` URI of a connection of any type; its extra holds driver options, `secure` among them."""
    options = _options(connection)
    scheme = "clickhouses" if options.pop("secure", "").lower() in {"1", "true", "yes"} else "clickhouse"
    login, password = (quote(part or "", safe="") for part in (connection.login or "default", connection.password))
    port = connection.port or (9440 if scheme == "clickhouses" else 9000)
    database = quote(connection.schema or "default", safe="")
    query = f"?{urlencode(options)}" if options else ""
    return f"{scheme}://{login}:{password}@{connection.host or 'localhost'}:{port}/{database}{query}"


def _connection(name: str) -> Any:
    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None


def _options(connection: Any) -> dict[str, str]:
    extra = connection.extra_dejson or {}
    return {name: str(value) for name, value in extra.items() if isinstance(value, str | int | float)}


def _secrets_of(uri: str) -> Iterator[str]:
    try:
        written = urlsplit(uri).password
    except ValueError:  # not a URI: whoever reads it will say so
        return
    if written:
        plain = unquote(written)
        yield from {written, plain, quote(plain, safe=""), quote_plus(plain)}
