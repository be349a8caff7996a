"""What an issue is, and how far."""

import pytest

from devhealth.processors.github.issue_rules import category_of, kind_of, severity_of


@pytest.mark.parametrize(
    ("issue_type", "labels", "kind"),
    [
        ("Bug", [], "bug"),
        ("Feature", ["bug"], "story"),
        ("Initiative", ["type: epic"], "epic"),
        (None, ["kind/bug", "enhancement"], "bug"),
        (None, [":bug: Bug", "chore"], "chore"),
        (None, ["🐛 Bug"], "bug"),
        (None, ["Tech-Debt"], "chore"),
        (None, ["good first issue"], "issue"),
        (None, ["incident", "bug"], "incident"),
    ],
)
def test_kind(issue_type, labels, kind):
    assert kind_of(issue_type, labels) == kind


@pytest.mark.parametrize(
    ("is_closed", "reason", "status", "category"),
    [
        (False, None, None, "todo"),
        (False, None, "Backlog", "backlog"),
        (False, None, "🏗 In progress", "in_progress"),
        (False, None, "👀 In review", "in_review"),
        (False, None, "Blocked", "blocked"),
        (False, None, "✅ Done", "done"),
        (False, None, "Cooking", "unknown"),
        (True, "completed", "In Progress", "done"),
        (True, "not_planned", "Done", "canceled"),
        (True, "duplicate", None, "canceled"),
        (True, None, "Won't do", "canceled"),
        (True, None, None, "done"),
    ],
)
def test_category(is_closed, reason, status, category):
    assert category_of(is_closed=is_closed, reason=reason, status=status) == category


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        (["sev1"], "sev1"),
        (["SEV-2", "P1"], "sev2"),
        (["severity: high"], "high"),
        (["severity/3"], "sev3"),
        (["P1"], "p1"),
        (["priority: p0"], "p0"),
        (["priority/critical"], "critical"),
        (["several", "pilot", "p", "sev"], None),
        ([], None),
    ],
)
def test_severity(labels, severity):
    assert severity_of(labels) == severity
