-- What happened to incidents: a row for each that was opened or resolved; `since` inclusive, `before` exclusive. The
-- time to restore stands with the resolution, unless that comes before the opening.
create or replace view incident_days as
with
incidents_once as (
    select
        repo_id,
        incident_id,
        opened_at,
        [(false, toNullable(opened_at)), (true, resolved_at)] as happenings
    from incidents final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and not is_deleted
)

select
    repo_id,
    incident_id,
    toDate(assumeNotNull(happening.2), 'UTC') as day,
    happening.1 as is_resolution,
    if(is_resolution and happening.2 >= opened_at, dateDiff('second', opened_at, happening.2), null) as restore_seconds
from incidents_once
array join happenings as happening
where
    happening.2 >= toDateTime({since:String}, 'UTC')
    and happening.2 < toDateTime({before:String}, 'UTC')
