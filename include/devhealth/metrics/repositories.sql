-- Everything whose records metrics are computed from.
select
    org_id,
    repo_id
from repositories
where org_id in {org_ids:Array(String)}
union distinct
select
    org_id,
    repo_id
from pull_requests
where org_id in {org_ids:Array(String)}
union distinct
select
    org_id,
    repo_id
from pipeline_runs
where org_id in {org_ids:Array(String)}
union distinct
select
    org_id,
    repo_id
from deployments
where org_id in {org_ids:Array(String)}
union distinct
select
    org_id,
    repo_id
from incidents
where org_id in {org_ids:Array(String)}
order by
    org_id asc,
    repo_id asc
