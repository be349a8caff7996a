"""Settings of a task: the connections `devhealth_postgres` and `devhealth_clickhouse` first, then the environment.

One or the other must name both stores: a store of its own on each worker would hold nothing of what others stored.

Passwords and keys are told to Airflow's secrets masker, as they are and as they stand in a URI, before anybody can log
them.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from airflow.configuration import conf

from devhealth_airflow.airflow_names import AirflowNotFoundException, BaseHook, mask_secret

if TYPE_CHECKING:
    from devhealth.settings import Settings

SEMANTIC_CONNECTION = "devhealth_postgres"
ANALYTICS_CONNECTION = "devhealth_clickhouse"

_OF_AN_APP = frozenset({"app_id", "private_key", "installation_id"})

_SCHEMES = frozenset({"http", "https"})

_SHORTEST_PIECE = 4
"""Shorter ones would hide half the words of a log."""


def task_settings() -> "Settings":
    """The settings of this task. Only to be called while a task runs: it asks Airflow for connections.

    Raises SettingsError when nothing names a store. Embedded ones need `embedded_stores = True` in the section
    `[devhealth]` of Airflow's configuration, as `make airflow` sets it.
    """
    from devhealth.semantic.secret_box import keys_of
    from devhealth.settings import Settings

    settings = replace(Settings.from_environment(), host=AirflowHost())
    for key in keys_of(settings.secret_key):
        mask_secret(key)
    semantic, analytics = _connection(SEMANTIC_CONNECTION), _connection(ANALYTICS_CONNECTION)
    if semantic:
        settings = replace(settings, semantic_uri=sqlalchemy_url(semantic))
    if analytics:
        settings = replace(settings, clickhouse_uri=clickhouse_uri(analytics))
    if not conf.getboolean("devhealth", "embedded_stores", fallback=False):
        _refuse_stores_of_the_worker(settings)
    for uri in (settings.semantic_uri, settings.clickhouse_uri, settings.secondary_uri):
        for secret in _secrets_of(uri or ""):
            mask_secret(secret)
    return settings


def _refuse_stores_of_the_worker(settings: "Settings") -> None:
    from devhealth.errors import SettingsError

    wanted = {
        f"{SEMANTIC_CONNECTION} (type Postgres; or the variable POSTGRES_URI)": settings.is_semantic_embedded,
        f"{ANALYTICS_CONNECTION} (native protocol; or the variable CLICKHOUSE_URI)": settings.clickhouse_uri is None,
    }
    missing = [name for name, is_missing in wanted.items() if is_missing]
    if missing:
        raise SettingsError(
            f"Airflow has no connection {' and no connection '.join(missing)}: nothing says where devhealth stores. "
            "Create it, with the fields that airflow_settings.yaml lists, or set the variable for the scheduler and "
            "every worker; then run the DAG again."
        )


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


def _address(connection: Any) -> str:
    """What a connection is for, as an http connection says so; empty without a host."""
    host = (connection.host or "").strip()
    if not host:
        return ""
    if "://" not in host:
        schema = (connection.schema or "").strip().lower()
        host = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
        host = f"{schema if schema in _SCHEMES else 'https'}://{host.lstrip('/')}"
    scheme, _, rest = host.partition("://")
    netloc, slash, path = rest.partition("/")
    has_port = re.search(r":\d*$", netloc) and not netloc.endswith("]")
    port = f":{connection.port}" if connection.port and not has_port else ""
    return f"{scheme}://{netloc}{port}{slash}{path}"


def _connection(name: str) -> Any:
    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None


def _options(connection: Any) -> dict[str, str]:
    extra = connection.extra_dejson or {}
    return {name: str(value) for name, value in extra.items() if isinstance(value, str | int | float)}


def _secrets_of(uri: str) -> set[str]:
    """What must not be shown of a URI; of one that is badly written, whatever may be part of a password."""
    from devhealth.models.credential import spellings

    if "://" not in uri:
        return {uri} - {""}
    account = re.search(r"://[^:@/]*:(.+)@", uri, re.DOTALL)
    written = account[1] if account else ""
    pieces = [piece for piece in re.split("[@/:?#]", written) if len(piece) >= _SHORTEST_PIECE]
    return {written, *pieces, *spellings(unquote(written))} - {""}


@dataclass(frozen=True, slots=True)
class AirflowHost:
    """What Airflow offers the engine while a task runs: see `devhealth.settings.Host`."""

    _masked: set[str] = field(default_factory=set, repr=False)

    def connection(self, conn_id: str) -> dict[str, str] | None:
        """What a connection holds, as a credential calls it; None when there is none of that id.

        That is login and password, the address that host, port and schema make, and what of an App stands in the extra.
        The `url` of the extra goes before the host. Where there is no host, the connection is for any.
        """
        found = _connection(conn_id)
        if found is None:
            return None
        fields = {"username": found.login or "", "token": found.password or ""}
        if url := _options(found).get("url") or _address(found):
            fields["url"] = url
        return fields | {name: value for name, value in _options(found).items() if name in _OF_AN_APP}

    def mask(self, secret: str) -> None:
        """Keep the text out of the logs of this task."""
        if secret not in self._masked:
            mask_secret(secret)
            self._masked.add(secret)
