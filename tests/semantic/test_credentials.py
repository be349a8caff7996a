"""Stored credentials, settings, and the rotation of their key, on both engines."""

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, SecretError, UnknownName
from devhealth.relational import reading
from devhealth.semantic import configurations, credentials, key_rotation, organizations, settings_store
from devhealth.semantic.secret_box import generate_key

KEY, NEXT = generate_key(), generate_key()
SECRET = "pl4nted-s3cret"
FIELDS = {"token": SECRET, "username": "ann"}


def save(engine, org_id, name="git-host", key=KEY, **changes):
    credentials.save(engine, key, org_id=org_id, name=name, **{"provider": "local_git", "fields": FIELDS} | changes)


def configure(engine, org_id, credential, name="shop"):
    return configurations.save(
        engine,
        org_id=org_id,
        name=name,
        provider="local_git",
        sources=["/srv/shop"],
        targets=["git"],
        options={},
        credential=credential,
    )


@pytest.fixture
def beta(engine: Engine) -> str:
    return organizations.ensure_organization(engine, "beta")


def everything(engine):
    with reading(engine) as connection:
        tables = ("integration_credentials", "settings")
        return [list(connection.execute(text(f"select * from {table} order by org_id, name"))) for table in tables]


def test_a_credential_is_stored_encrypted_and_comes_back(engine: Engine, acme: str):
    save(engine, acme)
    found = credentials.load(engine, KEY, acme, "git-host")
    assert (found.reference, found.get("token"), found.get("username"), found.org_id) == (
        "stored:git-host",
        SECRET,
        "ann",
        acme,
    )
    assert found.get("nothing") == ""
    assert SECRET not in repr(found)
    assert SECRET not in str(everything(engine))


def test_a_list_tells_names_and_times_only(engine: Engine, acme: str, beta: str):
    save(engine, acme, "other")
    save(engine, acme)
    save(engine, beta, "theirs")
    first = credentials.list_credentials(engine, acme)
    assert [(one.name, one.provider) for one in first] == [("git-host", "local_git"), ("other", "local_git")]
    save(engine, acme, fields={"token": "n3w"})
    changed = credentials.list_credentials(engine, acme)[0]
    assert (changed.created_at, changed.updated_at > first[0].updated_at) == (first[0].created_at, True)
    assert credentials.load(engine, KEY, acme, "git-host").fields == {"token": "n3w"}


def test_another_organisation_has_no_part_in_it(engine: Engine, acme: str, beta: str):
    save(engine, acme)
    with pytest.raises(UnknownName, match=r"'git-host' of organisation 'beta' does not exist\. There is none yet"):
        credentials.load(engine, KEY, beta, "git-host")
    with pytest.raises(UnknownName):
        credentials.delete_credential(engine, beta, "git-host")
    with pytest.raises(UnknownName, match="'git-host' of organisation 'beta' does not exist"):
        configure(engine, beta, "stored:git-host")
    assert configurations.list_configurations(engine, None, "local_git") == []


def test_a_credential_in_use_is_not_deleted(engine: Engine, acme: str):
    save(engine, acme)
    configure(engine, acme, "stored:git-host")
    with pytest.raises(InputError, match=r"'git-host' of organisation 'acme' is in use by shop\. Give"):
        credentials.delete_credential(engine, acme, "git-host")
    configure(engine, acme, "env:ACME_TOKEN")
    credentials.delete_credential(engine, acme, "git-host")
    assert credentials.list_credentials(engine, acme) == []


@pytest.mark.parametrize("reference", [SECRET, "stored:", "env:1A", "env:A B", "airflow:", "vault:x", ":", "env:A\n"])
def test_what_is_no_reference_is_refused_and_not_repeated(engine: Engine, acme: str, reference: str):
    with pytest.raises(InputError, match="expected stored:NAME, airflow:CONNECTION_ID or env:VARIABLE") as caught:
        configure(engine, acme, reference)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a" * 129, "a:b"])
def test_a_name_that_no_reference_could_hold_is_refused(engine: Engine, acme: str, name: str):
    with pytest.raises(InputError, match="credential name"):
        save(engine, acme, name)


def test_without_the_right_key_nothing_is_stored_or_read(engine: Engine, acme: str):
    with pytest.raises(SecretError, match=r"'git-host' of organisation 'acme' .* DEVHEALTH_SECRET_KEY is not set"):
        save(engine, acme, key="")
    assert credentials.list_credentials(engine, acme) == []
    save(engine, acme)
    with pytest.raises(SecretError, match="cannot be decrypted with the key in DEVHEALTH_SECRET_KEY"):
        credentials.load(engine, NEXT, acme, "git-host")


def test_settings_are_kept_plain_or_encrypted(engine: Engine, acme: str, beta: str):
    settings_store.set_value(engine, "", acme, "zone", "UTC")
    settings_store.set_value(engine, KEY, acme, "hook", SECRET, is_encrypted=True)
    shown = settings_store.list_settings(engine, acme)
    assert [(one.name, one.value, one.is_encrypted) for one in shown] == [("hook", None, True), ("zone", "UTC", False)]
    assert SECRET not in str(everything(engine))
    assert settings_store.get_value(engine, KEY, acme, "hook") == SECRET
    assert settings_store.get_value(engine, "", acme, "zone") == "UTC"
    assert settings_store.get_value(engine, KEY, beta, "hook") is None
    with pytest.raises(SecretError, match="setting 'hook' of organisation 'acme'"):
        settings_store.get_value(engine, NEXT, acme, "hook")
    settings_store.forget(engine, acme, "hook")
    settings_store.set_value(engine, "", acme, "zone", "CET")
    assert [one.value for one in settings_store.list_settings(engine, acme)] == ["CET"]


def test_a_rotation_encrypts_everything_with_the_first_key(engine: Engine, acme: str, beta: str):
    save(engine, acme)
    save(engine, beta)
    settings_store.set_value(engine, KEY, beta, "hook", SECRET, is_encrypted=True)
    settings_store.set_value(engine, "", beta, "zone", "UTC")
    assert key_rotation.rotate(engine, f"{NEXT},{KEY}") == key_rotation.Rotation(credentials=2, settings=1)
    for org_id in (acme, beta):
        assert credentials.load(engine, NEXT, org_id, "git-host").fields == FIELDS
    assert settings_store.get_value(engine, NEXT, beta, "hook") == SECRET
    assert settings_store.get_value(engine, NEXT, beta, "zone") == "UTC"


def test_a_rotation_that_cannot_read_one_secret_changes_none(engine: Engine, acme: str, beta: str):
    save(engine, acme)
    settings_store.set_value(engine, generate_key(), beta, "hook", SECRET, is_encrypted=True)
    before = everything(engine)
    with pytest.raises(SecretError, match="setting 'hook' of organisation 'beta' cannot be decrypted"):
        key_rotation.rotate(engine, f"{NEXT},{KEY}")
    assert everything(engine) == before


def test_a_rotation_of_nothing_needs_no_key(engine: Engine):
    assert key_rotation.rotate(engine, "") == key_rotation.Rotation(credentials=0, settings=0)
