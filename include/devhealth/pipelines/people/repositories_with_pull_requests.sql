select repo_id
from pull_requests
where org_id = {org_id:String}
group by
    org_id,
    repo_id
order by repo_id asc
