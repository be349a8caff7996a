-- The days on which people committed under touched aliases, among the days they are touched on.
with
touched as (
    select
        one.1 as alias,
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
    arraySort(groupUniqArray(commits.day)) as days
from
    commit_people(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = '1970-01-01 00:00:00',
        before = '2106-02-07 06:28:15'
    ) as commits
inner join touched on commits.recorded_identity = touched.alias
where commits.day >= touched.first_day and commits.day < touched.day_after
group by commits.repo_id
