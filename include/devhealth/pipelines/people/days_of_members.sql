-- The days on which people did anything that counts, among the days they are touched on.
with
touched as (
    select
        one.1 as person,
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
    activity.repo_id as repo_id,
    arraySort(groupUniqArray(activity.day)) as days
from
    person_activity(
        org_id = {org_id:String},
        repo_ids = {repo_ids:Array(String)},
        since = '1970-01-01 00:00:00',
        before = '2106-02-07 06:28:15'
    ) as activity
inner join touched on activity.identity_id = touched.person
where activity.day >= touched.first_day and activity.day < touched.day_after
group by activity.repo_id
