"""What a source is read with, once its reference is resolved. Only the reference may be shown or stored.

A reference is `stored:NAME`, a credential of the organisation; `airflow:CONNECTION_ID`; or `env:VARIABLE`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from devhealth.errors import InputError

STORED, AIRFLOW, ENVIRONMENT = "stored", "airflow", "env"

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
_NAMES = {
    STORED: _NAME,
    AIRFLOW: re.compile(r"[\w.-]{1,200}"),
    ENVIRONMENT: re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
}


@dataclass(frozen=True, slots=True)
class Credential:
    """The fields of one credential; which ones there are is the provider's matter."""

    reference: str
    """Says which it is: stored:git-host."""
    fields: Mapping[str, str] = field(repr=False)
    org_id: str = ""
    """Whose it is; nothing fetched with it may serve another organisation."""

    def get(self, name: str) -> str:
        """One field; empty when it is not there."""
        return self.fields.get(name, "")

    def __str__(self) -> str:
        """The reference."""
        return self.reference


def spellings(secret: str) -> set[str]:
    """The ways a secret may be written in a log: as it is, and as it stands in a URL or in JSON."""
    in_json = json.dumps(secret)[1:-1]
    return {text for text in (secret, quote(secret, safe=""), quote_plus(secret), quote(secret), in_json) if text}


def taken_apart(reference: str) -> tuple[str, str]:
    """Kind and name of a reference; raises InputError for a text that is none.

    The text is not repeated: what stands in the place of a reference by mistake is often the secret itself.
    """
    kind, _, name = reference.partition(":")
    if kind not in _NAMES or not _NAMES[kind].fullmatch(name):
        raise InputError(
            "a credential is not written as a reference: expected stored:NAME, airflow:CONNECTION_ID or env:VARIABLE, "
            "never the secret itself."
        )
    return kind, name


def checked_name(name: str) -> str:
    """The name a credential may be stored under; raises InputError for another."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"credential name {name!r} is not valid: expected 1 to 128 letters, digits, dots, dashes or underscores, "
            "with a letter or digit at both ends, such as git-host."
        )
    return name
