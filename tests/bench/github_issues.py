"""What a played GitHub is asked for to read the issues of one repository."""

from collections.abc import Iterator

from tests.bench.github import BEGIN, MANY, cpu_to_store, played
from tests.bench.processes import result_of, store
from tests.bench.verdict import Measure
from tests.github import conversations, issues, projects, repositories
from tests.github.world import World


def github_issues(uri: str) -> Iterator[Measure]:
    """A thousand issues, half of them in a project; then the same with nothing new, one comment, and one move."""
    world = World(BEGIN)
    shop, board = repositories.create(world, "acme/shop"), projects.create(world, "acme")
    for number in range(MANY):
        world.clock.advance(minutes=7)
        issue = issues.create(world, shop, labels=("bug",))
        conversations.assign(world, issue, "grace")
        if number % 2:
            projects.set_status(world, projects.add(world, board, issue), "In Progress")
        if number % 3 == 0:
            conversations.close(world, issue)
    world.clock.advance(hours=1)
    command = ["-m", "tests.bench.one_github", "acme/shop", "work-items"]
    yield cpu_to_store(world, uri, "work-items")
    with played(world) as (server, environ), store(uri) as home:
        sync = result_of(command, environ | home)
        asked = len(server.requests())
        yield Measure(f"requests for {MANY:,} issues", asked, "requests", None, 60)
        yield Measure("peak memory of the sync", sync["peak"], "MB", None, 300)
        unchanged = result_of(command, environ | home)
        assert not unchanged["rows"]
        yield Measure("requests when none has changed", len(server.requests()) - asked, "requests", None, 1)
        for what, call, on, values in (
            ("has a comment", "conversations.comment", issue["id"], ["ada"]),
            ("was moved in a project", "projects.set_status", board["_items"][7]["id"], ["Done"]),
        ):
            asked = len(server.requests())
            server.order(call, on=on, values=values)
            server.order("clock.advance", arguments={"minutes": 5})
            changed = result_of(command, environ | home)
            assert changed["rows"]
            yield Measure(f"requests when one {what}", len(server.requests()) - asked, "requests", None, 20)
