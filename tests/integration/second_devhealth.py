"""A second devhealth that knows the same organisations by the same ids, and what of the two is compared."""

import contextlib
import sqlite3
from datetime import UTC, datetime

from devhealth.pipelines import metrics, setup
from devhealth.pipelines.digests import stored_digests


def second(first, settings):
    """The settings, their semantic database a copy of the first one's."""
    settings.home.mkdir()
    with contextlib.ExitStack() as stack:
        ours, theirs = (
            stack.enter_context(contextlib.closing(sqlite3.connect(one.home / "semantic.db")))
            for one in (first, settings)
        )
        ours.backup(theirs)
    setup.prepare(settings)
    return settings


def contents(settings):
    """Rows and digest of each table of acme, its metrics computed."""
    metrics.compute_dirty(settings, datetime.now(UTC))
    return {one.table: (one.rows, one.digest) for one in stored_digests(settings, "acme")}
