-- Every stored commit, once, with the person who wrote it and the team it counts for; `since` inclusive, `before`
-- exclusive. The one place where identities and teams are applied.
create or replace view commit_people as
with
mappings as (
    select
        alias,
        identity_id,
        is_bot
    from identity_mappings final
    where org_id = {org_id:String} and not is_removed
),

owners as (
    select
        subject,
        valid_from,
        coalesce(valid_to, toDate('2149-06-06')) as valid_to,
        team_id
    from team_assignments final
    where org_id = {org_id:String} and kind = 'repository' and not is_removed
),

members as (
    select
        subject,
        valid_from,
        coalesce(valid_to, toDate('2149-06-06')) as valid_to,
        team_id
    from team_assignments final
    where org_id = {org_id:String} and kind = 'person' and not is_removed
),

commits_of_people as (
    select
        authored.*,
        multiIf(
            as_recorded.identity_id != '', as_recorded.identity_id,
            as_login.identity_id != '', as_login.identity_id,
            authored.recorded_identity
        ) as identity_id,
        coalesce(
            if(as_recorded.identity_id != '', as_recorded.is_bot, as_login.is_bot), authored.is_detected_bot
        ) as is_bot
    from
        authored_commits(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as authored
    left join mappings as as_recorded on authored.recorded_identity = as_recorded.alias
    left join mappings as as_login on authored.recorded_login = as_login.alias
),

-- Days of one repository or person never overlap: the last that began by then is the only one that can hold.
commits_of_repositories as (
    select
        commits_of_people.*,
        if(commits_of_people.day < owners.valid_to, owners.team_id, '') as team_of_repository
    from commits_of_people
    asof left join owners
        on commits_of_people.repo_id = owners.subject and commits_of_people.day >= owners.valid_from
)

select
    commits_of_repositories.* except (team_of_repository, recorded_identity, recorded_login, is_detected_bot),
    multiIf(
        commits_of_repositories.team_of_repository != '', commits_of_repositories.team_of_repository,
        commits_of_repositories.day < members.valid_to, members.team_id,
        'unassigned'
    ) as team_id
from commits_of_repositories
asof left join members
    on commits_of_repositories.identity_id = members.subject and commits_of_repositories.day >= members.valid_from
