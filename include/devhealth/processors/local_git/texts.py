"""Decoded git output as the texts that records hold."""

from devhealth.models.text import to_text


def decode(raw: bytes) -> str:
    """All of some output at once; what is not UTF-8 stays recognisable for `plain`."""
    return raw.decode("utf-8", "surrogateescape")


def encode(decoded: str) -> bytes:
    """The bytes `decode` was given."""
    return decoded.encode("utf-8", "surrogateescape")


def plain(decoded: str) -> str:
    """The text of one decoded field, as `models.text.to_text` writes it."""
    if decoded.isascii():
        return to_text(decoded.encode()) if decoded.startswith('"') else decoded
    return to_text(encode(decoded))
