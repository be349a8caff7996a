-- The accounts that stand for somebody else than metrics last applied, or are new.
select
    told.repo_id as repo_id,
    told.login as login,
    told.identity_id as identity_id,
    told.is_bot as is_bot,
    kept.fetched_at as kept_at
from account_people(org_id = {org_id:String}, repo_ids = {repo_ids:Array(String)}) as told
left join (
    select
        repo_id,
        login,
        identity_id,
        is_bot,
        fetched_at
    from account_identities final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
) as kept on told.repo_id = kept.repo_id and told.login = kept.login
where told.identity_id != kept.identity_id or told.is_bot != kept.is_bot
order by
    repo_id asc,
    login asc
