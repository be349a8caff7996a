"""Naming the permission a target lacks, in the errors of what may not be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from devhealth.errors import SourceForbidden


@contextmanager
def needing(permission: str) -> Iterator[None]:
    """Raise SourceForbidden with the name of the permission in it: `Issues: read`."""
    try:
        yield
    except SourceForbidden as error:
        said = str(error)
        if "permission" not in said or permission.partition(":")[0].lower() in said.lower().rpartition("permission")[2]:
            raise
        raise SourceForbidden(f"{said} The target needs the permission {permission}.") from error
