"""Users, and their roles in organisations. A password is only ever kept as a salted PBKDF2-SHA256 hash."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.engine import Engine
from werkzeug.security import check_password_hash, generate_password_hash

from devhealth.errors import InputError, UnknownName
from devhealth.relational import insert_into, reading, writing
from devhealth.semantic.tables import memberships, organizations, users

ROLES = ("owner", "admin", "member", "viewer")
SHORTEST_PASSWORD = 8
_HASHED_BY = "pbkdf2:sha256:600000"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_NOBODY = "pbkdf2:sha256:600000$0123456789abcdef$" + 64 * "0"


@dataclass(frozen=True, slots=True)
class Membership:
    """A role in an organisation, which is named by its slug."""

    organisation: str
    role: str


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in; without a password, by other means only."""

    user_id: str
    email: str
    display_name: str
    has_password: bool
    created_at: datetime
    memberships: tuple[Membership, ...] = ()
    """By organisation."""


def create_user(engine: Engine, *, email: str, display_name: str = "", password: str | None = None) -> User:
    """A new user; the name is the local part of the e-mail unless one is given.

    Raises InputError for an e-mail that is none or is taken, and for a password that is too short.
    """
    email = normal_email(email)
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise InputError(f"the password of {email} is too short: expected at least {SHORTEST_PASSWORD} characters.")
    user = User(
        user_id=str(uuid.uuid4()),
        email=email,
        display_name=" ".join(display_name.split()) or email.partition("@")[0],
        has_password=password is not None,
        created_at=datetime.now(UTC),
    )
    row = {
        "user_id": user.user_id,
        "email": user.email,
        "display_name": user.display_name,
        "password_hash": None if password is None else generate_password_hash(password, method=_HASHED_BY),
        "created_at": user.created_at,
    }
    with writing(engine) as connection:
        added = connection.execute(insert_into(connection, users).values(row).on_conflict_do_nothing())
    if not added.rowcount:
        raise InputError(f"user {email} exists already. `devhealth admin add-member` gives a role in an organisation.")
    return user


def verify(engine: Engine, email: str, password: str) -> User | None:
    """The user of that e-mail and password; None when either is wrong, which takes as long."""
    email = email.strip().lower()
    query = select(users.c.password_hash).where(users.c.email == email)
    with reading(engine) as connection:
        kept = connection.execute(query).scalar()
    if not check_password_hash(kept or _NOBODY, password) or kept is None:
        return None
    return next((user for user in list_users(engine) if user.email == email), None)


def add_member(engine: Engine, org_id: str, email: str, role: str) -> None:
    """Give a user a role in an organisation, in place of the one there was.

    Raises UnknownName for a user that does not exist and InputError for a role that is none.
    """
    if role not in ROLES:
        raise InputError(f"{role!r} is no role. There are: {', '.join(ROLES)}.")
    email = normal_email(email)
    with writing(engine) as connection:
        user_id = connection.execute(select(users.c.user_id).where(users.c.email == email)).scalar()
        if user_id is None:
            raise UnknownName(f"user {email} does not exist. `devhealth admin create-user {email}` makes it.")
        row = {"org_id": org_id, "user_id": user_id, "role": role, "created_at": datetime.now(UTC)}
        statement = insert_into(connection, memberships).values(row)
        changed = {"role": statement.excluded.role}
        connection.execute(statement.on_conflict_do_update(index_elements=["org_id", "user_id"], set_=changed))


def list_users(engine: Engine, org_id: str | None = None) -> list[User]:
    """All users by e-mail; of one organisation its members only, with nothing of their roles elsewhere."""
    roles = (
        select(memberships.c.user_id, organizations.c.slug, memberships.c.role)
        .join(organizations, memberships.c.org_id == organizations.c.org_id)
        .order_by(organizations.c.slug)
    )
    if org_id is not None:
        roles = roles.where(memberships.c.org_id == org_id)
    held: dict[str, list[Membership]] = {}
    with reading(engine) as connection:
        for row in connection.execute(roles):
            held.setdefault(row.user_id, []).append(Membership(row.slug, row.role))
        found = connection.execute(select(users).order_by(users.c.email)).all()
    return [
        User(
            user_id=row.user_id,
            email=row.email,
            display_name=row.display_name,
            has_password=row.password_hash is not None,
            created_at=row.created_at,
            memberships=tuple(held.get(row.user_id, ())),
        )
        for row in found
        if org_id is None or row.user_id in held
    ]


def normal_email(text: str) -> str:
    """The e-mail trimmed and in lower case; raises InputError for what is none."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise InputError(f"{text!r} is no e-mail address: expected one such as ada@example.org.")
    return email
