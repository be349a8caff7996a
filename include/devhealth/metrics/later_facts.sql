-- Days of repositories that a computation as of `until` cannot have told to the end: what happened later on that day,
-- what was answered later to pull requests merged before, and days after it that were told before and look back on it.
with
moments as (
    select
        repo_id,
        committed_at as happened_at
    from commits
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and committed_at >= toDateTime({until:String}, 'UTC')
        and committed_at < toDateTime({day_after:String}, 'UTC')
    union all
    select
        repo_id,
        arrayJoin([toNullable(created_at), merged_at, closed_at]) as happened_at
    from pull_requests
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    union all
    select
        repo_id,
        submitted_at as happened_at
    from pull_request_reviews
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    union all
    select
        repo_id,
        finished_at as happened_at
    from pipeline_runs
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    union all
    select
        repo_id,
        finished_at as happened_at
    from deployments
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    union all
    select
        repo_id,
        arrayJoin([toNullable(opened_at), resolved_at]) as happened_at
    from incidents
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
),

later_answers as (
    select
        repo_id,
        number
    from pull_request_reviews
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and submitted_at >= toDateTime({until:String}, 'UTC')
    union distinct
    select
        repo_id,
        number
    from pull_request_comments
    where
        org_id = {org_id:String}
        and repo_id in {repo_ids:Array(String)}
        and created_at >= toDateTime({until:String}, 'UTC')
)

select distinct
    repo_id,
    {as_of_day:Date} as first_day,
    {as_of_day:Date} as last_day
from moments
where happened_at >= toDateTime({until:String}, 'UTC') and happened_at < toDateTime({day_after:String}, 'UTC')
union all
select distinct
    repo_id,
    toDate(assumeNotNull(merged_at), 'UTC') as first_day,
    toDate(assumeNotNull(merged_at), 'UTC') as last_day
from pull_requests
where
    org_id = {org_id:String}
    and repo_id in {repo_ids:Array(String)}
    and merged_at < toDateTime({until:String}, 'UTC')
    and (repo_id, number) in (
        select
            repo_id,
            number
        from later_answers
    )
union all
select
    repo_id,
    {as_of_day:Date} + 1 as first_day,
    least(max(day), {as_of_day:Date} + 29) as last_day
from repo_metrics_daily
where
    org_id = {org_id:String}
    and repo_id in {repo_ids:Array(String)}
    and day > {as_of_day:Date}
    and day <= {as_of_day:Date} + 29
group by repo_id
