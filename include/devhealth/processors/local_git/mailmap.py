"""A mailmap, read and applied exactly as git does it. Bytes in, bytes out.

Source: git-scm.com/docs/gitmailmap, and git's mailmap.c for what the page leaves open
"""

from dataclasses import dataclass, field

_SPACE = b" \t\n\r"

Person = tuple[bytes, bytes]
"""Name, e-mail."""


@dataclass(slots=True)
class _Entry:
    """What one recorded e-mail stands for, unless the recorded name says more."""

    name: bytes | None = None
    email: bytes | None = None
    by_name: dict[bytes, tuple[bytes | None, bytes | None]] = field(default_factory=dict)


class Mailmap:
    """The mappings of one mailmap file. Names and e-mails are looked up without regard to ASCII case."""

    def __init__(self, content: bytes) -> None:
        self._by_email: dict[bytes, _Entry] = {}
        for line in content.split(b"\n"):
            self._read(line.split(b"\0", 1)[0])

    def resolve(self, name: bytes, email: bytes) -> Person:
        """Whom a recorded name and e-mail stand for."""
        entry = self._by_email.get(email.lower())
        if entry is None:
            return name, email
        proper_name, proper_email = entry.by_name.get(name.lower(), (entry.name, entry.email))
        return (
            name if proper_name is None else proper_name,
            email if proper_email is None else proper_email,
        )

    def _read(self, line: bytes) -> None:
        if line.startswith(b"#"):
            return
        first = _person(line, may_lack_email=False)
        if first is None:
            return
        new_name, new_email, rest = first
        second = _person(rest, may_lack_email=True)
        if second is None:
            entry = self._by_email.setdefault(new_email.lower(), _Entry())
            entry.name = entry.name if new_name is None else new_name
            return
        old_name, old_email, _ = second
        entry = self._by_email.setdefault(old_email.lower(), _Entry())
        if old_name is not None:
            entry.by_name[old_name.lower()] = (new_name, new_email)
        else:
            entry.name = entry.name if new_name is None else new_name
            entry.email = new_email


def _person(text: bytes, *, may_lack_email: bool) -> tuple[bytes | None, bytes, bytes] | None:
    """Name, e-mail and what follows; None when there is no `<e-mail>`."""
    left = text.find(b"<")
    right = text.find(b">", left + 1)
    if left < 0 or right < 0 or (right == left + 1 and not may_lack_email):
        return None
    return text[:left].strip(_SPACE) or None, text[left + 1 : right], text[right + 1 :]
