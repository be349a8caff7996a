"""Keys and what they encrypt."""

import traceback

import pytest

from devhealth.errors import SecretError
from devhealth.semantic import secret_box
from devhealth.semantic.secret_box import decrypt, encrypt, generate_key, reencrypt

OLD, NEW, OTHER = (generate_key() for _ in range(3))
SECRET = "pl4nted-s3cret \u00e9"


def told(call, *arguments):
    """What is said, with everything a traceback would print; neither a key nor the secret is in it."""
    with pytest.raises(SecretError) as caught:
        call(*arguments, whose="credential 'git-host' of organisation 'acme'")
    printed = "".join(traceback.format_exception(caught.value))
    for hidden in (SECRET, OLD, NEW, OTHER, *(str(argument) for argument in arguments if argument)):
        assert hidden not in printed
    assert str(caught.value).startswith("credential 'git-host' of organisation 'acme' ")
    return str(caught.value)


@pytest.mark.parametrize("between", [",", " ", "\n", " , \t"])
def test_the_first_key_encrypts_and_all_decrypt(between):
    by_old = encrypt(OLD, SECRET, whose="it")
    both = NEW + between + OLD
    assert SECRET not in by_old
    assert decrypt(both, by_old, whose="it") == SECRET
    by_new = encrypt(both, SECRET, whose="it")
    assert decrypt(NEW, by_new, whose="it") == SECRET
    assert decrypt(NEW, reencrypt(both, by_old, whose="it"), whose="it") == SECRET
    assert "any of the 2 keys in DEVHEALTH_SECRET_KEY" in told(decrypt, OLD + between + OTHER, by_new)


def test_a_wrong_key_a_missing_key_and_an_unreadable_key_are_told_apart():
    by_old = encrypt(OLD, SECRET, whose="it")
    wrong = told(decrypt, NEW, by_old)
    assert "cannot be decrypted with the key in DEVHEALTH_SECRET_KEY. Add the key" in wrong
    assert told(reencrypt, NEW, by_old) == wrong
    for call in (encrypt, decrypt, reencrypt):
        for missing in ("", " ,\n"):
            assert "DEVHEALTH_SECRET_KEY is not set. Set it to" in told(call, missing, by_old)
        assert "key 2 of 2 has 9 characters, expected 44" in told(call, f"{OLD} unr3adabl", by_old)
        assert "key 1 of 1 has 44 characters, expected 44 of url-safe base64" in told(call, "\u00e9" * 44, by_old)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-8], lambda text: "", lambda text: "x" + text, lambda text: "\u00e9"]
)
def test_a_damaged_ciphertext_is_refused(damage):
    assert "cannot be decrypted" in told(decrypt, OLD, damage(encrypt(OLD, SECRET, whose="it")))


def test_the_keys_are_listed_in_order():
    assert secret_box.keys_of(f" {OLD},{NEW}\n{OTHER} ") == [OLD, NEW, OTHER]
