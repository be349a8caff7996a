"""The page on GitHub: its example applies, its commands are there, and it leaves nothing out."""

import re
from pathlib import Path

from cryptography.fernet import Fernet
from msgspec import structs

from devhealth.cli.sync import sync
from devhealth.connectors.github import discovery
from devhealth.pipelines import providers
from devhealth.pipelines.configuration import yaml_tree
from devhealth.pipelines.configuration.apply import apply
from devhealth.pipelines.configuration.read import read
from devhealth.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "providers" / "github.md").read_text()
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_applies(tmp_path):
    settings = Settings(
        home=tmp_path, semantic_uri=f"sqlite:///{tmp_path / 's.db'}", secret_key=Fernet.generate_key().decode()
    )
    tree = yaml_tree.read(EXAMPLE.encode(), "example.yaml", tmp_path)
    assert len(apply(settings, read(tree), tree, environ={"ACME_GITHUB_TOKEN": "a-token-of-acme"}).changes) == 3


def test_every_option_field_target_and_rule_is_on_the_page():
    names = [one.encode_name for one in structs.fields(providers.options("github"))]
    names += providers.sources("github").CREDENTIAL_FIELDS
    names += providers.targets("github")
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    for rule in re.findall(r"`((?:org|user|team|topic):[\w/-]+)`", PAGE):
        assert discovery.rule_of(rule, Path()) == rule


def test_every_target_has_its_command():
    (targets,) = re.findall(r"devhealth sync ([\w|-]+) --provider github", PAGE)
    assert sorted(targets.split("|")) == sorted(providers.targets("github"))
    assert set(targets.split("|")) <= set(sync.commands)
