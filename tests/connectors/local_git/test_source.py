"""Who a path or clone URL stands for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devhealth.connectors.local_git import credentials, discovery, remote_url, source
from devhealth.errors import InputError, SourceForbidden, SourceNotFound
from devhealth.models.source import SourceIdentity
from tests.connectors.local_git.small_git import commit, git, repository, settings_in


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "shop")
    commit(folder, {"src/a.txt": b"a\n"})
    return folder


@pytest.mark.parametrize(
    ("url", "alias", "location"),
    [
        ("https://github.com/acme/shop.git", "github.com/acme/shop", "https://github.com/acme/shop.git"),
        ("https://GitHub.com/Acme/Shop", "github.com/acme/shop", "https://GitHub.com/Acme/Shop"),
        ("https://ann:s3cret@github.com:443/acme/shop/", "github.com/acme/shop", "https://github.com:443/acme/shop/"),
        ("https://s3cret@github.com/acme/shop", "github.com/acme/shop", "https://github.com/acme/shop"),
        ("git@github.com:acme/shop.git", "github.com/acme/shop", "git@github.com:acme/shop.git"),
        ("ssh://git@github.com:22/acme/shop", "github.com/acme/shop", "ssh://git@github.com:22/acme/shop"),
        ("ssh://git:s3cret@host.org/Acme/Shop", "host.org/Acme/Shop", "ssh://git@host.org/Acme/Shop"),
        ("ssh://git@ssh.github.com:443/acme/shop", "github.com/acme/shop", "ssh://git@ssh.github.com:443/acme/shop"),
        ("https://host.org:8443/a/b/c.git", "host.org:8443/a/b/c", "https://host.org:8443/a/b/c.git"),
        ("https://ann:a#b?c@host.org/x", "host.org/x", "https://host.org/x"),
    ],
)
def test_every_spelling_of_a_url_has_one_alias_and_no_secret(url: str, alias: str, location: str) -> None:
    parsed = remote_url.parse(url)
    assert parsed is not None
    assert (parsed.alias, parsed.location) == (alias, location)
    assert "s3cret" not in repr(parsed)


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% x", "ftp://ann:s3cret@host/x", "https://ann:s3/cret@host/x", "https://"]
)
def test_a_url_git_cannot_be_given_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound) as caught:
        source.resolve(url, settings_in(tmp_path))
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        "--upload-pack=true:;touch F;true",
        "--upload-pack=touch F",
        "-x:path",
        "git@-oProxyCommand=touch F:path",
        "host:--upload-pack=touch F",
        "ssh://-oProxyCommand=touch F/path",
        "ssh://git@-oProxyCommand=touch F/path",
        "ssh://-oProxyCommand=touch F@host/path",
        "fd::17",
        "evil::x",
        "EVIL::https://host/path",
        "ext::touch F",
        "host::path",
        "https://host/a\0b",
    ],
)
def test_no_source_reaches_git_as_an_option_or_a_program(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "bin" / "git-remote-evil"
    helper.parent.mkdir()
    helper.write_text(f"#!/bin/sh\ntouch {tmp_path}/F\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(helper.parent), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    settings = settings_in(tmp_path)
    for reached in (
        lambda: source.resolve(location, settings),
        lambda: source.open_source(location, settings),  # as it may stand in the database already
        lambda: discovery.location_of(location, tmp_path),
    ):
        with pytest.raises(
            (SourceNotFound, InputError), match=r"neither a path nor a clone URL|cannot read the clone URL"
        ):
            reached()
    assert not (tmp_path / "F").exists()
    assert not list(tmp_path.glob("mirrors/*.part"))


def test_git_itself_may_use_the_known_transports_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a setting of the user rewrites a URL to another one."""
    (tmp_path / ".gitconfig").write_text(
        f'[url "ext::touch {tmp_path}/F"]\n\tinsteadOf = https://host.invalid/\n[protocol]\n\tallow = always\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext")
    with pytest.raises(SourceNotFound, match="transport 'ext' not allowed"):
        source.resolve("https://host.invalid/shop", settings_in(tmp_path / "home"))
    assert not (tmp_path / "F").exists()


def test_all_ways_into_a_worktree_are_one_repository(shop: Path, tmp_path: Path) -> None:
    git(shop, "worktree", "add", "--quiet", "--detach", "../linked")
    (tmp_path / "link").symlink_to(shop)
    found = [
        source.resolve(str(path), settings_in(tmp_path))
        for path in (shop, shop / "src", shop / ".git", tmp_path / "linked", tmp_path / "link" / "src")
    ]
    assert {(one.provider_host, one.provider_id, one.name, one.aliases) for one in found} == {
        ("local", str(shop), "shop", (str(shop),))
    }
    assert [one.location for one in found] == [str(shop)] * 3 + [str(tmp_path / "linked"), str(shop)]


def test_a_bare_repository_is_named_without_its_suffix(shop: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(shop), "bare.git")
    git(tmp_path / "bare.git", "remote", "remove", "origin")
    found = source.resolve(str(tmp_path / "bare.git" / "refs"), settings_in(tmp_path))
    assert (found.location, found.name) == (str(tmp_path / "bare.git"), "bare")


@pytest.mark.parametrize("url", ["https://ann:s3cret@GitHub.com/acme/shop.git", "git@github.com:acme/shop"])
def test_a_clone_is_who_its_origin_is(shop: Path, tmp_path: Path, url: str) -> None:
    git(shop, "remote", "add", "origin", url)
    found = source.resolve(str(shop), settings_in(tmp_path))
    assert found == SourceIdentity("github.com", "acme/shop", "acme/shop", str(shop), ("github.com/acme/shop",))


def test_a_clone_of_a_folder_is_that_folder(shop: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "shop", "copy")
    git(tmp_path / "copy", "remote", "set-url", "origin", "../shop/.git")
    by_url = source.resolve(f"file://{shop}", settings_in(tmp_path / "home"))
    assert source.resolve(str(tmp_path / "copy"), settings_in(tmp_path)).aliases == by_url.aliases == (str(shop),)


def test_an_empty_repository_has_an_identity(tmp_path: Path) -> None:
    found = source.resolve(str(repository(tmp_path / "new")), settings_in(tmp_path))
    assert (found.name, found.provider_id) == ("new", str(tmp_path / "new"))


def test_a_folder_name_may_hold_newlines_colons_and_letters_of_any_script(tmp_path: Path) -> None:
    folder = repository(tmp_path / "a:b\nc日本" / "x")
    (folder / "deep").mkdir()
    assert source.resolve(str(folder / "deep"), settings_in(tmp_path)).location == str(folder)


@pytest.mark.parametrize(
    ("name", "says"),
    [("absent", "there is nothing at"), ("file", "is a file"), ("folder", "is not a git repository")],
)
def test_what_is_no_repository_is_said_in_a_sentence(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceNotFound, match=says):
        source.resolve(str(tmp_path / name), settings_in(tmp_path))


def _as_nobody(call: Callable[[], object], told: Path) -> None:
    """Run the call as a user who is not root, and note the SourceForbidden it raises."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            call()
        except SourceForbidden as error:
            print(error, file=told.open("a"), flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_folder_without_permission_is_forbidden(shop: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == Path.home().owner() and "pytest" in str(folder):
            folder.chmod(0o755)
    told = tmp_path / "told"
    told.touch()
    told.chmod(0o666)
    shop.chmod(0)
    for path in (shop, shop / ".git"):
        _as_nobody(lambda path=path: source.resolve(str(path), settings_in(tmp_path)), told)
    shop.chmod(0o755)
    assert told.read_text().count("Grant this user read access.") == 2


def test_ssh_never_asks_on_the_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GIT_SSH", "GIT_SSH_COMMAND", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    remote = remote_url.parse("git@host.org:a/b")
    assert remote is not None
    assert "BatchMode=yes" in credentials.environment(remote, settings_in(tmp_path))["GIT_SSH_COMMAND"]
    (tmp_path / ".gitconfig").write_text("[core]\n\tsshCommand = ssh -i key\n")
    assert credentials.environment(remote, settings_in(tmp_path)) == {}


def test_a_path_that_is_not_utf_8_is_refused_in_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    odd = repository(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")))
    commit(odd, {"a.txt": b"a\n"})
    (tmp_path / "link").symlink_to(odd)
    for path in (odd, tmp_path / "link"):
        with pytest.raises(SourceNotFound, match=r"caf\\xe9' is not UTF-8, so it cannot be stored. Rename"):
            source.resolve(str(path), settings_in(tmp_path / "home"))
    git(tmp_path, "clone", "--quiet", str(odd), "shop")
    found = source.resolve(str(tmp_path / "shop"), settings_in(tmp_path / "home"))
    assert "".join((*found.aliases, found.provider_id, found.name)).encode()
    assert list(discovery.discover(f"{tmp_path}/*", {}, settings_in(tmp_path / "home"))) == [str(tmp_path / "shop")]
    assert "It is left out" in caplog.text
