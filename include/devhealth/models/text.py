"""Bytes of a git history as text, without loss.

Git stores names, messages and paths as bytes of no promised encoding; tables and JSON want text. Valid UTF-8 stands as
it is. Anything else, and any text that begins with a double quote, is written the way git itself quotes paths: in
double quotes, with backslash escapes and three-digit octal bytes. So every byte string has exactly one text, and every
text of ours exactly one byte string.
Source: git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
"""

import re

_PRINTABLE = range(0x20, 0x7F)
_ESCAPES = {0x5C: "\\\\", 0x22: '\\"', 0x0A: "\\n", 0x09: "\\t"}
_UNESCAPES = {"\\": 0x5C, '"': 0x22, "n": 0x0A, "t": 0x09}
_ESCAPE = re.compile(r'\\([\\"nt]|[0-7]{3})')


def to_text(raw: bytes) -> str:
    """The text of some bytes; `to_bytes` is its inverse."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return _quote(raw)
    return _quote(raw) if text.startswith('"') or "\0" in text else text


def to_bytes(text: str) -> bytes:
    """The bytes `to_text` was given."""
    if not text.startswith('"'):
        return text.encode()
    return _ESCAPE.sub(lambda match: chr(_byte(match[1])), text[1:-1]).encode("latin-1")


def plain(text: str) -> str:
    """The text as a part of one line, without anything that could steer a terminal or begin another line of a log."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _quote(raw: bytes) -> str:
    return '"' + "".join(_ESCAPES.get(byte) or _shown(byte) for byte in raw) + '"'


def _shown(byte: int) -> str:
    return chr(byte) if byte in _PRINTABLE else f"\\{byte:03o}"


def _byte(escape: str) -> int:
    return _UNESCAPES[escape] if escape in _UNESCAPES else int(escape, 8)
