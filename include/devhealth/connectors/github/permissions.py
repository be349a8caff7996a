"""Naming the permission a target lacks, in the errors of what may not be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from devhealth.errors import SourceForbidden

_UNNAMED = ("Give it read permission for this repository.", "Give the credential permission.")


@contextmanager
def needing(permission: str) -> Iterator[None]:
    """Raise SourceForbidden with the name of the permission in it, `Issues: read`, where GitHub has named no other."""
    try:
        yield
    except SourceForbidden as error:
        said = str(error)
        for remedy in _UNNAMED:
            if said.endswith(remedy):
                raise SourceForbidden(
                    f"{said.removesuffix(remedy)}Give the credential the permission {permission}."
                ) from error
        raise
