with
activity as (
    select
        repo_id,
        maxIf(day, commits_count > 0) as last_active_day
    from repo_metrics_daily_latest
    where org_id = %(org_id)s and repo_id in %(repo_ids)s
    group by repo_id
),

days as (
    select
        repo_id,
        toMonday(day) as monday,
        arraySort(groupArray((toDayOfWeek(day), commits_count))) as daily_commits,
        sum(commits_count) as commits,
        sum(additions) as additions,
        sum(deletions) as deletions,
        sum(reverts_count) as reverts
    from repo_metrics_daily_latest
    inner join activity using (repo_id)
    where org_id = %(org_id)s and repo_id in %(repo_ids)s and day <= toMonday(last_active_day) + 6
    group by repo_id, monday
),

people_of_a_week as (
    select
        repo_id,
        toMonday(day) as monday,
        uniqExact(author_email) as people
    from user_metrics_daily_latest
    where org_id = %(org_id)s and repo_id in %(repo_ids)s
    group by repo_id, monday
)

select
    days.repo_id as repo_id,
    days.monday as monday,
    days.daily_commits as daily_commits,
    days.commits as commits,
    days.additions as additions,
    days.deletions as deletions,
    days.reverts as reverts,
    people_of_a_week.people as people
from days
left join people_of_a_week
    on days.repo_id = people_of_a_week.repo_id and days.monday = people_of_a_week.monday
order by days.repo_id asc, days.monday desc
limit %(weeks)s by days.repo_id
