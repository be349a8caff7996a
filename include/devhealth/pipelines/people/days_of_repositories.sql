-- The days on which touched repositories have commits, among the days they are touched on.
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
)

select
    commits.repo_id as repo_id,
    groupUniqArray(toDate(commits.committed_at, 'UTC')) as days
from commits
inner join touched on commits.repo_id = touched.repo_id
where
    commits.org_id = {org_id:String}
    and commits.repo_id in {repo_ids:Array(String)}
    and toDate(commits.committed_at, 'UTC') >= touched.first_day
    and toDate(commits.committed_at, 'UTC') < touched.day_after
group by commits.repo_id
