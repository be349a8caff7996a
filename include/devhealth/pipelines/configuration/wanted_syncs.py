"""Sync configurations of a document, checked against what their providers can do."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as Folder

from msgspec import structs

from devhealth.errors import DevhealthError, InputError
from devhealth.models.credential import STORED, taken_apart
from devhealth.pipelines import providers
from devhealth.pipelines.configuration import schedule
from devhealth.pipelines.configuration.document import Configuration
from devhealth.pipelines.configuration.problems import Key, Problem
from devhealth.pipelines.configuration.read import convert
from devhealth.pipelines.configuration.state import Configured, said
from devhealth.semantic.configurations import Option

Path = tuple[Key, ...]


def configurations(
    path: Path,
    section: Mapping[str, Configuration] | None,
    credentials: frozenset[str],
    folder: Folder,
    problems: list[Problem],
) -> dict[str, Configured] | None:
    """The configurations of an organisation; `credentials` are the names of those it will have stored.

    Relative paths start at the folder.
    """
    if section is None:
        return None
    path = (*path, "configurations")
    return {name: _configured((*path, name), name, one, credentials, folder, problems) for name, one in section.items()}


def _configured(
    path: Path, name: str, one: Configuration, credentials: frozenset[str], folder: Folder, problems: list[Problem]
) -> Configured:
    problems += [Problem(path, "the name is empty")] if not name.strip() else []
    _check_credential((*path, "credential"), one.credential or "", credentials, problems)
    if one.schedule and (trouble := schedule.trouble(one.schedule)):
        problems.append(Problem((*path, "schedule"), trouble))
    if not one.sources and not one.discover:
        problems.append(Problem(path, "names no source: add `sources` or `discover`"))
    try:
        known = providers.targets(one.provider)
    except InputError as error:
        problems.append(Problem((*path, "provider"), _sentence(error)))
        return Configured(one.provider)
    for place, target in enumerate(one.targets or ()):
        if target not in known:
            text = f"{one.provider} has no target {target!r}. It has: {', '.join(known)}"
            problems.append(Problem((*path, "targets", place), text))
    if one.targets == []:
        problems.append(Problem((*path, "targets"), f"is empty: name {' or '.join(known)}, or leave it out for all"))
    spelling = providers.discovery(one.provider)
    return Configured(
        provider=one.provider,
        sources=_each((*path, "sources"), one.sources, lambda text: spelling.location_of(text, folder), problems),
        discover=_each((*path, "discover"), one.discover, lambda text: spelling.rule_of(text, folder), problems),
        targets=tuple(sorted(_each((*path, "targets"), known if one.targets is None else one.targets, str, problems))),
        options=_options((*path, "options"), one, problems),
        credential=one.credential or "",
        schedule=one.schedule or "",
        paused=one.paused,
    )


def _each(path: Path, texts: Sequence[str], kept: Callable[[str], str], problems: list[Problem]) -> tuple[str, ...]:
    """The texts as they are kept; those that cannot be, and those that are there already, are noted."""
    found: dict[str, str] = {}
    for place, text in enumerate(texts):
        try:
            if (one := kept(text)) in found:
                problems.append(Problem((*path, place), f"{text!r} stands here twice: keep one"))
            found[one] = text
        except InputError as error:
            problems.append(Problem((*path, place), _sentence(error)))
    return tuple(found)


def _check_credential(path: Path, reference: str, stored: frozenset[str], problems: list[Problem]) -> None:
    if not reference:
        return
    try:
        kind, name = taken_apart(reference)
    except InputError as error:
        problems.append(Problem(path, _sentence(error)))
        return
    if kind == STORED and name not in stored:
        there = f"there are {', '.join(sorted(stored))}" if stored else "there is none"
        problems.append(Problem(path, f"credential {name!r} is neither stored nor in this file: {there}"))


def _options(path: Path, one: Configuration, problems: list[Problem]) -> Mapping[str, Option]:
    found = convert(one.options, providers.options(one.provider), path, problems)
    if found is None:
        return {}
    options = structs.asdict(found)
    for place, pattern in enumerate(options.get("bot_patterns", ())):
        try:
            re.compile(pattern)
        except re.error as error:
            text = f"{pattern!r} is no regular expression: {error.msg}"
            problems.append(Problem((*path, "bot_patterns", place), text))
    return said(one.provider, options)


def _sentence(error: DevhealthError) -> str:
    return str(error).removesuffix(".")
