"""Who a recorded person is: through the mailmap, in one normal form, bots flagged."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from devhealth.errors import InputError
from devhealth.models.git import CommitIdentity
from devhealth.models.people import normal_alias
from devhealth.models.unit import Unit
from devhealth.processors.local_git.mailmap import Mailmap
from devhealth.processors.local_git.texts import decode, encode, plain

_BOT_SUFFIX = re.compile(r"\[bot\](?:$|@)", re.IGNORECASE)
_BOT_EMAILS = frozenset(
    {
        "action@github.com",
        "actions@github.com",
        "bot@renovateapp.com",
        "bot@dependabot.com",
        "support@dependabot.com",
        "github-actions@github.com",
        "gitlab-bot@gitlab.com",
        "greenkeeper@greenkeeper.io",
        "semantic-release-bot@martynus.net",
        "snyk-bot@snyk.io",
        "support@greenkeeper.io",
    }
)
_BOT_NAMES = frozenset(
    {
        "allcontributors",
        "azure-pipelines",
        "bors",
        "codecov-io",
        "copybara-service",
        "dependabot",
        "dependabot-preview",
        "github action",
        "github actions",
        "github-actions",
        "gitlab-bot",
        "greenkeeper",
        "homu",
        "imgbot",
        "k8s-ci-robot",
        "mergify",
        "pre-commit-ci",
        "pyup-bot",
        "renovate",
        "renovate bot",
        "renovate-bot",
        "semantic-release-bot",
        "snyk-bot",
        "weblate",
    }
)

Recorded = tuple[str, str]
"""A name and an e-mail as recorded, decoded by `texts.decode`."""


class Identities:
    """Turns recorded people into records, each pair once."""

    def __init__(self, unit: Unit, fetched_at: datetime, mailmap: bytes) -> None:
        self._unit, self._fetched_at = unit, fetched_at
        self._mailmap = Mailmap(mailmap)
        self._bot = _bot_pattern(unit.options.get("bot_patterns"))
        self._met: set[Recorded] = set()

    def of(self, people: Iterable[Recorded]) -> Iterator[CommitIdentity]:
        """Records of the people not met before."""
        for recorded in set(people) - self._met:
            self._met.add(recorded)
            yield self._identity(*recorded)

    def _identity(self, name: str, email: str) -> CommitIdentity:
        mapped_name, mapped_email = map(decode, self._mailmap.resolve(encode(name), encode(email)))
        address = normal_alias(mapped_email) or normal_alias(mapped_name)
        return CommitIdentity(
            org_id=self._unit.org_id,
            repo_id=self._unit.repo_id,
            name=plain(name),
            email=plain(email),
            identity_email=plain(address),
            identity_name=plain(mapped_name.strip()),
            is_bot=is_bot(mapped_name, address) or bool(self._bot and self._bot.search(f"{mapped_name} <{address}>")),
            fetched_at=self._fetched_at,
        )


def is_bot(name: str, email: str) -> bool:
    """Whether a person is a program: by the `[bot]` suffix, or by a well-known account."""
    return bool(
        _BOT_SUFFIX.search(name.strip())
        or _BOT_SUFFIX.search(email)
        or email in _BOT_EMAILS
        or name.strip().lower() in _BOT_NAMES
    )


def _bot_pattern(patterns: object) -> re.Pattern[str] | None:
    if not patterns:
        return None
    texts = [patterns] if isinstance(patterns, str) else list(patterns) if isinstance(patterns, list) else []
    try:
        return re.compile("|".join(f"(?:{text})" for text in texts), re.IGNORECASE)
    except re.error as error:
        raise InputError(
            f"bot_patterns {texts} are no regular expressions: {error}. Correct the configuration."
        ) from error
