"""Accounts people and bots have at a provider, and what ties an account to the e-mails of commits."""

from devhealth.models.table import At, Code, Flag, Instant, Record, Text, table


@table("accounts", key=("org_id", "provider_host", "login"))
class Account(Record, frozen=True):
    """An account as last seen. Deleted accounts have no row: what they did has no author."""

    org_id: Text
    provider_host: Code
    """github.com, lower case."""
    login: Text
    """As the provider's REST API spells it, lower-cased: dependabot[bot]."""
    account_id: Text
    """The provider's own id, which outlives a change of the login; empty where it was not said."""
    kind: Code
    """user, bot, organization, mannequin or unknown."""
    is_bot: Flag
    """By kind, by the suffix [bot], or by a pattern of the configuration."""
    fetched_at: Instant


@table("account_emails", key=("org_id", "provider_host", "login", "email"), version="last_used_at")
class AccountEmail(Record, frozen=True):
    """The provider says that commits recorded with this e-mail are of this account."""

    org_id: Text
    provider_host: Code
    login: Text
    email: Text
    """In the form of `commit_identities.identity_email`: trimmed and lower-cased, noreply addresses without number."""
    last_used_at: At
    """Author time of the newest such commit seen; where an account has several e-mails, the newest speaks for it."""
    fetched_at: Instant
