"""What a run reads: the sources of a configuration and those its rules find."""

from devhealth.pipelines import setup
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.run import run_sync
from devhealth.semantic import configurations, database, organizations
from tests.pipelines.conftest import Shop, request


def configure(settings, sources, rules):
    engine = database.open_semantic(settings)
    configurations.save(
        engine,
        org_id=organizations.ensure_organization(engine, "acme"),
        name="all",
        provider="local_git",
        sources=[str(source) for source in sources],
        targets=["git"],
        options={},
        discovery=[str(rule) for rule in rules],
    )


def test_rules_are_looked_at_anew_for_each_plan_and_a_source_found_twice_counts_once(settings, shop, tmp_path, caplog):
    folder = tmp_path / "found"
    folder.mkdir()
    Shop(folder / "api").commit()
    configure(settings, [shop.path, folder / "api"], [folder / "*", folder / "**", folder / "a*"])
    assert [unit.name for unit in plan_sync(settings, request())] == ["shop", "api"]
    assert "is left out" not in caplog.text
    Shop(folder / "web").commit()
    assert [unit.name for unit in plan_sync(settings, request())] == ["shop", "api", "web"]


def test_a_rule_that_finds_nothing_is_a_warning_in_the_log_and_in_the_report(settings, shop, tmp_path, caplog):
    configure(settings, [shop.path], [tmp_path / "nowhere" / "*"])
    asked = request()
    report = run_sync(settings, asked)
    said = f"configuration all: the glob '{tmp_path}/nowhere/*' finds no repository"
    assert report.warnings == [said]
    assert said in caplog.text
    assert [len(report.stored), len(report.failed)] == [1, 0]
    (tmp_path / "nowhere").mkdir()
    Shop(tmp_path / "nowhere" / "now").commit()
    assert run_sync(settings, request(run_id=asked.run_id)).warnings == []


def test_a_repository_that_is_found_is_synced_like_one_that_is_named(settings, shop):
    configure(settings, [], [shop.path.parent / "sho*"])
    assert run_sync(settings, request()).stored[0].rows["commits"] == 5
    assert plan_sync(settings, request()) == []
    assert setup.repository_id(settings, "acme", str(shop.path))
