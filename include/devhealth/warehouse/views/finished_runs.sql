-- Runs of pipelines, each by its newest attempt, that finished from `since` (inclusive) to `before` (exclusive). One
-- that neither succeeded nor failed has no times, nor has an interval that ends before it begins.
create or replace view finished_runs as
with
newest_attempts as (
    select
        repo_id,
        run_id,
        argMax(tuple(conclusion, queued_at, started_at, finished_at), attempt) as newest
    from pipeline_runs final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and not is_deleted
    group by
        org_id,
        repo_id,
        run_id
)

select
    repo_id,
    run_id,
    toDate(assumeNotNull(newest.4), 'UTC') as day,
    newest.1 = 'success' as has_succeeded,
    newest.1 in ('failure', 'timed_out', 'startup_failure') as has_failed,
    if(
        (has_succeeded or has_failed) and newest.4 >= newest.3, dateDiff('second', newest.3, newest.4), null
    ) as duration_seconds,
    if(
        (has_succeeded or has_failed) and newest.3 >= newest.2, dateDiff('second', newest.2, newest.3), null
    ) as queue_seconds
from newest_attempts
where
    newest.4 >= toDateTime({since:String}, 'UTC')
    and newest.4 < toDateTime({before:String}, 'UTC')
