-- The repositories whose pull requests were asked for, so that none is none: the others are silent about them. One may
-- stand here twice.
create or replace view pull_requests_known as
select repo_id
from repository_targets final
where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and target = 'prs'
union all
select repo_id
from pull_requests
where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
group by
    org_id,
    repo_id
