from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, StoreError, UnknownName
from devhealth.relational import reading, writing
from devhealth.semantic import database, organizations, users
from devhealth.semantic.users import Membership
from devhealth.settings import Settings
from tests.processes import at_once

PASSWORD = "planted correct horse"


def create(engine: Engine, email: str = "ada@example.org", **choices) -> users.User:
    return users.create_user(engine, email=email, **choices)


def hashes(engine: Engine) -> list[str | None]:
    with reading(engine) as connection:
        return list(connection.execute(select(users.users.c.password_hash)).scalars())


def test_a_user_is_listed_as_made(engine: Engine):
    made = create(engine, " Ada@Example.ORG ", display_name="Ada  Lovelace\n")
    assert (made.email, made.display_name, made.has_password) == ("ada@example.org", "Ada Lovelace", False)
    assert users.list_users(engine) == [made]
    assert create(engine, "bob@example.org").display_name == "bob"


def test_an_email_is_taken_in_whatever_letters(engine: Engine):
    create(engine)
    with pytest.raises(InputError, match=r"user ada@example\.org exists already"):
        create(engine, "ADA@example.org")
    row = {"user_id": "2", "email": "ada@example.org", "display_name": "", "created_at": datetime.now(UTC)}
    with pytest.raises(StoreError), writing(engine) as connection:
        connection.execute(users.users.insert().values(row))


@pytest.mark.parametrize("email", ["", "ada", "@example.org", "ada@", "a b@c", "a@b@c", "a\x07@b", "x" * 65 + "@b"])
def test_what_is_no_email_is_refused(engine: Engine, email: str):
    with pytest.raises(InputError, match="no e-mail address"):
        create(engine, email)


def test_a_password_is_kept_as_a_salted_pbkdf2_hash_only(engine: Engine):
    made = create(engine, password=PASSWORD)
    create(engine, "bob@example.org", password=PASSWORD)
    first, second = hashes(engine)
    assert first.startswith("pbkdf2:sha256:600000$")
    assert first != second
    assert PASSWORD not in first
    assert PASSWORD not in repr(made)
    assert first not in repr(users.list_users(engine))


def test_only_the_right_password_is_verified(engine: Engine):
    made = create(engine, password=PASSWORD)
    create(engine, "bob@example.org")
    assert users.verify(engine, " ADA@example.org", PASSWORD) == made
    assert users.verify(engine, "ada@example.org", PASSWORD.upper()) is None
    assert users.verify(engine, "ada@example.org", "") is None
    assert users.verify(engine, "bob@example.org", "") is None
    assert users.verify(engine, "eve@example.org", PASSWORD) is None


def test_a_short_password_is_refused_without_being_shown(engine: Engine):
    with pytest.raises(InputError, match="at least 8 characters") as caught:
        create(engine, password="planted")
    assert "planted" not in str(caught.value)
    assert users.list_users(engine) == []


def test_a_role_is_given_and_replaced(engine: Engine, acme: str):
    create(engine)
    users.add_member(engine, acme, "ADA@example.org", "viewer")
    users.add_member(engine, acme, "ada@example.org", "owner")
    assert [one.memberships for one in users.list_users(engine)] == [(Membership("acme", "owner"),)]


def test_an_organisation_lists_its_members_and_nothing_of_others(engine: Engine, acme: str):
    beta = organizations.ensure_organization(engine, "beta")
    create(engine)
    create(engine, "bob@example.org")
    create(engine, "eve@example.org")
    users.add_member(engine, acme, "ada@example.org", "admin")
    users.add_member(engine, beta, "ada@example.org", "member")
    users.add_member(engine, beta, "bob@example.org", "viewer")
    (of_acme,) = users.list_users(engine, acme)
    assert (of_acme.email, of_acme.memberships) == ("ada@example.org", (Membership("acme", "admin"),))
    assert [one.email for one in users.list_users(engine, beta)] == ["ada@example.org", "bob@example.org"]
    assert [len(one.memberships) for one in users.list_users(engine)] == [2, 1, 0]


def test_what_does_not_exist_is_refused(engine: Engine, acme: str):
    create(engine)
    with pytest.raises(InputError, match=r"'god' is no role\. There are: owner, admin, member, viewer"):
        users.add_member(engine, acme, "ada@example.org", "god")
    with pytest.raises(UnknownName, match=r"create-user bob@example\.org"):
        users.add_member(engine, acme, "bob@example.org", "viewer")
    with pytest.raises(StoreError):
        users.add_member(engine, "nobody", "ada@example.org", "viewer")


def test_ten_processes_make_one_user(settings: Settings):
    database.upgrade(settings)

    def make(number: int) -> bool:
        try:
            create(database.open_semantic(settings))
        except InputError:
            return False
        return True

    assert sum(at_once(10, make)) == 1
