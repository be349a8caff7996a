"""The closing lines of a run, for a person."""

from devhealth.models.text import plain
from devhealth.pipelines.reports import MetricsReport, SyncReport


def of_sync(report: SyncReport) -> str:
    """What a sync stored, and what to do next."""
    notes = [f"Note: {plain(warning)}." for warning in report.warnings]
    notes += [line] if (line := report.usage.sentence()) else []
    if not report.planned:
        return "\n".join(["Nothing is new since the last run.", *notes])
    rows: dict[str, int] = {}
    for unit in report.stored:
        for table, count in unit.rows.items():
            rows[table] = rows.get(table, 0) + count
    lines = [f"  {table:<24}{count:>12,} rows" for table, count in sorted(rows.items()) if count]
    slowest = max((stage.seconds for stage in report.stages), default=0.0)
    lines.insert(0, f"Stored {sum(rows.values()):,} rows in {slowest:.1f} s:" if lines else "Nothing had to be stored.")
    lines += notes
    if report.stored:
        lines.append("Next: `devhealth metrics daily`, then `devhealth show`.")
    return "\n".join(lines)


def of_metrics(report: MetricsReport) -> str:
    """What was computed, and what to do next."""
    if not report.tables:
        return "Nothing to compute: no day has changed since the last time."
    lines = [f"  {one.table:<24}{one.rows:>12,} rows {one.seconds:>7.2f} s" for one in report.tables]
    of = "repository" if report.repositories == 1 else "repositories"
    lines.insert(0, f"Computed {report.repositories:,} {of} in {report.seconds:.1f} s:")
    return "\n".join([*lines, "Next: `devhealth show`."])
