"""What can be typed: every `devhealth ...` that a message, a docstring or a page names, and no empty name."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from devhealth.cli.root import cli

ROOT = Path(__file__).parents[2]
PLACES = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
CODE = [path for folder in ("include", "plugins", "dags") for path in (ROOT / folder).rglob("*.py")]


def named():
    """Commands as they are written, each with its file; what is filled in stands as X."""
    for path in CODE:
        text = re.sub(r'"\s*\n\s*f?"', "", path.read_text())  # a sentence that goes on in the next line
        found = re.findall(r"`devhealth ([^`\n]+)`", text) + re.findall(r"^  devhealth ([^\n]+)", text, re.MULTILINE)
        yield from ((path, one) for one in found)
    for path in PLACES:
        text = path.read_text()
        blocks = "".join(re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL))
        found = re.findall(r"`devhealth ([^`]+)`", text) + re.findall(r"^devhealth ([^\n]+)", blocks, re.MULTILINE)
        yield from ((path, one) for one in found)


def words_of(written):
    """The arguments: without what a shell takes for itself, a comment, or an explanation."""
    plain = re.sub(r"\{[^}]*\}", "X", " ".join(written.split()))
    plain = re.split(r" \(| [<>]|>|\s[|#]\s|\s#|\.\.\.", plain)[0]
    return shlex.split(plain)


def trouble(words):
    """Why the command line would refuse them; empty when it would not."""
    command, context = cli, click.Context(cli, info_name="devhealth")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        for name in words[0].split("|") if words[0] != "X" else list(command.commands)[:1]:
            below = command.get_command(context, name)
            if below is None:
                return f"there is no {name!r} in {context.command_path}"
        command, context, words = below, click.Context(below, info_name=name, parent=context), words[1:]
    if isinstance(command, click.Group) or not words:  # it is only mentioned
        return "" if not words or words == ["--help"] else f"{words} after a group"
    parser = command.make_parser(context)
    try:
        given, left, _ = parser.parse_args(list(words))
    except click.UsageError as error:
        return str(error)
    lacking = [one.opts[0] for one in command.params if one.required and given.get(one.name) is None]
    return f"left over: {left}" if left else f"lacking: {lacking}" if lacking else ""


@pytest.mark.parametrize("path", sorted({path for path, _ in named()}), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_can_be_typed(path):
    found = {one: trouble(words_of(one)) for where, one in named() if where == path}
    assert not {one: why for one, why in found.items() if why}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("sync gti", "there is no 'gti'"),
        ("sync git --orgs acme", "No such option"),
        ("config resume shop", "lacking: ['--org']"),
        ("status acme", "left over: ['acme']"),
        ("backfill run --job", "requires an argument"),
        ("sync git|issues", "there is no 'issues'"),
    ],
)
def test_a_command_that_cannot_be_typed_is_noticed(written, why):
    assert why in trouble(words_of(written))


def commands(command=cli, words=()):
    """Each command that does something, with the words that lead to it."""
    if not isinstance(command, click.Group):
        yield [*words], command
    for name, one in command.commands.items() if isinstance(command, click.Group) else ():
        yield from commands(one, [*words, name])


@pytest.mark.parametrize(
    ("words", "command"), commands(), ids=lambda one: "-".join(one) if one.__class__ is list else ""
)
def test_a_text_that_is_given_and_empty_is_refused(words, command, tmp_path):
    """A script whose variable is not set must not ask for everything."""
    for parameter in command.params:
        for given in ("", " ") if parameter.type is click.STRING else ():
            arguments = [*words]
            for one in command.params:
                value = given if one is parameter else "x"
                if one is parameter or one.required:
                    arguments += [one.opts[0], value] if isinstance(one, click.Option) else [value]
            found = CliRunner().invoke(cli, arguments, env={"DEVHEALTH_HOME": str(tmp_path)})
            assert (found.exit_code, "it is empty. Give one" in found.output) == (2, True), found.output
    assert not list(tmp_path.iterdir())
