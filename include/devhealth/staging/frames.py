"""Records as a file: length-prefixed MessagePack frames of `[table name, rows]`, one record type a frame."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any, BinaryIO, cast

import msgspec

from devhealth.errors import RecordError, StagingError
from devhealth.models.table import Record, Snapshot, check_ranges, named, table_of

_LENGTH = 8
_SNAPSHOT = "snapshot"


def write(file: BinaryIO, batches: Iterable[list[Record | Snapshot]]) -> int:
    """Append the batches to the file; the count of records written. Raises RecordError for what no store holds."""
    encoder = msgspec.msgpack.Encoder()
    count = 0
    for batch in batches:
        for kind, rows in groupby(batch, type):
            records = list(rows)
            name = _SNAPSHOT
            if kind is not Snapshot:
                declared = table_of(cast("type[Record]", kind))
                check_ranges(declared, cast("list[Record]", records))
                name = declared.name
            try:
                frame = encoder.encode((name, records))
            except (UnicodeEncodeError, OverflowError) as error:
                raise _culprit(encoder, records, error) from error
            file.write(len(frame).to_bytes(_LENGTH, "big"))
            file.write(frame)
            count += len(records)
    return count


def _culprit(encoder: msgspec.msgpack.Encoder, records: list[Any], reason: Exception) -> RecordError:
    """The record that cannot be staged, and why."""
    for record in records:
        for name in record.__struct_fields__:
            try:
                encoder.encode(getattr(record, name))
            except (UnicodeEncodeError, OverflowError) as error:
                what = named(record) if isinstance(record, Record) else _SNAPSHOT
                return RecordError(f"{what}: `{name}` is no value that a store holds: {error}.")
    return RecordError(f"a record is no value that a store holds: {reason}.")


def read(file: BinaryIO) -> Iterator[list[Record | Snapshot]]:
    """The batches of a file; raises StagingError when it ends inside a frame."""
    while prefix := file.read(_LENGTH):
        length = int.from_bytes(prefix, "big")
        frame = file.read(length)
        if len(prefix) != _LENGTH or len(frame) != length:
            raise StagingError(
                f"staged records end inside a frame: expected {length} bytes, got {len(frame)}. Run again."
            )
        name, raw = _envelope().decode(frame)
        yield _rows(name).decode(raw)


@cache
def _envelope() -> msgspec.msgpack.Decoder[tuple[str, msgspec.Raw]]:
    return msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])


@cache
def _rows(name: str) -> msgspec.msgpack.Decoder[Any]:
    kind = Snapshot if name == _SNAPSHOT else table_of(name).record
    return msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
