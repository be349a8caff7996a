-- The commits that count, each with the team it counts for on its day: the team of the repository, else of the person.
-- `since` inclusive, `before` exclusive.
create or replace view commit_teams as
with
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
)

-- Days of one repository or person never overlap: the last stretch that began by then is the only one that can hold.
select
    facts.*,
    multiIf(
        facts.day < owners.valid_to, owners.team_id,
        facts.day < members.valid_to, members.team_id,
        'unassigned'
    ) as team_id
from
    commit_facts(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = {since:String},
        before = {before:String}
    ) as facts
asof left join owners on facts.repo_id = owners.subject and facts.day >= owners.valid_from
asof left join members on facts.identity_id = members.subject and facts.day >= members.valid_from
