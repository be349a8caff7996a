"""What happens to runs of workflows: random changes, for tests of properties."""

from collections.abc import Collection
from random import Random

from tests.github import pipelines
from tests.github.world import Item, World

CONCLUSIONS = ("success", "failure", "cancelled", "timed_out", "skipped")
_DEEDS = ("create", "create", "start", "finish", "rerun", "add job", "delete")
_NEEDED = {"start": "QUEUED", "finish": "IN_PROGRESS", "add job": "IN_PROGRESS", "rerun": "COMPLETED"}


def live(world: World, repository: Item, random: Random, deletable: Collection[int]) -> None:
    """Does one thing that is possible now, some time after the last; deletes none but these."""
    world.clock.advance(seconds=random.choice((0, 1, 60, 5_000)))
    deed = random.choice(_DEEDS)
    runs = list(repository["_runs"].values())
    if deed == "create":
        jobs = tuple(random.sample(("build", "test", "deploy"), random.randint(0, 3)))
        pipelines.create(world, repository, workflow=random.choice(("CI", "Nightly")), jobs=jobs)
        return
    if deed == "delete":
        possible = [run for run in runs if run["_id"] in deletable]
    else:
        possible = [run for run in runs if pipelines.newest(run)["status"] == _NEEDED[deed]]
    if possible:
        _change(world, random.choice(possible), deed, random)


def _change(world: World, run: Item, deed: str, random: Random) -> None:
    match deed:
        case "start":
            pipelines.start(world, run)
        case "finish":
            pipelines.finish(world, run, random.choice(CONCLUSIONS))
        case "rerun":
            pipelines.rerun(world, run, by="grace")
        case "add job":
            pipelines.start_job(world, pipelines.add_job(world, run, "late"))
        case "delete":
            pipelines.delete(world, run)
