"""Who a recorded person is: through the mailmap, in one normal form, bots flagged."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from devhealth.models.git import CommitIdentity
from devhealth.models.people import normal_alias
from devhealth.models.unit import Unit
from devhealth.processors import bots
from devhealth.processors.local_git.mailmap import Mailmap
from devhealth.processors.local_git.texts import decode, encode, plain

Recorded = tuple[str, str]
"""A name and an e-mail as recorded, decoded by `texts.decode`."""


class Identities:
    """Turns recorded people into records, each pair once."""

    def __init__(self, unit: Unit, fetched_at: datetime, mailmap: bytes) -> None:
        self._unit, self._fetched_at = unit, fetched_at
        self._mailmap = Mailmap(mailmap)
        self._bot = bots.pattern(unit.options.get("bot_patterns"))
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
            is_bot=bots.is_bot(mapped_name, address)
            or bool(self._bot and self._bot.search(f"{mapped_name} <{address}>")),
            fetched_at=self._fetched_at,
        )
