-- What each commit did to each file, once each; `since` inclusive, `before` exclusive. Join it with `commit_facts`,
-- which knows the commits that count.
create or replace view file_changes as
select
    repo_id,
    committed_at,
    sha,
    path,
    additions,
    deletions
from commit_file_stats final
where
    org_id = {org_id:String}
    and repo_id in {repo_ids:Array(String)}
    and committed_at >= toDateTime({since:String}, 'UTC')
    and committed_at < toDateTime({before:String}, 'UTC')
    and not is_gone
