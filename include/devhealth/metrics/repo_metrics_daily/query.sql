with
scope as (
    select
        one.1 as repo_id,
        one.2 as first_day,
        one.3 as last_day
    from (
        select
            arrayJoin(
                arrayZip({scope_repo_ids:Array(String)}, {scope_first_days:Array(Date)}, {scope_last_days:Array(Date)})
            ) as one
    )
),

active_days as (
    select
        repo_id,
        day,
        count() as commits_count,
        countIf(not is_bot) as commits_count_excluding_bots,
        countIf(is_merge) as merge_commits_count,
        uniqExact(identity_id) as authors_count,
        sum(added) as additions,
        sum(deleted) as deletions,
        sum(loc) as loc_touched,
        countIf(is_large) as large_commits_count,
        sum(changed_files) as files_changed,
        countIf(is_revert) as reverts_count
    from
        commit_facts(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        )
    group by
        repo_id,
        day
),

active_and_quiet_days as (
    select distinct
        active_days.repo_id as repo_id,
        active_days.day + days_later as day
    from active_days
    array join range(30) as days_later
),

reported_days as (
    select
        active_and_quiet_days.repo_id as repo_id,
        active_and_quiet_days.day as day
    from active_and_quiet_days
    inner join scope on active_and_quiet_days.repo_id = scope.repo_id
    where active_and_quiet_days.day between scope.first_day and scope.last_day
)

select
    reported_days.repo_id as repo_id,
    reported_days.day as day,
    active_days.commits_count as commits_count,
    active_days.commits_count_excluding_bots as commits_count_excluding_bots,
    active_days.merge_commits_count as merge_commits_count,
    active_days.authors_count as authors_count,
    active_days.additions as additions,
    active_days.deletions as deletions,
    active_days.loc_touched as loc_touched,
    active_days.loc_touched / nullIf(active_days.commits_count, 0) as avg_commit_size_loc,
    active_days.large_commits_count as large_commits_count,
    active_days.large_commits_count / nullIf(active_days.commits_count, 0) as large_commit_ratio,
    active_days.files_changed as files_changed,
    active_days.reverts_count as reverts_count,
    files.churn_loc as churn_loc_30d,
    files.rework_churn_loc as rework_churn_loc_30d,
    files.rework_churn_loc / nullIf(files.churn_loc, 0) as rework_churn_ratio_30d,
    files.files_count as files_count_30d,
    files.single_owner_files_count as single_owner_files_count_30d,
    files.single_owner_files_count / nullIf(files.files_count, 0) as single_owner_file_ratio_30d,
    owners.authors_count as authors_count_30d,
    nullIf(owners.bus_factor, 0) as bus_factor_30d,
    if(owners.authors_count = 0, null, owners.gini) as ownership_gini_30d,
    active_days.commits_count as sample_size
from reported_days
left join active_days on reported_days.repo_id = active_days.repo_id and reported_days.day = active_days.day
left join
    file_windows(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = {since:String},
        before = {before:String}
    ) as files
    on reported_days.repo_id = files.repo_id and reported_days.day = files.day
left join
    ownership_windows(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = {since:String},
        before = {before:String}
    ) as owners
    on reported_days.repo_id = owners.repo_id and reported_days.day = owners.day
