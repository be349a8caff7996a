"""Keys and credentials from the command line, with nothing but a semantic database."""

import json
import os
import pty
import subprocess

import pytest
from cryptography.fernet import Fernet

from devhealth.semantic import configurations, credentials, database, organizations
from devhealth.settings import Settings
from tests.cli.semantic_commands import command, environment, runner
from tests.postgres import ENGINES, fresh_uri

KEY, NEXT = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "pl4nted-s3cret"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture(params=ENGINES)
def uri(request, tmp_path):
    return fresh_uri(request.param, tmp_path)


@pytest.fixture
def engine(tmp_path, uri):
    engine = database.open_upgraded(Settings(home=tmp_path, semantic_uri=uri))
    organizations.create_organization(engine, "acme", "community")
    yield engine
    engine.dispose()


@pytest.fixture
def devhealth(tmp_path, uri, engine):
    run = runner(tmp_path, POSTGRES_URI=uri, DEVHEALTH_SECRET_KEY=KEY)

    def checked(*arguments, **given):
        done = run("--debug", *arguments, **given) if not given.get("status") else run(*arguments, **given)
        for secret in (SECRET, KEY, NEXT):
            assert secret not in done.stdout + done.stderr
        return done

    return checked


def fields(engine, key=KEY):
    (org,) = organizations.list_organizations(engine)
    return credentials.load(engine, key, org.org_id, "git-host").fields


def test_a_key_is_printed_that_can_be_used(devhealth):
    Fernet(devhealth("admin", "generate-key").stdout.strip())


def test_a_credential_is_stored_listed_and_deleted(devhealth, engine):
    assert "set-credential NAME --org acme" in devhealth("admin", "list-credentials", "--org", "acme").stdout
    done = devhealth("admin", "set-credential", "git-host", "--org", "acme", stdin=f" {SECRET} \n")
    assert done.stdout == "stored:git-host is stored for acme, encrypted: token\n"
    assert fields(engine) == {"token": SECRET}
    both = ("--field", "username", "--field", "token")
    devhealth("admin", "set-credential", "git-host", "--org", "acme", *both, stdin=f"ann\n{SECRET}")
    assert fields(engine) == {"username": "ann", "token": SECRET}
    assert "stored:git-host" in devhealth("admin", "list-credentials", "--org", "acme").stdout
    (listed,) = json.loads(devhealth("admin", "list-credentials", "--org", "acme", "--json").stdout)
    assert set(listed) == {"name", "provider", "created_at", "updated_at"}
    devhealth("admin", "delete-credential", "git-host", "--org", "acme")
    assert json.loads(devhealth("admin", "list-credentials", "--org", "acme", "--json").stdout) == []


def test_a_github_app_is_stored_with_all_lines_of_its_key(devhealth, engine, tmp_path):
    arguments = ("admin", "set-credential", "git-host", "--org", "acme", "--provider", "github")
    for names, stdin in {("app_id", "private_key"): f"7\n{PEM}", ("private_key", "app_id"): f"{PEM}7\n"}.items():
        given = (part for name in names for part in ("--field", name))
        devhealth(*arguments, *given, stdin=stdin)
        assert fields(engine) == {"app_id": "7", "private_key": PEM.strip()}
    refused = devhealth(*arguments, "--field", "app_id", stdin="7\n", status=2)
    assert "a credential of github needs 'token', or 'app_id' and 'private_key'." in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["--field", "tokne"], SECRET, "a credential of local_git has no field 'tokne'. It has: token, username."),
        (["--field", "username"], SECRET, "a credential of local_git needs 'token'."),
        (["--provider", "nowhere"], SECRET, "provider 'nowhere' is not known."),
        ([], "", "standard input holds 0 lines: expected one each for token."),
        ([], f"{SECRET}\n{SECRET}\n", "standard input holds 2 lines"),
        ([], f"{SECRET}\x01", "the field 'token' is empty, or holds a line break or another control character."),
        ([], "\n", "the field 'token' is empty"),
    ],
)
def test_what_cannot_be_a_credential_is_refused_in_one_sentence(devhealth, arguments, stdin, said):
    done = devhealth("admin", "set-credential", "git-host", "--org", "acme", *arguments, stdin=stdin, status=2)
    assert done.stderr.startswith(f"devhealth: {said}")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(devhealth("admin", "list-credentials", "--org", "acme", "--json").stdout) == []


def test_without_a_key_nothing_is_stored(devhealth):
    arguments = ("admin", "set-credential", "git-host", "--org", "acme")
    done = devhealth(*arguments, stdin=SECRET, status=2, DEVHEALTH_SECRET_KEY="")
    assert "DEVHEALTH_SECRET_KEY is not set. Set it to the key in use" in done.stderr
    assert "does not exist" in devhealth("admin", "set-credential", "x", "--org", "typo", stdin=SECRET, status=2).stderr


def test_a_credential_in_use_stays(devhealth, engine):
    devhealth("admin", "set-credential", "git-host", "--org", "acme", stdin=SECRET)
    (org,) = organizations.list_organizations(engine)
    used = {"name": "shop", "provider": "local_git", "sources": [], "targets": [], "options": {}}
    configurations.save(engine, org_id=org.org_id, credential="stored:git-host", **used)
    done = devhealth("admin", "delete-credential", "git-host", "--org", "acme", status=2)
    assert "is in use by shop." in done.stderr
    assert fields(engine) == {"token": SECRET}


def test_a_rotation_says_how_many_and_one_that_cannot_be_read_stops_it(devhealth, engine):
    devhealth("admin", "set-credential", "git-host", "--org", "acme", stdin=SECRET)
    refused = devhealth("admin", "rotate-key", status=2, DEVHEALTH_SECRET_KEY=NEXT)
    assert "credential 'git-host' of organisation 'acme' cannot be decrypted with the key" in refused.stderr
    done = devhealth("admin", "rotate-key", DEVHEALTH_SECRET_KEY=f"{NEXT} {KEY}")
    assert done.stdout == "1 credentials and 0 settings are encrypted with the first key\n"
    assert fields(engine, NEXT) == {"token": SECRET}
    again = devhealth("admin", "rotate-key", "--json", DEVHEALTH_SECRET_KEY=NEXT)
    assert json.loads(again.stdout) == {"credentials": 1, "settings": 0}


def test_a_secret_that_is_typed_is_not_shown(tmp_path, uri, engine):
    shown = typed(tmp_path, uri, [], {b"token": SECRET})
    assert SECRET.encode() not in shown
    assert fields(engine) == {"token": SECRET}


def test_a_private_key_is_asked_for_as_a_file(tmp_path, uri, engine):
    (tmp_path / "app.pem").write_text(PEM)
    app = ["--provider", "github", "--field", "app_id", "--field", "private_key"]
    shown = typed(tmp_path, uri, app, {b"app_id": "7", b"private_key, its file": str(tmp_path / "app.pem")})
    assert SECRET.encode() not in shown
    assert fields(engine) == {"app_id": "7", "private_key": PEM.strip()}


def typed(tmp_path, uri, arguments, answers):
    """What a terminal shows while somebody stores a credential and answers the prompts."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("admin", "set-credential", "git-host", "--org", "acme", *arguments),
        env=environment(tmp_path, POSTGRES_URI=uri, DEVHEALTH_SECRET_KEY=KEY),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    for asked, answer in answers.items():
        while asked + b": " not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, f"{answer}\n".encode())
    try:
        while part := os.read(ours, 1000):
            shown += part
    except OSError:  # Linux says so when the other end closes
        pass
    os.close(ours)
    assert process.wait() == 0, shown
    return shown
