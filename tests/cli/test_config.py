"""`devhealth config` and `devhealth sync teams`, as a person runs them: nothing but the semantic database."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from rich.console import Console

from devhealth.cli.config_page import diff, summary
from devhealth.pipelines.configuration.compare import Change, FieldChange

INCLUDE = Path(__file__).parents[2] / "include"
SECRET = "planted-in-a-variable"
FILE = """
organisations:
  acme:
    credentials: {git-host: {provider: local_git, fields: {token: {env: TOKEN}}}}
    configurations: {shop: {provider: local_git, sources: [shop], targets: [git], credential: stored:git-host}}
    identities: {ada: {aliases: [ada@home.example]}}
    teams: {core: {members: [ada]}}
"""


@pytest.fixture
def devhealth(tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(INCLUDE),
        "DEVHEALTH_HOME": str(tmp_path / "home"),
        "DEVHEALTH_SECRET_KEY": Fernet.generate_key().decode(),
        "TOKEN": SECRET,
    }

    def run(*arguments, status=0, text=None):
        command = [sys.executable, "-m", "devhealth.cli", *map(str, arguments)]
        ended = subprocess.run(
            command, env=environ, cwd=tmp_path, input=text or "", capture_output=True, text=True, check=False
        )
        assert ended.returncode == status, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        assert SECRET not in ended.stdout + ended.stderr
        assert not (tmp_path / "home" / "warehouse").exists()
        return ended

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "org.yaml"
    path.write_text(FILE)
    return path


def test_a_file_is_shown_applied_and_then_nothing_changes(devhealth, file):
    dry = devhealth("config", "apply", file, "--dry-run").stdout
    assert "+ configuration shop" in dry
    assert f"{file.parent}/shop" in dry.replace("\n", "").replace(" ", "")
    assert "5 added, 0 changed, 0 removed." in dry
    assert "Nothing is stored" in dry
    applied = devhealth("config", "apply", "org.yaml").stdout
    assert applied.startswith(dry.partition("Nothing is stored")[0])
    assert "Applied.\nNote: ClickHouse does not run now" in applied
    assert devhealth("config", "apply", file).stdout == "Nothing changes: everything is as the file says.\n"


def test_scripts_get_the_changes_as_data(devhealth, file):
    dry = json.loads(devhealth("config", "apply", file, "--json", "--dry-run").stdout)
    assert (len(dry["changes"]), dry["applied"]) == (5, False)
    applied = json.loads(devhealth("config", "apply", file, "--json").stdout)
    assert (applied["changes"], applied["applied"]) == (dry["changes"], True)
    assert json.loads(devhealth("config", "apply", file, "--json").stdout) == {
        "changes": [],
        "applied": False,
        "warnings": [],
        "note": None,
    }


def test_what_is_exported_is_read_from_standard_input(devhealth, file):
    devhealth("config", "apply", file)
    exported = devhealth("config", "export", "--org", "acme").stdout.replace("ACME_GIT_HOST_TOKEN", "TOKEN")
    assert devhealth("config", "apply", "-", text=exported).stdout.startswith("Nothing changes")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("organisations: {acme: {tier: gold}}", "bad.yaml:1: acme.tier: tier 'gold' does not exist"),
        ("organisations: {acme: {\n", "bad.yaml:2: no YAML"),
        (FILE.replace("TOKEN", "NOWHERE"), "bad.yaml:4: acme.credentials.git-host.fields.token.env: the environment"),
    ],
)
def test_bad_input_is_status_2_with_file_and_line(devhealth, tmp_path, text, message):
    (tmp_path / "bad.yaml").write_text(text)
    ended = devhealth("config", "apply", "bad.yaml", status=2)
    assert ended.stderr.startswith(f"devhealth: {message}")
    assert ended.stdout == ""


def test_a_configuration_is_paused_and_resumed(devhealth, file):
    devhealth("config", "apply", file)
    assert devhealth("config", "pause", "shop", "--org", "acme").stdout == "shop of acme is paused\n"
    assert devhealth("config", "pause", "shop", "--org", "acme").stdout == "shop of acme was paused\n"
    assert devhealth("config", "apply", file).stdout.startswith("Nothing changes")
    assert json.loads(devhealth("config", "resume", "shop", "--org", "acme", "--json").stdout)["changed"]
    assert "'typo'. There are: shop" in devhealth("config", "pause", "typo", "--org", "acme", status=2).stderr


def test_sync_teams_takes_people_and_leaves_the_rest(devhealth, file, tmp_path):
    assert "'acme' does not exist" in devhealth("sync", "teams", "--file", file, "--org", "acme", status=2).stderr
    devhealth("config", "apply", "-", text="organisations: {acme: {}, beta: {}}")
    said = devhealth("sync", "teams", "--file", file, "--org", "acme").stdout
    assert "+ team core" in said
    assert "2 added, 0 changed, 0 removed." in said
    assert (
        "says nothing of organisation 'beta'"
        in devhealth("sync", "teams", "--file", file, "--org", "beta", status=2).stderr
    )
    part = "teams:\n  core: {members: [ada, ada]}\n"
    ended = devhealth("sync", "teams", "--file", "-", "--org", "beta", status=2, text=part)
    assert ended.stderr.startswith("devhealth: standard input:2: beta.teams.core.members item 2: 'ada' is listed twice")
    assert "+ team core" in devhealth("sync", "teams", "--file", "-", "--org", "beta", text="teams: {core: {}}").stdout


def test_every_command_has_an_example(devhealth):
    for command in (["config", "apply"], ["config", "export"], ["config", "pause"], ["sync", "teams"]):
        assert f"devhealth {' '.join(command)} " in devhealth(*command, "--help").stdout.partition("Example")[2]


CHANGES = [
    Change("acme", "credentials", "git-host", "change", [FieldChange("fields.token", None, "(secret, changed)")]),
    Change(
        "acme",
        "configurations",
        "shop\x1b[31m",
        "change",
        [
            FieldChange("sources", ["/a", "/b"], ["/b", f"https://git.example.com/{'long' * 30}"]),
            FieldChange("discover", ["/a", "/b"], ["/b", "/a"]),
            FieldChange("options.depth_days", 365, None),
            FieldChange("paused", old=False, new=True),
        ],
    ),
    Change("beta", "teams", "core", "remove", []),
    Change("beta", "teams", "edge", "add", [FieldChange("members", None, ["ada", "bob"])]),
]


@pytest.mark.parametrize("width", [80, 100])
def test_a_diff_fits_its_terminal_and_loses_nothing(width):
    console = Console(width=width, force_terminal=True, color_system="standard", highlight=False)
    with console.capture() as capture:
        console.print(diff(CHANGES))
    coloured = capture.get()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert max(map(len, plain.splitlines())) <= width
    assert "\x1b" not in plain
    flat = re.sub(r"\s+", "", plain)
    assert "long" * 30 in flat
    for said in ("sources-/a+https:", "inthisorder:/b,/a", "365->nothing", "false->true", "(secret,changed)"):
        assert said in flat
    for colour, said in ((33, "~ credential git-host"), (31, "- team core"), (32, "+ team edge")):
        assert f"\x1b[{colour}m{said}" in coloured


def test_the_changes_are_counted():
    assert summary(CHANGES) == "1 added, 2 changed, 1 removed"
