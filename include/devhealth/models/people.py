"""Who a person is and which team counts, as the semantic database says it, beside the facts it is applied to.

The first two tables mirror the semantic database: `devhealth.pipelines.people` writes what differs. The view
`commit_people` applies them to what is stored, so commits and `commit_identities` stay as they were recorded. Accounts
of a provider are brought together with them by the view `account_people`; `account_identities` keeps what it says.
"""

import re

from devhealth.models.table import Code, Day, Flag, Instant, Record, Text, table

_NOREPLY = re.compile(r"\d+(?P<separator>[+-])(?P<login>[^@+\s][^@+]*)@(?P<host>users\.noreply\.(?P<site>[^@]+))")
_NUMBERED = re.compile(r"\d+-")

_NOREPLY_HOSTS = ("users.noreply.github.com", "users.noreply.gitlab.com")

UNASSIGNED = "unassigned"
"""The team of commits that no repository pattern and no membership gives to another."""


@table("identity_mappings", key=("org_id", "alias"))
class IdentityMapping(Record, frozen=True):
    """Whom an e-mail, a login or a name stands for. A person with a name or a bot flag has a row of their own too."""

    org_id: Text
    alias: Text
    """In the form of `commit_identities.identity_email`. A login stands here with its noreply addresses too."""
    identity_id: Text
    name: Text | None
    """What the person is called; the same in every row of the person."""
    is_bot: Flag | None
    """NULL: as detected. The same in every row of the person."""
    is_removed: Flag
    """The mapping was taken back; the alias stands for itself again."""
    fetched_at: Instant
    """When the semantic database was read."""


@table("team_assignments", key=("org_id", "kind", "subject", "valid_from"))
class TeamAssignment(Record, frozen=True):
    """The team of a repository or a person over a stretch of days; the stretches of one subject never overlap."""

    org_id: Text
    kind: Code
    """repository or person."""
    subject: Text
    """The id of the repository or of the identity."""
    valid_from: Day
    """The first day; 1970-01-01: since ever."""
    valid_to: Day | None
    """The day after the last one; NULL: until further notice."""
    team_id: Code
    is_removed: Flag
    """The stretch no longer stands."""
    fetched_at: Instant
    """When the semantic database was read."""


@table("account_identities", key=("org_id", "repo_id", "login"))
class AccountIdentity(Record, frozen=True):
    """Whom an account stands for in a repository, as metrics apply it: what `account_people` said last."""

    org_id: Text
    repo_id: Text
    login: Text
    identity_id: Text
    is_bot: Flag
    fetched_at: Instant
    """When it was said."""


def normal_alias(text: str) -> str:
    """The one form in which e-mails, logins and names of people are compared.

    Trimmed and lower-cased; noreply addresses of a provider without the account number. GitHub writes `123+login`,
    GitLab `123-login`: where a dash may belong to the login, nothing is taken off. The form of a form is the same.
    """
    plain = text.strip().lower()
    address = _NOREPLY.fullmatch(plain)
    if address is None:
        return plain
    is_of_github = address["site"].startswith("github.")
    is_login_dashed = address["separator"] == "-" if is_of_github else _NUMBERED.match(address["login"]) is not None
    return plain if is_login_dashed else f"{address['login']}@{address['host']}"


def noreply_addresses(alias: str) -> tuple[str, ...]:
    """The addresses the hosts we know give to a login; none for what is an address itself."""
    return () if "@" in alias or " " in alias else tuple(f"{alias}@{host}" for host in _NOREPLY_HOSTS)
