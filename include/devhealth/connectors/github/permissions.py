"""Naming the permission a target lacks, in the errors of what may not be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from devhealth.errors import SourceForbidden


@contextmanager
def needing(permission: str) -> Iterator[None]:
    """Raise SourceForbidden with the name of the permission in it, `Issues: read`, where GitHub has named no other."""
    try:
        yield
    except SourceForbidden as error:
        if not error.remedy:
            raise
        raise SourceForbidden(f"{error.message} Give the credential the permission {permission}.") from error
