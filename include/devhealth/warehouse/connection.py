"""Connections to ClickHouse: a server when CLICKHOUSE_URI names one, else the embedded one; callers cannot tell."""

import contextlib
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ErrorCodes, NetworkError, ServerException, SocketTimeoutError

from devhealth.errors import SettingsError, StoreError
from devhealth.settings import Settings
from devhealth.warehouse.embedded import ensure_started

_EXPECTED = "expected clickhouse://user:password@host:9000/database (clickhouses:// for TLS)"
_AUTHENTICATION_FAILED = 516  # newer than the driver's list of codes
_SILENCE_SECONDS = 300
"""How long ClickHouse may say nothing: a statement at work tells its progress some times a second."""
STATEMENT_SETTINGS: dict[str, int | str] = {
    "max_partitions_per_insert_block": 0,  # a first sync spans every month of a history
    # A profile that takes an old version for its model changes hundreds of defaults: back to those of the server.
    "compatibility": "",
    "dialect": "clickhouse",
    "enable_analyzer": 1,
    "allow_experimental_analyzer": 1,  # its name before 24.9
    "single_join_prefer_left_table": 1,
    "analyzer_compatibility_join_using_top_level_identifier": 0,
    # Columns and tables as they are declared.
    "data_type_default_nullable": 0,
    "create_table_empty_primary_key_by_default": 0,
    "flatten_nested": 1,
    "alter_sync": 1,
    "mutations_sync": 1,
    # Aggregates, joins and sets of nothing, and of NULL.
    "aggregate_functions_null_for_empty": 0,
    "empty_result_for_aggregation_by_empty_set": 0,
    "empty_result_for_aggregation_by_constant_keys_on_empty_set": 1,
    "group_by_use_nulls": 0,
    "force_grouping_standard_compatibility": 1,
    "join_use_nulls": 0,
    "transform_null_in": 0,
    "cast_keep_nullable": 0,
    "least_greatest_legacy_null_behavior": 0,
    "use_variant_as_common_type": 0,
    # What a statement means.
    "join_default_strictness": "ALL",
    "join_any_take_last_row": 0,
    "any_join_distinct_right_table_keys": 0,
    "joined_subquery_requires_alias": 0,
    "enable_unaligned_array_join": 0,
    "union_default_mode": "",
    "except_default_mode": "ALL",
    "intersect_default_mode": "ALL",
    "prefer_column_name_to_alias": 0,
    "enable_positional_arguments": 1,
    "enable_order_by_all": 1,
    "asterisk_include_alias_columns": 0,
    "asterisk_include_materialized_columns": 0,
    "count_distinct_implementation": "uniqExact",
    "enable_extended_results_for_datetime_functions": 0,
    "enable_named_columns_in_function_tuple": 0,
    # Which rows are read.
    "final": 0,
    "do_not_merge_across_partitions_select_final": 0,
    "apply_deleted_mask": 1,
    "additional_table_filters": "{}",
    "additional_result_filter": "",
    "use_query_cache": 0,
    "limit": 0,
    "offset": 0,
    "extremes": 0,
    # Limits are the operator's; one that is met is an error, never fewer rows.
    "read_overflow_mode": "throw",
    "read_overflow_mode_leaf": "throw",
    "group_by_overflow_mode": "throw",
    "sort_overflow_mode": "throw",
    "result_overflow_mode": "throw",
    "timeout_overflow_mode": "throw",
    "timeout_overflow_mode_leaf": "throw",
    "set_overflow_mode": "throw",
    "join_overflow_mode": "throw",
    "transfer_overflow_mode": "throw",
    "distinct_overflow_mode": "throw",
    # Times and texts.
    "session_timezone": "UTC",
    "date_time_input_format": "basic",
    "date_time_output_format": "simple",
    "date_time_overflow_behavior": "ignore",
    "cast_string_to_date_time_mode": "basic",
    "bool_true_representation": "true",
    "bool_false_representation": "false",
    "output_format_decimal_trailing_zeros": 0,
    # Blocks on the wire.
    "low_cardinality_allow_in_native_format": 1,
    "input_format_native_allow_types_conversion": 1,
    "input_format_native_decode_types_in_binary_format": 0,
    "output_format_native_encode_types_in_binary_format": 0,
    "input_format_defaults_for_omitted_fields": 1,
    "input_format_null_as_default": 1,
    "input_format_force_null_for_omitted_fields": 0,
    # What is inserted is there for the next statement, once, and whole.
    "async_insert": 0,
    "wait_for_async_insert": 1,
    "insert_deduplicate": 1,
    "insert_deduplication_token": "",
    "insert_null_as_default": 1,
    "optimize_on_insert": 1,
    "throw_on_max_partitions_per_insert_block": 1,
}
"""Everything a result depends on and a server profile or the URI could change.

A server lets pass what it does not know. What is only a matter of speed or of an operator's limits stays theirs.
"""


logging.getLogger("clickhouse_driver.connection").setLevel(logging.ERROR)  # it warns of what it also raises


class WarehouseClient(Client):  # type: ignore[misc]
    """A clickhouse-driver client whose errors are StoreErrors."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """As in clickhouse-driver."""
        with _translated(self):
            return super().execute(*args, **kwargs)

    def execute_iter(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """As in clickhouse-driver, but the statement runs when the first row is asked for."""
        with _translated(self):
            yield from super().execute_iter(*args, **kwargs)


def resolve_uri(settings: Settings) -> str:
    """The ClickHouse URI in force, password included; starts the embedded server where no other is configured.

    Raises SettingsError for a URI of another kind of database, WarehouseError when the embedded one cannot start.
    """
    check(settings)
    return settings.clickhouse_uri or ensure_started(settings.home).uri


def check(settings: Settings) -> None:
    """Raise SettingsError unless ClickHouse is what holds the records; reaches for nothing."""
    uri = settings.clickhouse_uri
    if uri is None and settings.sink == "sql":
        raise SettingsError(
            "metrics live in ClickHouse, and DEVHEALTH_SINK=sql stores nothing there. "
            "Set DEVHEALTH_SINK=both, or CLICKHOUSE_URI to a ClickHouse that holds the records."
        )
    if uri is not None and not re.match(r"[a-z][a-z0-9+.-]*:", uri):
        raise _unreadable()
    scheme = "clickhouse" if uri is None else uri.partition(":")[0]
    if scheme not in {"clickhouse", "clickhouses"}:
        raise SettingsError(
            f"metrics live in ClickHouse, and CLICKHOUSE_URI (else DATABASE_URI, else DATABASE_URL) is of the kind "
            f"{scheme!r}. Set CLICKHOUSE_URI: {_EXPECTED}."
        )


def connect(settings: Settings) -> WarehouseClient:
    """A connected client; the database is created when it is missing.

    Not to be used by two threads at once. Raises StoreError when ClickHouse is out of reach or refuses the login.
    """
    uri = resolve_uri(settings)
    try:
        return _connect(uri)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, NetworkError):  # the embedded server may have gone idle since it was asked for
            return _connect(resolve_uri(settings))
        if not isinstance(cause, ServerException) or cause.code != ErrorCodes.UNKNOWN_DATABASE:
            raise
    parts = urlsplit(uri)
    default = _connect(urlunsplit(parts._replace(path="/default")))
    default.execute(f"create database if not exists `{parts.path.strip('/')}`")
    default.disconnect()
    return _connect(uri)


@contextlib.contextmanager
def connected(settings: Settings) -> Iterator[WarehouseClient]:
    """A connected client that is disconnected at the end of the block."""
    client = connect(settings)
    try:
        yield client
    finally:
        client.disconnect()


def _unreadable() -> SettingsError:
    return SettingsError(f"CLICKHOUSE_URI cannot be read: {_EXPECTED}; escape special characters as %xx.")


def _connect(uri: str) -> WarehouseClient:
    try:
        client: WarehouseClient = WarehouseClient.from_url(_with_timeout(uri))
    except ValueError:
        raise _unreadable() from None
    client.settings.update(STATEMENT_SETTINGS)
    with _translated(client):
        client.connection.connect()
    return client


def _with_timeout(uri: str) -> str:
    if "send_receive_timeout=" in uri:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}send_receive_timeout={_SILENCE_SECONDS}"


@contextlib.contextmanager
def _translated(client: Client) -> Iterator[None]:
    try:
        yield
    except ServerException as error:
        reason = str(error.message).partition(" Stack trace:")[0].removeprefix("DB::Exception: ").strip()
        if error.code == _AUTHENTICATION_FAILED:
            reason = "it does not know this user name and password. Correct CLICKHOUSE_URI."
        raise StoreError(f"ClickHouse at {_address(client)} refused (code {error.code}): {reason}") from error
    except SocketTimeoutError as error:
        client.disconnect()
        raise StoreError(
            f"ClickHouse at {_address(client)} did not answer for {client.connection.send_receive_timeout:g} s: "
            "whether it did what it was asked is not known. See that it is well, then run again; "
            "a statement that takes longer needs ?send_receive_timeout=SECONDS in CLICKHOUSE_URI."
        ) from error
    except (NetworkError, OSError, EOFError) as error:
        raise StoreError(
            f"ClickHouse at {_address(client)} cannot be reached: {error}. "
            "See that it runs and that CLICKHOUSE_URI is right, then run again."
        ) from error
    except Error as error:
        raise StoreError(f"ClickHouse at {_address(client)} and its driver disagree: {error}") from error


def _address(client: Client) -> str:
    host, port = client.connection.hosts[0]
    return f"{host}:{port}"
