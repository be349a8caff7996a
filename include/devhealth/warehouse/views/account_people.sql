-- Everybody who opened, reviewed or commented on a pull request of these repositories, by login, with the person that
-- stands for: whom the login is mapped to, else whom commits with its newest e-mail, or its noreply address, are of.
-- The same identities as in `commit_people`. Metrics read `account_identities`, which keeps what this view says.
create or replace view account_people as
with
hosts as (
    select
        repo_id,
        max(provider_host) as provider_host
    from pull_requests
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)}
    group by repo_id
),

-- Replaced rows too: whoever once took part.
participants as (
    select
        repo_id,
        assumeNotNull(author) as login
    from pull_requests
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and author is not null
    union distinct
    select
        repo_id,
        assumeNotNull(author) as login
    from pull_request_reviews
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and author is not null
    union distinct
    select
        repo_id,
        assumeNotNull(author) as login
    from pull_request_comments
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and author is not null
),

known_accounts as (
    select
        provider_host,
        login,
        is_bot
    from accounts final
    where org_id = {org_id:String}
),

newest_emails as (
    select
        provider_host,
        login,
        argMax(email, (last_used_at, email)) as email
    from account_emails final
    where org_id = {org_id:String}
    group by
        provider_host,
        login
),

-- As the processors bring it into form: lower case, noreply addresses without the number of the account.
recorded_addresses as (
    select
        repo_id,
        replaceRegexpOne(
            lowerUTF8(trim(email)), '^[0-9]+[+-]([^@]+)@(users[.]noreply[.][^@]+)$', '\\1@\\2'
        ) as address,
        max(identity_email) as identity_email,
        max(is_bot) as is_bot
    from commit_identities final
    where org_id = {org_id:String} and repo_id in {repo_ids:Array(String)} and email != ''
    group by
        repo_id,
        address
),

mappings as (
    select
        alias,
        identity_id,
        is_bot
    from identity_mappings final
    where org_id = {org_id:String} and not is_removed
),

participants_with_addresses as (
    select
        participants.repo_id as repo_id,
        participants.login as login,
        newest_emails.email as known_email,
        if(known_email != '', known_email, login || '@users.noreply.' || hosts.provider_host) as address,
        known_accounts.is_bot or endsWith(login, '[bot]') as is_bot_account
    from participants
    inner join hosts on participants.repo_id = hosts.repo_id
    left join known_accounts
        on hosts.provider_host = known_accounts.provider_host and participants.login = known_accounts.login
    left join newest_emails
        on hosts.provider_host = newest_emails.provider_host and participants.login = newest_emails.login
),

participants_as_recorded as (
    select
        participants_with_addresses.repo_id as repo_id,
        participants_with_addresses.login as login,
        multiIf(
            recorded_addresses.identity_email != '', recorded_addresses.identity_email,
            participants_with_addresses.known_email != '', participants_with_addresses.known_email,
            participants_with_addresses.login
        ) as recorded_identity,
        participants_with_addresses.is_bot_account or recorded_addresses.is_bot as is_bot_as_detected
    from participants_with_addresses
    left join recorded_addresses
        on
            participants_with_addresses.repo_id = recorded_addresses.repo_id
            and participants_with_addresses.address = recorded_addresses.address
)

select
    participants_as_recorded.repo_id as repo_id,
    participants_as_recorded.login as login,
    multiIf(
        of_logins.identity_id != '', of_logins.identity_id,
        of_addresses.identity_id != '', of_addresses.identity_id,
        participants_as_recorded.recorded_identity
    ) as identity_id,
    coalesce(of_logins.is_bot, of_addresses.is_bot, participants_as_recorded.is_bot_as_detected) as is_bot
from participants_as_recorded
left join mappings as of_logins on participants_as_recorded.login = of_logins.alias
left join mappings as of_addresses on participants_as_recorded.recorded_identity = of_addresses.alias
