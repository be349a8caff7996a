"""Syncs git repositories that this machine can read: folders, bare repositories, clone URLs.

Each run plans one unit for each repository and target in which something is new, fetches it, turns it into records and
stores them in ClickHouse. A run with nothing new takes seconds and ends green. A unit that fails does not stop the
others: the run ends red, and its last task names every failed unit and why; run it again once the cause is gone.

| Target  | Stored                                                        |
|---------|---------------------------------------------------------------|
| `git`   | commits of all branches and tags, lines changed by file, refs |
| `blame` | who last changed which lines of the default branch, and when  |

**By schedule** it runs once a day (UTC) and goes on from where the last run ended. **By hand** it does the same or,
given *since* or *before*, fetches only the commits of those days. **A backfill** by Airflow (`airflow backfill create`
in 3.x, `airflow dags backfill` in 2.11) fetches the commits of each day asked for. Neither of the last two moves a
watermark.

Repositories are configured in a file for `devhealth config apply FILE`, or one by one with
`devhealth register PATH --org ORGANISATION`. Stores come from the Airflow connections `devhealth_postgres` and
`devhealth_clickhouse`.
"""

from devhealth_airflow.sync_dag import sync_dag

DESCRIPTION = "devhealth: syncs git repositories that this machine can read"

dag = sync_dag(provider="local_git", targets=("git", "blame"), description=DESCRIPTION, doc_md=__doc__)
