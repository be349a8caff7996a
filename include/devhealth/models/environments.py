"""The names of environments, whatever a provider's users call them."""

import re

_NAMES = (
    (re.compile(r"prod|prd|live|production"), "production"),
    (re.compile(r"stg|stage|staging"), "staging"),
    (re.compile(r"dev|develop|development"), "development"),
    (re.compile(r"qa|test|testing"), "testing"),
    (re.compile(r"preview|review[/-].*", re.DOTALL), "preview"),
)


def environment(name: str) -> str:
    """production, staging, development, testing or preview; any other name as it is, lower-cased."""
    plain = name.strip().lower()
    return next((known for pattern, known in _NAMES if pattern.fullmatch(plain)), plain)
