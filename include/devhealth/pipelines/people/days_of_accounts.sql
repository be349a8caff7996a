-- The days on which pull requests that touched accounts took part in were opened, merged or reviewed.
with
touched as (
    select
        one.1 as repo_id,
        one.2 as login
    from (select arrayJoin(arrayZip({subject_repo_ids:Array(String)}, {logins:Array(String)})) as one)
),

involved as (
    select
        repo_id,
        number
    from pull_requests
    where org_id = {org_id:String} and (repo_id, author) in (select * from touched)
    union distinct
    select
        repo_id,
        number
    from pull_request_reviews
    where org_id = {org_id:String} and (repo_id, author) in (select * from touched)
    union distinct
    select
        repo_id,
        number
    from pull_request_comments
    where org_id = {org_id:String} and (repo_id, author) in (select * from touched)
),

moments as (
    select
        repo_id,
        arrayJoin([toNullable(created_at), merged_at]) as happened_at
    from pull_requests final
    where org_id = {org_id:String} and (repo_id, number) in (select * from involved)
    union all
    select
        repo_id,
        submitted_at as happened_at
    from pull_request_reviews final
    where org_id = {org_id:String} and (repo_id, number) in (select * from involved)
)

select
    repo_id,
    arraySort(groupUniqArray(toDate(assumeNotNull(happened_at), 'UTC'))) as days
from moments
where isNotNull(happened_at)
group by repo_id
