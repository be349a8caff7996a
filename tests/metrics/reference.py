"""The metrics once more, slowly and from the words of their definitions: what the SQL is held against."""

import math
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.metrics import pull_request_reference as of_pulls
from tests.metrics.history import Change, History

DAY = timedelta(days=1)


def expected(histories: list[History], as_of: datetime) -> dict[str, dict[tuple, dict]]:
    """Everything `latest` must show for one organisation once all of it was computed."""
    tables: dict[str, dict[tuple, dict]] = {
        "file_hotspots": {},
        "file_metrics_daily": {},
        "repo_metrics_daily": {},
        "review_edges_daily": {},
        "team_metrics_daily": _teams(histories, as_of),
        "user_metrics_daily": {},
    }
    for history in histories:
        commits = history.counted(as_of)
        for day in _days_with_a_window(history, commits, as_of):
            window = _window(commits, day)
            row, pulls = _repository(history, commits, window, day), of_pulls.repository(history, day, as_of)
            row["sample_size"] += pulls.pop("sample_size")
            tables["repo_metrics_daily"][history.repo_id, day] = row | pulls
            if day.isoweekday() == 1 or day == as_of.date():
                tables["file_hotspots"] |= _hotspots(history, window, day, as_of)
        tables["user_metrics_daily"] |= _users(history, commits, as_of)
        tables["review_edges_daily"] |= of_pulls.edges(history, as_of)
        tables["file_metrics_daily"] |= _files(history, commits)
    return tables


def _days_with_a_window(history: History, commits: list[Change], as_of: datetime) -> list[date]:
    active = {commit.at.date() for commit in commits} | of_pulls.active_days(history, as_of)
    days = {day + later * DAY for day in active for later in range(30)}
    return sorted(day for day in days if day <= as_of.date())


def _window(commits: list[Change], day: date) -> list[Change]:
    return [commit for commit in commits if day - 29 * DAY <= commit.at.date() <= day]


def _repository(history: History, commits: list[Change], window: list[Change], day: date) -> dict:
    of_day = [commit for commit in commits if commit.at.date() == day]
    lines = sum(commit.lines for commit in of_day)
    large = sum(commit.lines > 300 for commit in of_day)
    touching = defaultdict(list)
    for commit in window:
        for path in _files_of(commit):
            touching[path].append(commit)
    churn = {path: sum(sum(commit.files[path]) for commit in found) for path, found in touching.items()}
    rework = sum(churn[path] for path, found in touching.items() if len(found) >= 2)
    owned = _lines_by_author(history, window)
    people = [commit for commit in window if not history.is_bot(commit.author)]
    by_people = _lines_by_author(history, people)
    return {
        "repo_id": history.repo_id,
        "day": day,
        "commits_count": len(of_day),
        "commits_count_excluding_bots": sum(not history.is_bot(commit.author) for commit in of_day),
        "merge_commits_count": sum(commit.is_merge for commit in of_day),
        "authors_count": len({history.identity(commit.author) for commit in of_day}),
        "additions": sum(added for commit in of_day for added, _ in _files_of(commit).values()),
        "deletions": sum(deleted for commit in of_day for _, deleted in _files_of(commit).values()),
        "loc_touched": lines,
        "avg_commit_size_loc": _ratio(lines, len(of_day)),
        "large_commits_count": large,
        "large_commit_ratio": _ratio(large, len(of_day)),
        "files_changed": sum(len(_files_of(commit)) for commit in of_day),
        "reverts_count": sum(commit.is_revert for commit in of_day),
        "churn_loc_30d": sum(churn.values()),
        "rework_churn_loc_30d": rework,
        "rework_churn_ratio_30d": _ratio(rework, sum(churn.values())),
        **_owners(history, people, ""),
        "authors_count_30d": len(by_people),
        "bus_factor_30d": _bus_factor(by_people),
        "ownership_gini_30d": _gini(by_people),
        **_owners(history, window, "_all"),
        "authors_count_30d_all": len(owned),
        "bus_factor_30d_all": _bus_factor(owned),
        "ownership_gini_30d_all": _gini(owned),
        "sample_size": len(of_day),
    }


def _owners(history: History, commits: list[Change], suffix: str) -> dict:
    touching = defaultdict(list)
    for commit in commits:
        for path in _files_of(commit):
            touching[path].append(commit)
    single = sum(_has_single_owner(history, found) for found in touching.values())
    return {
        f"files_count_30d{suffix}": len(touching),
        f"single_owner_files_count_30d{suffix}": single,
        f"single_owner_file_ratio_30d{suffix}": _ratio(single, len(touching)),
    }


def _files_of(commit: Change) -> dict[str, tuple[int, int]]:
    return {} if commit.is_merge else commit.files


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _has_single_owner(history: History, commits: list[Change]) -> bool:
    by_author = Counter(history.identity(commit.author) for commit in commits)
    return any(Fraction(count, len(commits)) >= Fraction(3, 4) for count in by_author.values())


def _lines_by_author(history: History, commits: list[Change]) -> list[int]:
    lines: Counter[str] = Counter()
    for commit in commits:
        lines[history.identity(commit.author)] += commit.lines
    return sorted((count for count in lines.values() if count), reverse=True)


def _bus_factor(owned: list[int]) -> int | None:
    return next((count for count in range(1, len(owned) + 1) if 2 * sum(owned[:count]) >= sum(owned)), None)


def _gini(owned: list[int]) -> float | None:
    """Half the mean absolute difference over the mean: another way to say what the definition says with ranks."""
    if not owned:
        return None
    differences = sum(abs(one - other) for one in owned for other in owned)
    return differences / (2 * len(owned) * sum(owned))


def _users(history: History, commits: list[Change], as_of: datetime) -> dict[tuple, dict]:
    rows = {}
    committed = _grouped(history, [one for one in commits if not history.is_bot(one.author)])
    done = of_pulls.people(history, as_of)
    known = of_pulls.is_known(history)
    for person, day in {*committed, *done}:
        found, pulls = committed.get((person, day), []), done.get((person, day), of_pulls.nothing_done())
        lines = sum(commit.lines for commit in found)
        moments = [commit.at for commit in found] + pulls["moments"]
        merged = len(pulls["cycle_hours"])
        rows[history.repo_id, person, day] = {
            "repo_id": history.repo_id,
            "author_email": person,
            "day": day,
            "identity_id": person,
            "team_id": "unassigned",
            "commits_count": len(found),
            "additions": sum(added for commit in found for added, _ in _files_of(commit).values()),
            "deletions": sum(deleted for commit in found for _, deleted in _files_of(commit).values()),
            "files_changed": sum(len(_files_of(commit)) for commit in found),
            "large_commits_count": sum(commit.lines > 300 for commit in found),
            "avg_commit_size_loc": _ratio(lines, len(found)),
            "prs_opened": pulls["opened"] if known else None,
            **of_pulls.cycle(pulls["cycle_hours"], known=known),
            "reviews_given": len(pulls["given"]) if known else None,
            "changes_requested_given": pulls["given"].count("changes_requested") if known else None,
            "reviews_received": pulls["received"] if known else None,
            "active_hours": (max(moments) - min(moments)).total_seconds() / 3600 if moments else None,
            "sample_size": len(found) + pulls["opened"] + merged + len(pulls["given"]) + pulls["received"],
        }
    return rows


def _grouped(history: History, commits: list[Change]) -> dict[tuple[str, date], list[Change]]:
    groups = defaultdict(list)
    for commit in commits:
        groups[history.identity(commit.author), commit.at.date()].append(commit)
    return groups


def _teams(histories: list[History], as_of: datetime) -> dict[tuple, dict]:
    days, merged, known = defaultdict(list), defaultdict(list), set()
    for history in histories:
        active = set()
        for commit in history.counted(as_of):
            if not history.is_bot(commit.author):
                days[commit.at.date()].append(commit)
                active.add(commit.at.date())
        for day, hours in of_pulls.merges(history, as_of):
            merged[day].append(hours)
            active.add(day)
        known |= active if of_pulls.is_known(history) else set()
    rows = {}
    for day in {*days, *merged}:
        found = days[day]
        clocks = [(commit.authored_at or commit.at) + timedelta(seconds=commit.offset_seconds) for commit in found]
        weekend = sum(clock.isoweekday() > 5 for clock in clocks)
        late = sum(clock.isoweekday() <= 5 and not 9 <= clock.hour < 17 for clock in clocks)
        rows["unassigned", day] = {
            "team_id": "unassigned",
            "day": day,
            "commits_count": len(found),
            "after_hours_commits_count": late,
            "weekend_commits_count": weekend,
            "after_hours_ratio": _ratio(late, len(found)),
            "weekend_ratio": _ratio(weekend, len(found)),
            **of_pulls.cycle(merged[day], known=day in known),
            "sample_size": len(found) + len(merged[day]),
        }
    return rows


def _files(history: History, commits: list[Change]) -> dict[tuple, dict]:
    touching = defaultdict(list)
    for commit in commits:
        for path in _files_of(commit):
            touching[path, commit.at.date()].append(commit)
    return {
        (history.repo_id, path, day): {
            "repo_id": history.repo_id,
            "path": path,
            "day": day,
            "churn": sum(sum(commit.files[path]) for commit in found),
            "additions": sum(commit.files[path][0] for commit in found),
            "deletions": sum(commit.files[path][1] for commit in found),
            "commits_count": len(found),
            "authors": len({history.identity(commit.author) for commit in found}),
            "sample_size": len(found),
        }
        for (path, day), found in touching.items()
    }


def _hotspots(history: History, window: list[Change], day: date, as_of: datetime) -> dict[tuple, dict]:
    touching = defaultdict(list)
    for commit in window:
        for path in _files_of(commit):
            touching[path].append(commit)
    rows = {}
    for path, found in touching.items():
        by_author: Counter[str] = Counter()
        for commit in found:
            by_author[history.identity(commit.author)] += sum(commit.files[path])
        churn = sum(by_author.values())
        blamed = _blamed(history, path, as_of) if day == as_of.date() else Counter()
        owners = blamed or by_author
        rows[history.repo_id, path, day] = {
            "repo_id": history.repo_id,
            "path": path,
            "as_of": day,
            "churn_30d": churn,
            "commits_30d": len(found),
            "contributors_30d": len(by_author),
            "hotspot_score": 0.4 * math.log(1 + churn) + 0.3 * len(by_author) + 0.3 * len(found),
            "owner_basis": "blame" if blamed else "churn",
            "owned_lines": sum(owners.values()),
            "top_owner_lines": max(owners.values()),
            "top_owner_ratio": _ratio(max(owners.values()), sum(owners.values())),
            "sample_size": len(found),
        }
    return rows


def _blamed(history: History, path: str, as_of: datetime) -> Counter[str]:
    lines: Counter[str] = Counter()
    stored = {change.name: change for change in history.changes if change.at <= as_of}
    for name, count in history.blame.get(path, []):
        if name in stored:
            lines[history.identity(stored[name].author)] += count
    return +lines
