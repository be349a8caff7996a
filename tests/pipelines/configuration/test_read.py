"""From YAML to a document: each field known and of its type."""

from pathlib import Path

import pytest

from devhealth.errors import InputError
from devhealth.pipelines.configuration import yaml_tree
from devhealth.pipelines.configuration.document import Document, Identity, Organisation
from devhealth.pipelines.configuration.read import read, what_can_be_read
from tests.pipelines.configuration.conftest import FULL


def document(text: str) -> Document:
    return read(yaml_tree.read(text.encode(), "a.yaml", Path("/srv")))


def test_every_field_of_the_format_is_read():
    acme = document(FULL).organisations["acme"]
    assert acme.tier == "team"
    assert acme.credentials["git-host"].fields["token"].env == "TOKEN"
    assert acme.configurations["shop"].options["any_branch"] is True
    assert acme.teams["platform"].members[1].identity == "bob@example.org"
    assert str(acme.teams["platform"].repositories[1].valid_to) == "2026-01-01"


def test_an_absent_section_is_not_an_empty_one_and_an_empty_item_is_one():
    found = document("organisations: {a: , b: {identities: {ada: }, teams: {}}}").organisations
    assert found["a"] == Organisation()
    assert found["b"] == Organisation(identities={"ada": Identity()}, teams={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", r"a\.yaml:1: expected a mapping, got a list\."),
        ("{}", r"a\.yaml:1: `organisations` is missing: add it\."),
        ("organizations: {}", r"a\.yaml:1: organizations: this field is not known: did you mean organisations\."),
        ("organisations: [acme]", r"a\.yaml:1: organisations: expected a mapping, got a list"),
        ("organisations:\n  acme: 3", r"a\.yaml:2: acme: expected a mapping, got a whole number"),
    ],
)
def test_what_is_no_document_is_said(text, message):
    with pytest.raises(InputError, match=message):
        document(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("teir: x", "2: acme.teir: this field is not known: did you mean tier."),
        ("zebra: x", "2: acme.zebra: this field is not known: expected tier, credentials, configurations, "),
        ("tier: 5", "2: acme.tier: expected text, got a whole number: put it in quotes."),
        ("tier: no", "2: acme.tier: expected text, got true or false: put it in quotes."),
        ("teams: ", "2: acme.teams: is empty: write {} to remove everything, or leave the line out"),
        ("teams: [a]", "2: acme.teams: expected a mapping, got a list."),
        ("credentials: {g: {provider: p}}", "2: acme.credentials.g: `fields` is missing"),
        ("credentials: {g: {provider: p, fields: {t: {enf: X}}}}", "g.fields.t.enf: this field is not known: did you"),
        ("configurations: {s: {}}", "2: acme.configurations.s: `provider` is missing: add it."),
        ("configurations: {s: {provider: ''}}", "2: acme.configurations.s.provider: is empty."),
        ("configurations: {s: {provider: p, source: [x]}}", "s.source: this field is not known: did you mean sources."),
        ("configurations: {s: {provider: p, sources: x}}", "s.sources: expected a list, got text."),
        ("configurations: {s: {provider: p, sources: [a, 1]}}", "s.sources item 2: expected text, got a whole number"),
        ("configurations: {s: {provider: p, paused: maybe}}", "s.paused: expected true or false, got text."),
        ("identities: {a: {bot: 1}}", "2: acme.identities.a.bot: expected true or false, got a whole number."),
        ("identities: {a: {alias: [x]}}", "identities.a.alias: this field is not known: did you mean aliases."),
        (
            "teams: {t: {members: [a, {identity: b, form: 2025-01-01}]}}",
            "t.members item 2.form: this field is not know",
        ),
        ("teams: {t: {members: [{identity: b, from: 2025-13-01}]}}", "item 1.from: expected a day such as 2026-01-31."),
        ("teams: {t: {members: [{identity: b, to: 2025-02-30}]}}", "item 1.to: expected a day such as 2026-01-31."),
        ("teams: {t: {members: [{identity: b, to: 20250230}]}}", "item 1.to: expected a day such as 2026-01-31, got a"),
        ("teams: {t: {projects: [NO]}}", "t.projects item 1: expected text or a mapping, got true or false: put it in"),
        ("teams: {t: {repositories: [{from: 2025-01-01}]}}", "t.repositories item 1: `glob` is missing"),
    ],
)
def test_each_trouble_is_one_sentence_with_file_line_and_place(text, message):
    with pytest.raises(InputError) as error:
        document(f"organisations:\n  acme: {{{text}}}")
    said = str(error.value)
    assert said.startswith("a.yaml:2: ")
    assert message.removeprefix("2: ") in said
    assert len(said.splitlines()) == 1


def test_all_troubles_are_told_at_once_in_the_order_of_the_file():
    text = (
        "organisations:\n  b: {tier: 1}\n  a:\n    identities:\n      x: {bot: 1}\n      y: {nam: z}\n  c: {teirs: 1}"
    )
    with pytest.raises(InputError) as error:
        document(text)
    assert [line.split(":")[1] for line in str(error.value).splitlines()] == ["2", "5", "6", "7"]


def test_a_secret_in_the_file_is_refused_and_not_repeated():
    text = "organisations: {acme: {credentials: {g: {provider: p, fields: {token: planted, user: [planted]}}}}}"
    with pytest.raises(
        InputError, match=r"fields\.token: secrets do not stand in files: write \{env: VARIABLE\}"
    ) as error:
        document(text)
    assert "planted" not in str(error.value)


def test_every_mistake_of_an_item_is_told_and_what_is_right_is_read():
    text = """
organisations:
  acme:
    teir: team
    configurations:
      shop: {source: [x], provider: local_git, sources: [a, 1, b, 2], paused: maybe, targets: [git]}
      site: {provider: 5, sources: [a]}
    teams:
      core: {nam: x, members: [ada, {identity: 3, from: soon}, bob]}
"""
    found, problems = what_can_be_read(yaml_tree.read(text.encode(), "a.yaml", Path("/srv")))
    assert sorted(".".join(map(str, one.path[2:])) for one in problems) == [
        "configurations.shop.paused",
        "configurations.shop.source",
        "configurations.shop.sources.1",
        "configurations.shop.sources.3",
        "configurations.site.provider",
        "teams.core.members.1.from",
        "teams.core.members.1.identity",
        "teams.core.nam",
        "teir",
    ]
    acme = found.organisations["acme"]
    assert (acme.configurations["shop"].sources, acme.teams["core"].members) == (["a", "b"], ["ada", "bob"])


def test_what_stands_twice_is_told_beside_what_is_not_known():
    text = b"organisations:\n  acme: {tier: team, tier: team, teir: x}"
    _, problems = what_can_be_read(yaml_tree.read(text, "a.yaml", Path("/srv"), keeps_problems=True))
    assert [one.text[:18] for one in problems] == ["'tier' stands here", "this field is not "]


@pytest.mark.parametrize(
    "named", ["../organisations.yaml", "sub/../../organisations.yaml", "link/../organisations.yaml"]
)
def test_paths_start_at_the_folder_of_the_file_whatever_leads_there(tmp_path, monkeypatch, named):
    (tmp_path / "below" / "sub").mkdir(parents=True)
    (tmp_path / "below" / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "elsewhere"):
        (folder / "organisations.yaml").write_text("organisations: {}")
    monkeypatch.chdir(tmp_path / "below")
    found = yaml_tree.read_file(Path(named))
    assert found.folder == (tmp_path / "elsewhere" if named.startswith("link") else tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    assert yaml_tree.read_file(Path("~/organisations.yaml")).folder == tmp_path / "elsewhere"


def test_a_file_in_a_folder_that_is_a_link_keeps_the_name_it_was_given(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_text("organisations: {}")
    (tmp_path / "link").symlink_to("real")
    assert yaml_tree.read_file(tmp_path / "link" / "a.yaml").folder == tmp_path / "link"
