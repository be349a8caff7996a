"""What blame ranges in a table show after some runs, and what plain git says."""

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

from devhealth.connectors.local_git import blame
from devhealth.models.git import BlameRange
from devhealth.models.table import Snapshot
from devhealth.models.text import to_bytes
from devhealth.models.unit import Unit
from devhealth.processors.local_git.blame import to_records
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from tests.connectors.local_git.small_git import git, text

Lines = dict[bytes, list[str]]
_RUNS = itertools.count()


def unit_of(source: object, settings: Settings, cursor: bytes | None = None, mode: str = "incremental") -> Unit:
    staging = f"{settings.staging_uri}/{next(_RUNS)}"
    if cursor:
        UnitStaging(staging).write("cursor", cursor)
    return Unit(
        unit_id="shop-blame",
        run_id="run",
        org_id="acme",
        provider="local_git",
        target="blame",
        repo_id="shop",
        source=str(source),
        name="shop",
        mode=mode if cursor else "full",
        window=None,
        planned_until=datetime.now(UTC),
        staging=staging,
    )


class Stored:
    """What a table of blame ranges shows after the runs: of each file the ranges of its newest version."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], BlameRange] = {}
        self.cursor: bytes | None = None

    def sync(self, source: object, settings: Settings, mode: str = "incremental") -> list[str]:
        """Run once; the paths blamed."""
        unit = unit_of(source, settings, self.cursor, mode)
        pages = list(blame.fetch(unit, settings))
        self.cursor = pages[-1].read()
        paths = []
        for item in itertools.chain.from_iterable(to_records(pages, unit)):
            if isinstance(item, Snapshot):
                self.rows = {key: row for key, row in self.rows.items() if row.fetched_at >= item.version}
            else:
                assert isinstance(item, BlameRange)
                self.rows[item.path, item.first_line] = item
                paths.append(item.path)
        return sorted(set(paths))

    def lines(self) -> Lines:
        newest: dict[str, datetime] = {}
        for row in self.rows.values():
            newest[row.path] = max(newest.get(row.path, row.fetched_at), row.fetched_at)
        lines: Lines = {}
        for _, row in sorted(self.rows.items()):
            if row.fetched_at == newest[row.path] and row.line_count:
                of_file = lines.setdefault(to_bytes(row.path), [])
                assert row.first_line == len(of_file) + 1
                assert not of_file or of_file[-1] != row.sha, "neighbours of one commit are one range"
                of_file += [row.sha] * row.line_count
        return lines


def plain_blame(folder: Path) -> Lines:
    """Every regular file that numstat does not call binary, as plain git blames it."""
    empty = text(folder, "hash-object", "-t", "tree", "/dev/null")
    lines: Lines = {}
    for entry in git(folder, "diff", "--numstat", "-z", "--no-renames", empty, "HEAD").split(b"\0"):
        if entry and not entry.startswith(b"-\t"):
            path = entry.split(b"\t", 2)[2]
            if not git(folder, "--literal-pathspecs", "ls-tree", "HEAD", b"./" + path).startswith(b"100"):
                continue
            told = git(folder, "blame", "--porcelain", "HEAD", "--", path)
            found = re.findall(rb"^([0-9a-f]{40}) \d+ \d+(?: \d+)?$", told, re.MULTILINE)
            if found:
                lines[path] = [sha.decode() for sha in found]
    return lines
