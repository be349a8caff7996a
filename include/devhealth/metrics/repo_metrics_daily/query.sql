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

responses as (
    select
        *,
        'merged' as happened
    from
        pull_request_responses(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String},
            until = {until:String}
        )
),

days_of_pull_requests as (
    select
        happenings.repo_id as repo_id,
        happenings.day as day,
        countIf(happenings.happened = 'opened') as opened,
        countIf(happenings.happened = 'merged') as merged,
        countIf(happenings.happened = 'closed') as closed_unmerged,
        quantilesExactInclusive(0.5, 0.75, 0.9) (happenings.cycle_seconds) as cycle,
        sum(happenings.cycle_seconds) as cycle_sum,
        count(happenings.cycle_seconds) as cycle_count,
        quantilesExactInclusive(0.5, 0.9) (responses.first_review_seconds) as first_review,
        sum(responses.first_review_seconds) as first_review_sum,
        count(responses.first_review_seconds) as first_review_count,
        quantilesExactInclusive(0.5, 0.9) (responses.pickup_seconds) as pickup,
        sum(responses.pickup_seconds) as pickup_sum,
        count(responses.pickup_seconds) as pickup_count,
        quantilesExactInclusive(0.5, 0.9) (responses.review_seconds) as review,
        sum(responses.review_seconds) as review_sum,
        count(responses.review_seconds) as review_count,
        quantilesExactInclusive(0.5, 0.9) (nullIf(happenings.merged_loc, 0)) as size_loc,
        sum(happenings.merged_loc) as size_loc_sum,
        countIf(happenings.merged_loc > 0) as size_loc_count,
        countIf(happenings.merged_loc >= 1000) as large,
        countIf(responses.changes_requested_count > 0) as reworked,
        countIf(responses.changes_requested_count_all > 0) as reworked_all,
        sum(responses.reviews_count) as reviews,
        sum(responses.reviews_count_all) as reviews_all,
        sum(responses.comments_count) as comments,
        sum(responses.comments_count_all) as comments_all
    from
        pull_request_days(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as happenings
    left join responses
        on
            happenings.repo_id = responses.repo_id
            and happenings.number = responses.number
            and happenings.happened = responses.happened
    group by
        happenings.repo_id,
        happenings.day
),

active_and_quiet_days as (
    select distinct
        activity.repo_id as repo_id,
        activity.day + days_later as day
    from (
        select
            repo_id,
            day
        from active_days
        union distinct
        select
            repo_id,
            day
        from
            pull_request_days(
                org_id = {org_id:String},
                repo_ids = {repo_ids:Array(String)},
                since = {since:String},
                before = {before:String}
            )
    ) as activity
    array join range(30) as days_later
),

known as (
    select distinct
        repo_id,
        true as is_known
    from pull_requests_known(org_id = {org_id:String}, repo_ids = {repo_ids:Array(String)})
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
    if(known.is_known, pull_requests.opened, null) as prs_opened,
    if(known.is_known, pull_requests.merged, null) as prs_merged,
    if(known.is_known, pull_requests.closed_unmerged, null) as prs_closed_unmerged,
    if(pull_requests.cycle_count = 0, null, pull_requests.cycle[1] / 3600) as pr_cycle_hours_p50,
    if(pull_requests.cycle_count = 0, null, pull_requests.cycle[2] / 3600) as pr_cycle_hours_p75,
    if(pull_requests.cycle_count = 0, null, pull_requests.cycle[3] / 3600) as pr_cycle_hours_p90,
    if(known.is_known, coalesce(pull_requests.cycle_sum, 0) / 3600, null) as pr_cycle_hours_sum,
    if(known.is_known, pull_requests.cycle_count, null) as pr_cycle_hours_count,
    if(pull_requests.first_review_count = 0, null, pull_requests.first_review[1] / 3600) as pr_first_review_hours_p50,
    if(pull_requests.first_review_count = 0, null, pull_requests.first_review[2] / 3600) as pr_first_review_hours_p90,
    if(known.is_known, coalesce(pull_requests.first_review_sum, 0) / 3600, null) as pr_first_review_hours_sum,
    if(known.is_known, pull_requests.first_review_count, null) as pr_first_review_hours_count,
    if(pull_requests.pickup_count = 0, null, pull_requests.pickup[1] / 3600) as pr_pickup_hours_p50,
    if(pull_requests.pickup_count = 0, null, pull_requests.pickup[2] / 3600) as pr_pickup_hours_p90,
    if(known.is_known, coalesce(pull_requests.pickup_sum, 0) / 3600, null) as pr_pickup_hours_sum,
    if(known.is_known, pull_requests.pickup_count, null) as pr_pickup_hours_count,
    if(pull_requests.review_count = 0, null, pull_requests.review[1] / 3600) as pr_review_hours_p50,
    if(pull_requests.review_count = 0, null, pull_requests.review[2] / 3600) as pr_review_hours_p90,
    if(known.is_known, coalesce(pull_requests.review_sum, 0) / 3600, null) as pr_review_hours_sum,
    if(known.is_known, pull_requests.review_count, null) as pr_review_hours_count,
    if(pull_requests.size_loc_count = 0, null, pull_requests.size_loc[1]) as pr_size_loc_p50,
    if(pull_requests.size_loc_count = 0, null, pull_requests.size_loc[2]) as pr_size_loc_p90,
    if(known.is_known, coalesce(pull_requests.size_loc_sum, 0), null) as pr_size_loc_sum,
    if(known.is_known, pull_requests.size_loc_count, null) as pr_size_loc_count,
    if(known.is_known, pull_requests.large, null) as large_prs_count,
    pull_requests.large / nullIf(pull_requests.merged, 0) as large_pr_ratio,
    if(known.is_known, pull_requests.reworked, null) as reworked_prs_count,
    pull_requests.reworked / nullIf(pull_requests.merged, 0) as pr_rework_ratio,
    if(known.is_known, pull_requests.reworked_all, null) as reworked_prs_count_all,
    pull_requests.reworked_all / nullIf(pull_requests.merged, 0) as pr_rework_ratio_all,
    if(known.is_known, pull_requests.merged - pull_requests.first_review_count, null) as unreviewed_prs_count,
    unreviewed_prs_count / nullIf(pull_requests.merged, 0) as pr_unreviewed_ratio,
    if(known.is_known, pull_requests.reviews, null) as pr_reviews_count,
    pull_requests.reviews / nullIf(pull_requests.merged, 0) as reviews_per_pr,
    if(known.is_known, pull_requests.reviews_all, null) as pr_reviews_count_all,
    pull_requests.reviews_all / nullIf(pull_requests.merged, 0) as reviews_per_pr_all,
    if(known.is_known, pull_requests.comments, null) as pr_comments_count,
    100 * pull_requests.comments / nullIf(pull_requests.size_loc_sum, 0) as comments_per_100_loc,
    if(known.is_known, pull_requests.comments_all, null) as pr_comments_count_all,
    100 * pull_requests.comments_all / nullIf(pull_requests.size_loc_sum, 0) as comments_per_100_loc_all,
    active_days.reverts_count as reverts_count,
    files.churn_loc as churn_loc_30d,
    files.rework_churn_loc as rework_churn_loc_30d,
    files.rework_churn_loc / nullIf(files.churn_loc, 0) as rework_churn_ratio_30d,
    files.files_count as files_count_30d,
    files.single_owner_files_count as single_owner_files_count_30d,
    files.single_owner_files_count / nullIf(files.files_count, 0) as single_owner_file_ratio_30d,
    files.files_count_all as files_count_30d_all,
    files.single_owner_files_count_all as single_owner_files_count_30d_all,
    files.single_owner_files_count_all / nullIf(files.files_count_all, 0) as single_owner_file_ratio_30d_all,
    owners.authors_count as authors_count_30d,
    nullIf(owners.bus_factor, 0) as bus_factor_30d,
    if(owners.authors_count = 0, null, owners.gini) as ownership_gini_30d,
    owners.authors_count_all as authors_count_30d_all,
    nullIf(owners.bus_factor_all, 0) as bus_factor_30d_all,
    if(owners.authors_count_all = 0, null, owners.gini_all) as ownership_gini_30d_all,
    active_days.commits_count
    + pull_requests.opened
    + pull_requests.merged
    + pull_requests.closed_unmerged as sample_size
from reported_days
left join known on reported_days.repo_id = known.repo_id
left join days_of_pull_requests as pull_requests
    on reported_days.repo_id = pull_requests.repo_id and reported_days.day = pull_requests.day
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
