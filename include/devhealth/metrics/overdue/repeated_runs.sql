-- Days that still count runs of pipelines of which a later attempt ended on another day.
with
repeated as (
    select
        org_id,
        repo_id,
        run_id,
        max(attempt) as newest_attempt
    from pipeline_runs final
    where org_id in {org_ids:Array(String)} and not is_deleted
    group by
        org_id,
        repo_id,
        run_id
    having count() > 1
),

finishes as (
    select
        runs.org_id as org_id,
        runs.repo_id as repo_id,
        toDate(assumeNotNull(runs.finished_at), 'UTC') as day,
        runs.attempt < repeated.newest_attempt as is_overtaken
    from (
        select
            org_id,
            repo_id,
            run_id,
            attempt,
            finished_at
        from pipeline_runs final
        where org_id in {org_ids:Array(String)} and not is_deleted and isNotNull(finished_at)
    ) as runs
    left join repeated
        on runs.org_id = repeated.org_id and runs.repo_id = repeated.repo_id and runs.run_id = repeated.run_id
),

counted as (
    select
        org_id,
        repo_id,
        day,
        countIf(not is_overtaken) as pipelines_count
    from finishes
    where day < {as_of_day:Date}
    group by
        org_id,
        repo_id,
        day
    having max(is_overtaken)
),

reported as (
    select
        org_id,
        repo_id,
        day,
        pipelines_count
    from cicd_metrics_daily_latest
    where org_id in {org_ids:Array(String)}
)

select
    counted.org_id as org_id,
    counted.repo_id as repo_id,
    counted.day as first_day,
    counted.day as last_day
from counted
inner join reported
    on counted.org_id = reported.org_id and counted.repo_id = reported.repo_id and counted.day = reported.day
where reported.pipelines_count > counted.pipelines_count
