"""What the body of a commit message says beside its prose: co-authors, and which commit it reverts."""

import re

_CO_AUTHOR = re.compile(
    r"^[ \t]*co-authored-by[ \t]*:[ \t]*([^<\r\n]*?)[ \t\r]*(?:<([^>\r\n]*)|$)", re.IGNORECASE | re.MULTILINE
)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_REVERTS = re.compile(r"^\s*This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)


def co_authors(body: str, author_email: str) -> list[tuple[str, str]]:
    """Name and e-mail of each co-author in order, each e-mail once, without the author.

    Who is named without an e-mail has an empty one; a lone address is an e-mail, also without brackets.
    """
    if "-" not in body or "co-authored-by" not in body.lower():
        return []
    met = {author_email.strip().lower()}
    found = []
    for named, address in _CO_AUTHOR.findall(body):
        name, email = ("", named) if not address and _ADDRESS.fullmatch(named) else (named, address)
        key = email.strip().lower() or name.lower()
        if key and key not in met:
            met.add(key)
            found.append((name, email.strip()))
    return found


def reverted(body: str) -> str | None:
    """The first commit the body says it reverts; a reapplied commit reverts the revert."""
    if "reverts commit" not in body:
        return None
    match = _REVERTS.search(body)
    return match[1] if match else None


def is_revert(subject: str, reverted_sha: str | None) -> bool:
    """Whether a commit undoes another one: by git's own subject or body."""
    return reverted_sha is not None or subject.startswith('Revert "')
