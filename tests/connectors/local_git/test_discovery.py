"""Rules against real folders and repositories."""

import logging
import os
import subprocess
from pathlib import Path

import pytest

from devhealth.connectors.local_git.discovery import check, discover, rule_of
from devhealth.errors import InputError
from devhealth.settings import Settings


def repository(path: Path, *options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", *options, str(path)], check=True)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Worktrees, bare repositories, one repository within another, and folders that are none."""
    repository(tmp_path / "shop")
    repository(tmp_path / "shop" / "vendor" / "inner")
    repository(tmp_path / "api.git", "--bare")
    repository(tmp_path / "team" / "deep" / "docs")
    repository(tmp_path / "team" / "web.git", "--bare")
    repository(tmp_path / ".hidden" / "secret")
    (tmp_path / "plain").mkdir()
    (tmp_path / "file.git").write_text("no folder")
    return tmp_path


def found(folder: Path, rule: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in discover(f"{folder}/{rule}", {}, Settings(home=folder))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("*", ["api.git", "shop"]),
        ("*.git", ["api.git"]),
        ("**", ["api.git", "shop", "team/deep/docs", "team/web.git"]),
        ("**/*", ["api.git", "shop", "team/deep/docs", "team/web.git"]),
        ("**/*.git", ["api.git", "team/web.git"]),
        ("team/**", ["team/deep/docs", "team/web.git"]),
        ("*/*", ["team/web.git"]),
        ("t*/**/docs", ["team/deep/docs"]),
        ("{shop,api.git}", ["api.git", "shop"]),
        ("[s]hop/", ["shop"]),
        ("shop", ["shop"]),
        ("shop/**", ["shop"]),
        ("shop/vendor/*", ["shop/vendor/inner"]),
        (".hidden/*", [".hidden/secret"]),
        ("plain/*", []),
        ("nowhere/*", []),
        ("SHOP", []),
    ],
)
def test_worktrees_and_bare_repositories_are_found_and_not_looked_into(folder, rule, expected):
    assert found(folder, rule) == expected


def test_what_two_links_lead_to_is_found_once_and_deep_globs_follow_none(folder):
    (folder / "link").symlink_to(folder / "shop")
    (folder / "loop").symlink_to(folder)
    assert found(folder, "[ls]*") == ["shop"]
    assert found(folder, "**") == ["api.git", "shop", "team/deep/docs", "team/web.git"]


def test_a_linked_worktree_is_found(folder):
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"]
    subprocess.run(["git", *commit], cwd=folder / "shop", check=True)
    subprocess.run(
        ["git", "worktree", "add", "-q", folder / "wt"], cwd=folder / "shop", check=True, capture_output=True
    )
    assert found(folder, "w*") == ["wt"]


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(folder, monkeypatch, caplog):
    scandir = os.scandir

    def forbidden(path):
        if Path(path).name == "team":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidden)  # the permissions of a real folder do not bind root
    with caplog.at_level(logging.WARNING):
        assert found(folder, "**") == ["api.git", "shop"]
    assert f"{folder / 'team'} cannot be looked into: Permission denied" in caplog.text


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("srv/*", "does not begin at the root"),
        ("/srv/../etc/*", r"goes up with `\.\.`"),
        ("/srv/{a/b,c}", "without its"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(rule, message):
    with pytest.raises(InputError, match=message):
        check(rule)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("../git/*", "/srv/git/*"),
        ("repos/../git/**", "/srv/conf/git/**"),
        ("/srv/../etc/*", "/etc/*"),
        ("../../../*", "/*"),
        ("./a*", "/srv/conf/a*"),
    ],
)
def test_a_glob_may_go_up_before_its_first_wildcard(text, expected):
    assert rule_of(text, Path("/srv/conf")) == expected


def test_a_glob_that_goes_up_behind_a_wildcard_is_refused():
    with pytest.raises(InputError, match=r"goes up with `\.\.` behind a wildcard"):
        rule_of("*/../x", Path("/srv/conf"))
