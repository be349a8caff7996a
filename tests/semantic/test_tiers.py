from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, StoreError, TierExceeded, UnknownName
from devhealth.relational import writing
from devhealth.semantic import organizations, tiers

SINCE = date(2026, 1, 1)


def check(engine: Engine, org_id: str, days: int) -> None:
    tiers.check(engine, org_id, SINCE, SINCE + timedelta(days=days))


def test_a_new_organisation_is_on_the_community_tier(engine: Engine, acme: str):
    check(engine, acme, 30)
    with pytest.raises(TierExceeded) as caught:
        check(engine, acme, 31)
    assert str(caught.value) == (
        'organisation "acme" is on the community tier: a backfill covers at most 30 days, 31 asked '
        "(2026-01-01 to 2026-02-01). Shorten the range or raise the tier with `devhealth admin set-tier`."
    )
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize(("tier", "limit"), [("community", 30), ("team", 90)])
def test_the_limit_itself_passes_and_a_day_more_does_not(engine: Engine, acme: str, tier: str, limit: int):
    tiers.set_tier(engine, acme, tier)
    check(engine, acme, limit)
    with pytest.raises(TierExceeded, match=f"{tier} tier: .* at most {limit} days, {limit + 1} asked"):
        check(engine, acme, limit + 1)


def test_days_are_counted_over_leap_days_and_years(engine: Engine, acme: str):
    tiers.check(engine, acme, date(2024, 2, 15), date(2024, 3, 16))
    with pytest.raises(TierExceeded, match="31 asked"):
        tiers.check(engine, acme, date(2024, 2, 15), date(2024, 3, 17))
    tiers.check(engine, acme, date(2025, 12, 15), date(2026, 1, 14))


def test_enterprise_asks_what_it_wants(engine: Engine, acme: str):
    tiers.set_tier(engine, acme, "enterprise")
    check(engine, acme, 20_000)


def test_a_limit_can_be_edited_and_lifted(engine: Engine, acme: str):
    tiers.set_limit(engine, "community", 1)
    check(engine, acme, 1)
    with pytest.raises(TierExceeded, match="at most 1 day, 2 asked"):
        check(engine, acme, 2)
    tiers.set_limit(engine, "community", None)
    check(engine, acme, 20_000)
    assert tiers.limits(engine) == {"team": 90, "community": None, "enterprise": None}


def test_a_tier_an_operator_adds_to_the_table_counts(engine: Engine, acme: str):
    with writing(engine) as connection:
        connection.execute(tiers.tiers.insert().values(tier="trial", backfill_days=2))
    assert list(tiers.limits(engine)) == ["trial", "community", "team", "enterprise"]
    tiers.set_tier(engine, acme, "trial")
    with pytest.raises(TierExceeded, match="trial tier"):
        check(engine, acme, 3)


def test_each_organisation_has_its_own_tier(engine: Engine, acme: str):
    beta = organizations.ensure_organization(engine, "beta")
    tiers.set_tier(engine, beta, "team")
    check(engine, beta, 31)
    with pytest.raises(TierExceeded, match='"acme"'):
        check(engine, acme, 31)


def test_an_organisation_still_to_be_made_has_the_first_tier(engine: Engine, acme: str):
    for slug in ("acme", "beta"):
        tiers.check_slug(engine, slug, SINCE, SINCE + timedelta(days=30))
        with pytest.raises(TierExceeded, match=f'"{slug}" is on the community tier'):
            tiers.check_slug(engine, slug, SINCE, SINCE + timedelta(days=31))
    tiers.set_tier(engine, acme, "team")
    tiers.check_slug(engine, "acme", SINCE, SINCE + timedelta(days=90))


def test_what_does_not_exist_is_refused(engine: Engine, acme: str):
    with pytest.raises(UnknownName, match=r"'gold' does not exist. There are: community, team, enterprise"):
        tiers.set_tier(engine, acme, "gold")
    with pytest.raises(UnknownName, match="'gold'"):
        tiers.set_limit(engine, "gold", 5)
    with pytest.raises(UnknownName, match="'nobody'"):
        tiers.set_tier(engine, "nobody", "team")
    with pytest.raises(UnknownName, match="'nobody'"):
        check(engine, "nobody", 1)


@pytest.mark.parametrize("days", [0, -1])
def test_a_limit_of_no_day_is_refused(engine: Engine, days: int):
    with pytest.raises(InputError, match="at least 1, or unlimited"):
        tiers.set_limit(engine, "team", days)
    with pytest.raises(StoreError, match="backfill_days"), writing(engine) as connection:
        connection.execute(tiers.tiers.update().values(backfill_days=days))
