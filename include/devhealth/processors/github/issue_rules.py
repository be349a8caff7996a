"""What an issue is by its type and labels, and how far it is by its state and where it stands in a project.

Kind: the type of the issue, else the first of its labels that names a kind (`bug`, `kind/bug`, `type: bug`), incidents
and bugs before the others; else `issue`.

Category: of a closed issue `canceled` when it was closed as not planned or as a duplicate, or the project's status says
so, else `done`; of an open one what the name of the status stands for, `unknown` for a name that stands for nothing
known; `todo` without a project.

Severity of an incident: the first of its labels that is `sev` or `severity` with a number or a word (`sev1`, `sev-1`,
`severity: high`) or, without any, a priority (`P1`, `priority/high`): stored as sev1, high, p1.
"""

import re
from collections.abc import Iterable

_KINDS = {
    "incident": ("incident", "outage"),
    "bug": ("bug", "defect", "regression"),
    "epic": ("epic",),
    "story": ("story", "user story", "feature", "feature request", "enhancement"),
    "task": ("task", "sub task", "subtask"),
    "chore": ("chore", "maintenance", "tech debt", "technical debt", "refactoring", "dependencies"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}
_PREFIX = re.compile(r"^(?:kind|type|issue type|category|t)\s*[:/]\s*")

_CATEGORIES = {
    "backlog": ("backlog", "icebox", "new", "triage", "needs triage", "inbox", "later", "ideas"),
    "todo": ("todo", "to do", "ready", "next", "up next", "planned", "selected for development", "open", "no status"),
    "in_progress": ("in progress", "doing", "in development", "development", "started", "active", "wip", "working"),
    "in_review": ("in review", "review", "code review", "needs review", "qa", "in qa", "testing", "in testing"),
    "blocked": ("blocked", "on hold", "waiting", "paused"),
    "done": ("done", "closed", "complete", "completed", "shipped", "released", "resolved", "finished", "merged"),
    "canceled": ("canceled", "cancelled", "won't do", "wont do", "wont fix", "won't fix", "not planned", "duplicate"),
}
_CATEGORY_OF = {name: category for category, names in _CATEGORIES.items() for name in names}
_NOT_DONE = {"not_planned", "duplicate"}

_LEVELS = "critical|urgent|highest|high|major|medium|moderate|minor|lowest|low"
_SEVERITY = re.compile(rf"^sev(?:erity)?\s*[:/_\s-]?\s*(?:(?P<number>\d)|(?P<level>{_LEVELS}))$")
_PRIORITY = re.compile(rf"^p(?:rio(?:rity)?)?\s*[:/_\s-]?\s*p?(?:(?P<number>\d)|(?P<level>{_LEVELS}))$")


def kind_of(issue_type: str | None, labels: Iterable[str]) -> str:
    """epic, story, task, bug, incident, chore or issue."""
    if issue_type and (kind := _KIND_OF.get(_words(issue_type))):
        return kind
    named = {_KIND_OF.get(_PREFIX.sub("", _words(label))) for label in labels}
    return next((kind for kind in _KINDS if kind in named), "issue")


def category_of(*, is_closed: bool, reason: str | None, status: str | None) -> str:
    """`status` as the project has it; None without one."""
    category = _CATEGORY_OF.get(_words(status), "unknown") if status else "todo"
    if is_closed:
        return "canceled" if reason in _NOT_DONE or category == "canceled" else "done"
    return category


def closed_as(reason: str) -> str:
    """The value of a transition to a closed state: closed, not_planned or duplicate."""
    return reason if reason in _NOT_DONE else "closed"


def severity_of(labels: Iterable[str]) -> str | None:
    """None without a label that says so."""
    known = sorted(label.strip().lower() for label in labels)
    for pattern, letter in ((_SEVERITY, "sev"), (_PRIORITY, "p")):
        for match in filter(None, map(pattern.match, known)):
            return f"{letter}{match['number']}" if match["number"] else match["level"]
    return None


def _words(name: str) -> str:
    """Lower case, one blank between words, and no signs or pictures around them."""
    return re.sub(r"[\s_-]+", " ", re.sub(r"^[^\w]+|[^\w]+$", "", name.lower()))
