with
scope as (
    select
        one.1 as first_day,
        one.2 as last_day
    from (select arrayJoin(arrayZip({scope_first_days:Array(Date)}, {scope_last_days:Array(Date)})) as one)
),

commits_of_people as (
    select
        commits_in_range.team_id as team_id,
        commits_in_range.day as day,
        commits_in_range.author_weekday > 5 as is_weekend,
        not is_weekend and (
            commits_in_range.author_hour < {business_hours_start:UInt8}
            or commits_in_range.author_hour >= {business_hours_end:UInt8}
        ) as is_after_hours
    from
        commit_teams(
            org_id = {org_id:String},
            repo_ids = {repo_ids:Array(String)},
            since = {since:String},
            before = {before:String}
        ) as commits_in_range
    cross join scope
    where commits_in_range.day between scope.first_day and scope.last_day and not commits_in_range.is_bot
)

select
    team_id,
    day,
    count() as commits_count,
    countIf(is_after_hours) as after_hours_commits_count,
    countIf(is_weekend) as weekend_commits_count,
    after_hours_commits_count / commits_count as after_hours_ratio,
    weekend_commits_count / commits_count as weekend_ratio,
    commits_count as sample_size
from commits_of_people
group by
    team_id,
    day
