"""The daily numbers, one record a metric table.

Rows are only ever appended. Per key the row of the greatest `computed_at` holds, unless it is withdrawn: that is how a
row whose inputs went away disappears (`<table>_latest`). NULL means there is no data to tell, 0 means counted and none
found. Columns that rest on pull requests are NULL where nobody asked for them, those that rest on work items until such
are counted. What each column means, its unit and its inputs stand in `devhealth/metrics/<table>/definition.toml`.
"""

from devhealth.models.table import Code, Count, Counts, Day, Flag, Instant, Number, Record, Text, table


@table("repo_metrics_daily", key=("org_id", "repo_id", "day"), version=None, partition_by="toYYYYMM(day)")
class RepoMetricsDaily(Record, frozen=True):
    """One repository, one UTC day; also the quiet days among the 30 after an active one."""

    org_id: Text
    repo_id: Text
    day: Day
    commits_count: Count
    commits_count_excluding_bots: Count
    merge_commits_count: Count
    authors_count: Count
    additions: Counts
    deletions: Counts
    loc_touched: Counts
    avg_commit_size_loc: Number | None
    large_commits_count: Count
    large_commit_ratio: Number | None
    files_changed: Counts
    prs_opened: Count | None
    prs_merged: Count | None
    prs_closed_unmerged: Count | None
    pr_cycle_hours_p50: Number | None
    pr_cycle_hours_p75: Number | None
    pr_cycle_hours_p90: Number | None
    pr_cycle_hours_sum: Number | None
    pr_cycle_hours_count: Count | None
    pr_first_review_hours_p50: Number | None
    pr_first_review_hours_p90: Number | None
    pr_first_review_hours_sum: Number | None
    pr_first_review_hours_count: Count | None
    pr_pickup_hours_p50: Number | None
    pr_pickup_hours_p90: Number | None
    pr_pickup_hours_sum: Number | None
    pr_pickup_hours_count: Count | None
    pr_review_hours_p50: Number | None
    pr_review_hours_p90: Number | None
    pr_review_hours_sum: Number | None
    pr_review_hours_count: Count | None
    pr_size_loc_p50: Number | None
    pr_size_loc_p90: Number | None
    pr_size_loc_sum: Counts | None
    pr_size_loc_count: Count | None
    large_prs_count: Count | None
    large_pr_ratio: Number | None
    reworked_prs_count: Count | None
    pr_rework_ratio: Number | None
    reworked_prs_count_all: Count | None
    pr_rework_ratio_all: Number | None
    unreviewed_prs_count: Count | None
    pr_unreviewed_ratio: Number | None
    pr_reviews_count: Count | None
    reviews_per_pr: Number | None
    pr_reviews_count_all: Count | None
    reviews_per_pr_all: Number | None
    pr_comments_count: Count | None
    comments_per_100_loc: Number | None
    pr_comments_count_all: Count | None
    comments_per_100_loc_all: Number | None
    reverts_count: Count
    churn_loc_30d: Counts
    rework_churn_loc_30d: Counts
    rework_churn_ratio_30d: Number | None
    files_count_30d: Count
    single_owner_files_count_30d: Count
    single_owner_file_ratio_30d: Number | None
    files_count_30d_all: Count
    single_owner_files_count_30d_all: Count
    single_owner_file_ratio_30d_all: Number | None
    authors_count_30d: Count
    bus_factor_30d: Count | None
    ownership_gini_30d: Number | None
    authors_count_30d_all: Count
    bus_factor_30d_all: Count | None
    ownership_gini_30d_all: Number | None
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table(
    "user_metrics_daily",
    key=("org_id", "repo_id", "author_email", "day"),
    version=None,
    partition_by="toYYYYMM(day)",
)
class UserMetricsDaily(Record, frozen=True):
    """One person in one repository on one UTC day with commits, pull requests or reviews. Bots have no rows."""

    org_id: Text
    repo_id: Text
    author_email: Text
    day: Day
    identity_id: Text
    team_id: Code
    commits_count: Count
    additions: Counts
    deletions: Counts
    files_changed: Counts
    large_commits_count: Count
    avg_commit_size_loc: Number | None
    prs_opened: Count | None
    prs_merged: Count | None
    pr_cycle_hours_p50: Number | None
    pr_cycle_hours_p90: Number | None
    pr_cycle_hours_sum: Number | None
    pr_cycle_hours_count: Count | None
    reviews_given: Count | None
    changes_requested_given: Count | None
    reviews_received: Count | None
    active_hours: Number | None
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table("team_metrics_daily", key=("org_id", "team_id", "day"), version=None, partition_by="toYYYYMM(day)")
class TeamMetricsDaily(Record, frozen=True):
    """One team over all repositories of its organisation on one UTC day with activity. Bots are left out."""

    org_id: Text
    team_id: Code
    day: Day
    commits_count: Count
    after_hours_commits_count: Count
    weekend_commits_count: Count
    after_hours_ratio: Number | None
    weekend_ratio: Number | None
    prs_merged: Count | None
    pr_cycle_hours_p50: Number | None
    pr_cycle_hours_p90: Number | None
    pr_cycle_hours_sum: Number | None
    pr_cycle_hours_count: Count | None
    work_items_completed: Count | None
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table("file_metrics_daily", key=("org_id", "repo_id", "path", "day"), version=None, partition_by="toYYYYMM(day)")
class FileMetricsDaily(Record, frozen=True):
    """One file on one UTC day on which commits touched it."""

    org_id: Text
    repo_id: Text
    path: Text
    day: Day
    churn: Counts
    additions: Counts
    deletions: Counts
    commits_count: Count
    authors: Count
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table("file_hotspots", key=("org_id", "repo_id", "path", "as_of"), version=None, partition_by="toYYYYMM(as_of)")
class FileHotspots(Record, frozen=True):
    """One file at the end of one UTC day: each Monday, and the last day computed."""

    org_id: Text
    repo_id: Text
    path: Text
    as_of: Day
    churn_30d: Counts
    commits_30d: Count
    contributors_30d: Count
    hotspot_score: Number
    owner_basis: Code
    owned_lines: Counts
    top_owner_lines: Counts
    top_owner_ratio: Number | None
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table(
    "review_edges_daily",
    key=("org_id", "repo_id", "reviewer", "author", "day"),
    version=None,
    partition_by="toYYYYMM(day)",
)
class ReviewEdgesDaily(Record, frozen=True):
    """One person who reviewed pull requests of another one on one UTC day. Bots have no rows."""

    org_id: Text
    repo_id: Text
    reviewer: Text
    author: Text
    day: Day
    reviews_count: Count
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table("cicd_metrics_daily", key=("org_id", "repo_id", "day"), version=None, partition_by="toYYYYMM(day)")
class CicdMetricsDaily(Record, frozen=True):
    """One repository on one UTC day on which pipelines finished."""

    org_id: Text
    repo_id: Text
    day: Day
    pipelines_count: Count
    success_count: Count
    failure_count: Count
    success_ratio: Number | None
    duration_minutes_p50: Number | None
    duration_minutes_p90: Number | None
    duration_minutes_sum: Number
    duration_minutes_count: Count
    queue_minutes_p50: Number | None
    queue_minutes_sum: Number
    queue_minutes_count: Count
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table(
    "deploy_metrics_daily",
    key=("org_id", "repo_id", "environment", "day"),
    version=None,
    partition_by="toYYYYMM(day)",
)
class DeployMetricsDaily(Record, frozen=True):
    """One environment of a repository on one UTC day on which deployments to it finished."""

    org_id: Text
    repo_id: Text
    environment: Text
    day: Day
    deployments_count: Count
    failed_count: Count
    duration_hours_p50: Number | None
    duration_hours_sum: Number
    duration_hours_count: Count
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag


@table("incident_metrics_daily", key=("org_id", "repo_id", "day"), version=None, partition_by="toYYYYMM(day)")
class IncidentMetricsDaily(Record, frozen=True):
    """One repository on one UTC day on which incidents were opened or resolved."""

    org_id: Text
    repo_id: Text
    day: Day
    incidents_opened: Count
    incidents_resolved: Count
    restore_hours_p50: Number | None
    restore_hours_p90: Number | None
    restore_hours_sum: Number
    restore_hours_count: Count
    sample_size: Count
    definition_version: Count
    computed_at: Instant
    is_withdrawn: Flag
