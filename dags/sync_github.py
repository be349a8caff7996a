"""Syncs repositories of GitHub: github.com and GitHub Enterprise Server.

Each run looks at all repositories, a hundred in one request, and plans one unit for each repository and target in which
something is new. A unit is fetched, turned into records and stored in ClickHouse. A run with nothing new takes seconds
and ends green. A unit that fails does not stop the others: the run ends red, and its last task names every failed unit
and why; run it again once the cause is gone.

| Target        | Stored                                                                                          |
|---------------|-------------------------------------------------------------------------------------------------|
| `git`         | commits with their files and lines, branches, tags; read through git                            |
| `prs`         | pull requests with their reviews, comments, commits, review requests and changes of draft state |
| `cicd`        | runs of workflows, each attempt with its jobs                                                   |
| `deployments` | deployments with all of their statuses, releases and tags                                       |
| `work-items`  | issues with their labels, assignees, types, parents, projects, and how those changed            |
| `incidents`   | issues that a label or a type makes incidents, by the options of the configuration              |

**By schedule** it runs once a day (UTC) and goes on from where the last run ended. **By hand** it does the same or,
given *since* or *before*, fetches only the pull requests and issues opened, merged or closed, and the runs,
deployments, releases and tags made, in those days. **A backfill** by Airflow (`airflow backfill create` in 3.x,
`airflow dags backfill` in 2.11) does so for each day asked for. Neither of the last two moves a watermark.

**Limits of GitHub** do not hold a worker: a task that must wait for longer than a minute is deferred until the limit is
reset, and goes on at the same page. The log of each task says what it has cost and what is left.

Repositories, or rules that find them, stand in sync configurations (`devhealth config apply`), with the credential they
are read with: `stored:NAME`, `airflow:CONNECTION_ID` or `env:VARIABLE`. Stores come from the Airflow connections
`devhealth_postgres` and `devhealth_clickhouse`.
"""

from devhealth_airflow.sync_dag import sync_dag

TARGETS = ("git", "prs", "cicd", "deployments", "work-items", "incidents")

DESCRIPTION = "devhealth: syncs repositories of GitHub"

dag = sync_dag(provider="github", targets=TARGETS, description=DESCRIPTION, doc_md=__doc__)
