"""Who is a program: by the `[bot]` suffix, by a well-known account, or by a pattern of the configuration."""

import re

from devhealth.errors import InputError

_SUFFIX = re.compile(r"\[bot\](?:$|@)", re.IGNORECASE)
_EMAILS = frozenset(
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
_NAMES = frozenset(
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


def is_bot(name: str, email: str) -> bool:
    """Whether a person is a program: by the `[bot]` suffix, or by a well-known account."""
    return bool(
        _SUFFIX.search(name.strip()) or _SUFFIX.search(email) or email in _EMAILS or name.strip().lower() in _NAMES
    )


def pattern(patterns: object) -> re.Pattern[str] | None:
    """The option `bot_patterns` as one expression; None without any. Raises InputError for what is no expression."""
    if not patterns:
        return None
    texts = [patterns] if isinstance(patterns, str) else list(patterns) if isinstance(patterns, list) else []
    try:
        return re.compile("|".join(f"(?:{text})" for text in texts), re.IGNORECASE)
    except re.error as error:
        raise InputError(
            f"bot_patterns {texts} are no regular expressions: {error}. Correct the configuration."
        ) from error
