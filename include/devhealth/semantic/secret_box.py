"""Encrypting what the semantic database must not know in the clear, by Fernet.

DEVHEALTH_SECRET_KEY holds one key or several, separated by commas or blanks: the first one encrypts, all of them
decrypt. Errors name the variable and whose secret it is; neither a key nor a secret is in them or in what they were
raised from.
Source: cryptography.io/en/latest/fernet
"""

import re

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from devhealth.errors import SecretError

VARIABLE = "DEVHEALTH_SECRET_KEY"

_LENGTH = 44
"""Of 32 bytes in base64."""


def generate_key() -> str:
    """A new random key."""
    return Fernet.generate_key().decode()


def keys_of(secret_key: str) -> list[str]:
    """The keys one after the other."""
    return [key for key in re.split(r"[,\s]+", secret_key) if key]


def encrypt(secret_key: str, plain: str, *, whose: str) -> str:
    """The ciphertext, by the first key. Raises SecretError when a key is missing or unreadable."""
    return _opened(secret_key, whose).encrypt(plain.encode()).decode()


def decrypt(secret_key: str, ciphertext: str, *, whose: str) -> str:
    """The plain text. Raises SecretError when a key is missing or unreadable, or none of them is the right one."""
    box = _opened(secret_key, whose)
    try:
        return box.decrypt(ciphertext.encode()).decode()
    except (InvalidToken, ValueError):
        raise _wrong(secret_key, whose) from None


def reencrypt(secret_key: str, ciphertext: str, *, whose: str) -> str:
    """The ciphertext by the first key; errors as of `decrypt`."""
    box = _opened(secret_key, whose)
    try:
        return box.rotate(ciphertext.encode()).decode()
    except (InvalidToken, ValueError):
        raise _wrong(secret_key, whose) from None


def _opened(secret_key: str, whose: str) -> MultiFernet:
    keys = keys_of(secret_key)
    if not keys:
        raise SecretError(
            f"{whose} is kept encrypted, and {VARIABLE} is not set. Set it to the key in use; for the first secret of "
            "all, `devhealth admin generate-key` prints one."
        )
    return MultiFernet([_fernet(key, number, len(keys), whose) for number, key in enumerate(keys, 1)])


def _fernet(key: str, number: int, count: int, whose: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise SecretError(
            f"{whose} is kept encrypted, and {VARIABLE} cannot be read: key {number} of {count} has {len(key)} "
            f"characters, expected {_LENGTH} of url-safe base64 as `devhealth admin generate-key` prints them. "
            "Correct the variable."
        ) from None


def _wrong(secret_key: str, whose: str) -> SecretError:
    count = len(keys_of(secret_key))
    tried = "the key" if count == 1 else f"any of the {count} keys"
    return SecretError(
        f"{whose} cannot be decrypted with {tried} in {VARIABLE}. Add the key it was encrypted with after the others, "
        "or store the secret again."
    )
