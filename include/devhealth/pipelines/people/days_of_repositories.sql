-- The days on which touched repositories have commits, pull requests or reviews, among those they are touched on.
with
touched as (
    select
        one.1 as repo_id,
        one.2 as first_day,
        one.3 as day_after
    from (
        select
            arrayJoin(
                arrayZip({subjects:Array(String)}, {first_days:Array(Date)}, {days_after:Array(Date)})
            ) as one
    )
),

moments as (
    select
        repo_id,
        toNullable(committed_at) as happened_at
    from commits
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    union all
    select
        repo_id,
        arrayJoin([toNullable(created_at), merged_at]) as happened_at
    from pull_requests
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    union all
    select
        repo_id,
        submitted_at as happened_at
    from pull_request_reviews
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
)

select
    moments.repo_id as repo_id,
    arraySort(groupUniqArray(toDate(assumeNotNull(moments.happened_at), 'UTC'))) as days
from moments
inner join touched on moments.repo_id = touched.repo_id
where
    isNotNull(moments.happened_at)
    and toDate(assumeNotNull(moments.happened_at), 'UTC') >= touched.first_day
    and toDate(assumeNotNull(moments.happened_at), 'UTC') < touched.day_after
group by moments.repo_id
