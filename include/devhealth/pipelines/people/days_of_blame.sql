-- The newest snapshot of each repository that tells owners from blame: lines of any age count there.
select
    repo_id,
    [max(as_of)] as days
from file_hotspots_latest
where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and owner_basis = 'blame'
group by repo_id
