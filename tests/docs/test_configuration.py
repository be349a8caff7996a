"""The example of the page on configuration."""

import re
from pathlib import Path

import yaml
from cryptography.fernet import Fernet
from msgspec import structs

from devhealth.pipelines import providers
from devhealth.pipelines.configuration import yaml_tree
from devhealth.pipelines.configuration.apply import apply
from devhealth.pipelines.configuration.document import SECTIONS, Organisation
from devhealth.pipelines.configuration.export import export
from devhealth.pipelines.configuration.read import read
from devhealth.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_applies_and_is_what_is_stored_then(tmp_path):
    settings = Settings(
        home=tmp_path, semantic_uri=f"sqlite:///{tmp_path / 's.db'}", secret_key=Fernet.generate_key().decode()
    )
    tree = yaml_tree.read(EXAMPLE.encode(), "example.yaml", tmp_path)
    environ = {"ACME_GIT_TOKEN": "x"}
    assert len(apply(settings, read(tree), tree, environ=environ).changes) == 6
    assert apply(settings, read(tree), tree, environ=environ).changes == []
    stored = yaml.safe_load(export(settings))["organisations"]["acme"]
    assert stored["teams"] == yaml.safe_load(EXAMPLE)["organisations"]["acme"]["teams"] | {
        "platform": stored["teams"]["platform"]
    }
    assert stored["configurations"]["shop"]["discover"] == ["/srv/git/*.git", "/srv/teams/**"]


def test_every_field_and_option_is_on_the_page():
    table = PAGE.partition("## Fields")[2]
    names = [one.encode_name for one in structs.fields(providers.options("local_git"))]
    names += [one.encode_name for kind in SECTIONS.values() for one in structs.fields(kind)]
    names += [one.encode_name for one in structs.fields(Organisation)]
    names += providers.sources("local_git").CREDENTIAL_FIELDS
    assert [name for name in names if not re.search(rf"[`.{{]{name}\b", table)] == []
