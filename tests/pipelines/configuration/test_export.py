"""What is exported reads back to no change, whatever was applied."""

from datetime import date, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from devhealth.errors import SecretError, UnknownName
from devhealth.models.people import UNASSIGNED, normal_alias
from devhealth.pipelines.configuration.export import export
from devhealth.semantic import configurations, database, organizations
from devhealth.settings import Settings
from tests.examples import examples
from tests.pipelines.configuration.conftest import FULL, KEY, SECRET, put, rows
from tests.postgres import ENGINES, fresh_uri

DAYS = st.dates(date(1970, 1, 2), date(2100, 1, 1))
LIMITS = st.tuples(st.none() | DAYS, st.integers(1, 400) | st.none())
"""The first day, and how many days."""
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(
    str.strip
)
ODD = st.sampled_from(
    ["no", "null", "~", "1e3", "0x1f", "2026-01-31", "a: b", "# c", "'", '"', "<<", "=", "*x", "&y", "-"]
)
NAMES = ODD | TEXT
"""What YAML would take for something else, and anything at all."""
SLUGS = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,8}[a-z0-9])?", fullmatch=True)


def dated(key, texts):
    def said(text, limits):
        first, length = limits
        last = (first or date(2000, 1, 1)) + timedelta(length) if length else None
        days = {name: day for name, day in (("from", first), ("to", last)) if day}
        return {key: text, **days} if days else text

    return st.lists(st.builds(said, texts, LIMITS), max_size=3, unique_by=str)


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "any_branch": st.booleans(),
        "depth_days": st.integers(1, 10**6) | st.none(),
        "bot_patterns": st.lists(st.sampled_from(["ci@", r"bot\d+", "^x$"]), max_size=2),
        "default_branch": NAMES,
    },
)
CONFIGURATIONS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {
            "provider": st.just("local_git"),
            "sources": st.lists(
                st.sampled_from(["/srv/a", "/srv/ü b", "https://git.example.com/a.git", "git@h:x"]),
                min_size=1,
                unique=True,
            ),
        },
        optional={
            "discover": st.lists(
                st.sampled_from(["/nowhere/*.git", "/nowhere/**", "/nowhere/{a,b}/[cd]"]), unique=True
            ),
            "targets": st.lists(st.sampled_from(["git", "blame"]), min_size=1, unique=True),
            "options": OPTIONS,
            "credential": st.sampled_from(["", "env:TOKEN", "airflow:git_default"]),
            "schedule": st.sampled_from(["@daily", "0 4 * * 1-5"]),
            "paused": st.booleans(),
        },
    ),
    max_size=3,
)


@st.composite
def people(draw):
    """Identities whose aliases are nobody else's."""
    texts = draw(st.lists(NAMES, max_size=10, unique_by=normal_alias))
    found, place = {}, 0
    while place < len(texts):
        count = draw(st.integers(0, 2))
        extra = {"name": draw(st.none() | TEXT), "bot": draw(st.none() | st.booleans())}
        aliases = texts[place + 1 : place + 1 + count]
        found[texts[place]] = {**{key: one for key, one in extra.items() if one is not None}, "aliases": aliases}
        place += 1 + count
    return found


@st.composite
def groups(draw):
    """Teams of which each person is in one."""
    ids = draw(st.lists(NAMES.filter(lambda text: text.strip() != UNASSIGNED), max_size=3, unique_by=str.strip))
    members = draw(st.lists(NAMES, max_size=6, unique_by=normal_alias))
    globs = st.sampled_from(["acme/*", "**", "a/{b,c}/[de]?", "~x"])
    found = {}
    for place, team_id in enumerate(ids):
        own = [member for number, member in enumerate(members) if number % len(ids) == place]
        team = {
            "repositories": draw(dated("glob", globs).filter(_once)),
            "projects": draw(dated("key", NAMES).filter(_once)),
            "members": own,
        }
        name = draw(st.none() | TEXT)
        found[team_id] = team if name is None else {"name": name, **team}
    return found


def _once(listed):
    texts = [one if isinstance(one, str) else next(iter(one.values())) for one in listed]
    return len({text.strip() for text in texts}) == len(texts)


@st.composite
def organisations(draw):
    found = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "tier": st.sampled_from(["community", "team", "enterprise"]),
                "configurations": CONFIGURATIONS,
            },
        )
    )
    secrets = draw(
        st.lists(
            st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9._-]{0,4}[a-zA-Z0-9])?", fullmatch=True), unique=True, max_size=3
        )
    )
    found["credentials"] = {
        name: {"provider": "local_git", "fields": {"token": {"env": f"SECRET_{number}"}}}
        for number, name in enumerate(secrets)
    }
    found["identities"] = draw(people())
    found["teams"] = draw(groups())
    for team in list(found["teams"].values())[1:] if found["identities"] else ():
        team["members"] = []  # two of them could be one person
    return found


DOCUMENTS = st.fixed_dictionaries({"organisations": st.dictionaries(SLUGS, organisations(), min_size=1, max_size=2)})


def round_trip(settings: Settings, document: dict) -> None:
    """Apply a document, then what is exported: nothing changes, and nothing is written."""
    values = {f"SECRET_{number}": f"planted-{number}" for number in range(9)}
    put(settings, cleared(settings))
    put(settings, yaml.safe_dump(document), environ=values)
    assert put(settings, yaml.safe_dump(document), environ=values).changes == []
    before, text = rows(settings), export(settings)
    assert "planted" not in text
    variables = {}
    for slug, organisation in yaml.safe_load(text)["organisations"].items():
        for name, credential in (organisation.get("credentials") or {}).items():
            known_as = document["organisations"][slug]["credentials"][name]["fields"]["token"]["env"]
            variables[credential["fields"]["token"]["env"]] = values[known_as]
    assert put(settings, text, environ=variables).changes == []
    assert rows(settings) == before


def cleared(settings: Settings) -> str:
    """A document that empties every organisation there is."""
    nothing = {"credentials": {}, "configurations": {}, "identities": {}, "teams": {}}
    slugs = [one.slug for one in organizations.list_organizations(database.open_semantic(settings))]
    return yaml.safe_dump({"organisations": dict.fromkeys(slugs, nothing)})


@pytest.fixture(scope="module", params=ENGINES)
def shared(request, tmp_path_factory) -> Settings:
    """One database for all examples."""
    folder = tmp_path_factory.mktemp("export")
    settings = Settings(home=folder, semantic_uri=fresh_uri(request.param, folder), secret_key=KEY)
    database.upgrade(settings)
    return settings


@given(document=DOCUMENTS)
@examples(20)
def test_any_document_applied_and_exported_reads_back_to_no_change(shared, document):
    round_trip(shared, document)


def test_the_export_of_one_organisation_says_nothing_of_the_others(settings):
    put(settings, FULL + FULL.replace("organisations:", "").replace("acme", "beta"))
    text = export(settings, "acme")
    assert list(yaml.safe_load(text)["organisations"]) == ["acme"]
    assert "beta" not in text
    assert list(yaml.safe_load(export(settings))["organisations"]) == ["acme", "beta"]


def test_no_secret_is_exported_and_each_has_a_variable_of_its_own(settings):
    credential = "{provider: local_git, fields: {token: {env: TOKEN}}}"
    put(settings, f"organisations: {{a: {{credentials: {{b-c: {credential}, b.c: {credential}}}}}}}")
    text = export(settings)
    assert SECRET not in text
    found = yaml.safe_load(text)["organisations"]["a"]["credentials"]
    assert [one["fields"]["token"]["env"] for one in found.values()] == ["A_B_C_TOKEN", "A_B_C_TOKEN_2"]
    assert "before you apply this, set the variables" in text


def test_secrets_that_cannot_be_read_are_not_left_out_in_silence(settings):
    put(settings, FULL)
    with pytest.raises(SecretError, match="'git-host' of organisation 'acme'"):
        export(Settings(home=settings.home, semantic_uri=settings.semantic_uri))


def test_an_organisation_that_does_not_exist_is_not_exported(settings):
    database.upgrade(settings)
    with pytest.raises(UnknownName, match="'nobody' does not exist"):
        export(settings, "nobody")


def test_what_was_registered_is_exported_and_reads_back(settings):
    put(settings, "organisations: {acme: {}}")
    engine = database.open_semantic(settings)
    configurations.save(
        engine,
        org_id=organizations.organization_id(engine, "acme"),
        name="acme/shop",
        provider="local_git",
        sources=["/srv/shop"],
        targets=["git", "blame"],
        options={"depth_days": 90, "counts_any_branch": False},
    )
    text = export(settings)
    assert yaml.safe_load(text)["organisations"]["acme"]["configurations"] == {
        "acme/shop": {
            "provider": "local_git",
            "sources": ["/srv/shop"],
            "targets": ["blame", "git"],
            "options": {"depth_days": 90},
            "paused": False,
        }
    }
    assert put(settings, text).changes == []
