select distinct repo_id
from pull_requests
where org_id = {org_id:String}
order by repo_id asc
