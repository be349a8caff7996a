"""The metrics of pull requests once more, slowly and from the words of their definitions."""

from collections import Counter
from datetime import date, datetime

from tests.metrics.history import History
from tests.metrics.pull_requests import Answer, Pull


def active_days(history: History, as_of: datetime) -> set[date]:
    return {at.date() for pull in _counted(history) for at in _happenings(pull).values() if at <= as_of}


def repository(history: History, day: date, as_of: datetime) -> dict:
    """The columns of `repo_metrics_daily`, and what they add to its sample size."""
    pulls = _counted(history)
    opened = [pull for pull in pulls if _is_on(pull.opened, day, as_of)]
    merged = [pull for pull in pulls if pull.merged and _is_on(pull.merged, day, as_of)]
    closed = [pull for pull in pulls if not pull.merged and pull.closed and _is_on(pull.closed, day, as_of)]
    answers = [_answers(pull, as_of) for pull in merged]
    by_others = [
        [answer for answer in found if _is_by_another_person(history, pull, answer)]
        for pull, found in zip(merged, answers, strict=True)
    ]
    first_reviews = [_first(history, pull, as_of, is_review=True) for pull in merged]
    pickups = [_first(history, pull, as_of) for pull in merged]
    unreviewed = first_reviews.count(None)
    sizes = [sum(pull.loc) for pull in merged if sum(pull.loc)]
    large = sum(size >= 1000 for size in sizes)
    columns = {
        "prs_opened": len(opened),
        "prs_merged": len(merged),
        "prs_closed_unmerged": len(closed),
        **_spread("pr_cycle_hours", [_hours(pull.opened, pull.merged) for pull in merged], (50, 75, 90)),
        **_spread("pr_first_review_hours", _since_opening(merged, first_reviews)),
        **_spread("pr_pickup_hours", _since_opening(merged, pickups)),
        **_spread(
            "pr_review_hours", [_hours(at, one.merged) for one, at in zip(merged, first_reviews, strict=True) if at]
        ),
        **_spread("pr_size_loc", sizes),
        "large_prs_count": large,
        "large_pr_ratio": _ratio(large, len(merged)),
        "unreviewed_prs_count": unreviewed,
        "pr_unreviewed_ratio": _ratio(unreviewed, len(merged)),
        **_said(by_others, sum(sizes), ""),
        **_said(answers, sum(sizes), "_all"),
    }
    if not is_known(history):
        columns = dict.fromkeys(columns)
    return columns | {"sample_size": len(opened) + len(merged) + len(closed)}


def _said(answers: list[list[Answer]], lines: int, suffix: str) -> dict:
    """What was answered to each of some pull requests, all in all."""
    reviews = sum(answer.is_review for found in answers for answer in found)
    comments = sum(not answer.is_review for found in answers for answer in found)
    reworked = sum(any(answer.state == "changes_requested" for answer in found) for found in answers)
    return {
        f"reworked_prs_count{suffix}": reworked,
        f"pr_rework_ratio{suffix}": _ratio(reworked, len(answers)),
        f"pr_reviews_count{suffix}": reviews,
        f"reviews_per_pr{suffix}": _ratio(reviews, len(answers)),
        f"pr_comments_count{suffix}": comments,
        f"comments_per_100_loc{suffix}": _ratio(100 * comments, lines),
    }


def people(history: History, as_of: datetime) -> dict[tuple[str, date], dict]:
    """What people did by person and day: lists of moments, hours and counts, bots and unknown people left out."""
    days: dict[tuple[str, date], dict] = {}

    def of(login: str | None, at: datetime) -> dict:
        who = history.person(login)
        if not who or history.is_bot_account(login):
            return nothing_done()
        return days.setdefault((who, at.date()), nothing_done())

    for pull in _counted(history):
        if pull.opened <= as_of:
            of(pull.author, pull.opened)["opened"] += 1
            of(pull.author, pull.opened)["moments"].append(pull.opened)
        if pull.merged and pull.merged <= as_of:
            of(pull.author, pull.merged)["cycle_hours"].append(_hours(pull.opened, pull.merged))
        for review in _reviews_by_others(history, pull, as_of):
            given = of(review.by, review.at)
            given["given"].append(review.state)
            given["moments"].append(review.at)
            of(pull.author, review.at)["received"] += 1
    return days


def nothing_done() -> dict:
    return {"opened": 0, "cycle_hours": [], "given": [], "received": 0, "moments": []}


def merges(history: History, as_of: datetime) -> list[tuple[date, float]]:
    """Day and cycle time of each pull request merged, those of bots left out, of unknown people not."""
    return [
        (pull.merged.date(), _hours(pull.opened, pull.merged))
        for pull in _counted(history)
        if pull.merged and pull.merged <= as_of and not history.is_bot_account(pull.author)
    ]


def edges(history: History, as_of: datetime) -> dict[tuple, dict]:
    counts: Counter[tuple] = Counter()
    for pull in _counted(history):
        for review in _reviews_by_others(history, pull, as_of):
            if review.by and pull.author and not history.is_bot_account(pull.author):
                counts[history.person(review.by), history.person(pull.author), review.at.date()] += 1
    return {
        (history.repo_id, reviewer, author, day): {
            "repo_id": history.repo_id,
            "reviewer": reviewer,
            "author": author,
            "day": day,
            "reviews_count": count,
            "sample_size": count,
        }
        for (reviewer, author, day), count in counts.items()
    }


def is_known(history: History) -> bool:
    return history.asked_for_pulls or bool(history.pulls)


def cycle(hours: list[float], *, known: bool) -> dict:
    """The columns on cycle time of people and teams."""
    if not known:
        return dict.fromkeys(("prs_merged", *_spread("pr_cycle_hours", [])))
    return {"prs_merged": len(hours)} | _spread("pr_cycle_hours", hours)


def _counted(history: History) -> list[Pull]:
    return [pull for pull in history.pulls if not pull.is_deleted]


def _happenings(pull: Pull) -> dict[str, datetime]:
    closed = None if pull.merged else pull.closed
    happened = {"opened": pull.opened, "merged": pull.merged, "closed": closed}
    return {what: at for what, at in happened.items() if at}


def _is_on(at: datetime, day: date, as_of: datetime) -> bool:
    return at.date() == day and at <= as_of


def _answers(pull: Pull, as_of: datetime) -> list[Answer]:
    return [answer for answer in pull.answers if answer.counts and answer.at <= as_of]


def _first(history: History, pull: Pull, as_of: datetime, *, is_review: bool = False) -> datetime | None:
    moments = [
        answer.at
        for answer in _answers(pull, as_of)
        if _is_by_another_person(history, pull, answer)
        and pull.opened <= answer.at <= pull.merged
        and (answer.is_review or not is_review)
    ]
    return min(moments, default=None)


def _is_by_another_person(history: History, pull: Pull, answer: Answer) -> bool:
    return not history.is_bot_account(answer.by) and history.person(answer.by) != history.person(pull.author)


def _reviews_by_others(history: History, pull: Pull, as_of: datetime) -> list[Answer]:
    return [
        answer for answer in _answers(pull, as_of) if answer.is_review and _is_by_another_person(history, pull, answer)
    ]


def _since_opening(pulls: list[Pull], moments: list[datetime | None]) -> list[float]:
    return [_hours(pull.opened, at) for pull, at in zip(pulls, moments, strict=True) if at]


def _hours(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 3600


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _spread(name: str, values: list, percents: tuple[int, ...] = (50, 90)) -> dict:
    columns = {f"{name}_p{percent}": _percentile(values, percent) for percent in percents}
    return columns | {f"{name}_sum": sum(values), f"{name}_count": len(values)}


def _percentile(values: list, percent: int) -> float | None:
    """At rank (n - 1) * p, on the line between its neighbours."""
    if not values:
        return None
    ranked = sorted(values)
    below, rest = divmod((len(ranked) - 1) * percent, 100)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * rest / 100
