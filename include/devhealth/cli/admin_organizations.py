"""Organisations and their tiers."""

import click

from devhealth.cli.options import echo_json, json_option, opened

UNLIMITED = "unlimited"


@click.command(epilog="\b\nExamples:\n  devhealth admin create-org acme\n  devhealth admin create-org acme --tier team")
@click.argument("slug", metavar="ORG")
@click.option("--tier", metavar="TIER", help="community (default), team or enterprise.")
@json_option
def create_org(slug: str, *, tier: str | None, as_json: bool) -> None:
    """Make the organisation ORG."""
    from devhealth.semantic import organizations, tiers

    with opened() as engine:
        made = organizations.create_organization(engine, slug, tier or tiers.FIRST_TIER)
    if as_json:
        echo_json(made)
    else:
        click.echo(f"organisation {made.slug} is made, on the {made.tier} tier")


@click.command(epilog="\b\nExamples:\n  devhealth admin list-orgs\n  devhealth admin list-orgs --json")
@json_option
def list_orgs(*, as_json: bool) -> None:
    """List the organisations and their tiers."""
    from devhealth.semantic import organizations, tiers

    with opened() as engine:
        found, limits = organizations.list_organizations(engine), tiers.limits(engine)
    if as_json:
        keys = ("org_id", "slug", "tier", "created_at")
        echo_json([{key: getattr(one, key) for key in keys} | {"backfill_days": limits[one.tier]} for one in found])
    elif found:
        from rich.text import Text

        from devhealth.cli import layout

        page = layout.bare_table(
            ("organisation", "left"), ("tier", "left"), ("backfill days", "right"), ("made", "left")
        )
        for one in found:
            page.add_row(Text(one.slug, "bold"), one.tier, _days(limits[one.tier]), f"{one.created_at:%Y-%m-%d}")
        layout.show(page)
    else:
        click.echo("There is no organisation yet: `devhealth admin create-org ORG` makes one.")


@click.command(epilog="\b\nExample:\n  devhealth admin set-tier acme enterprise")
@click.argument("org", metavar="ORG")
@click.argument("tier", metavar="TIER")
@json_option
def set_tier(org: str, tier: str, *, as_json: bool) -> None:
    """Put ORG on TIER: community, team or enterprise."""
    from devhealth.semantic import organizations, tiers

    with opened() as engine:
        tiers.set_tier(engine, organizations.organization_id(engine, org), tier)
        limit = tiers.limits(engine)[tier]
    if as_json:
        echo_json({"slug": org, "tier": tier, "backfill_days": limit})
    else:
        click.echo(f"organisation {org} is on the {tier} tier: a backfill covers {_at_most(limit)}")


@click.command(
    epilog="\b\nExamples:\n  devhealth admin set-limit team 120\n  devhealth admin set-limit enterprise unlimited"
)
@click.argument("tier", metavar="TIER")
@click.argument("days", metavar="DAYS|unlimited")
@json_option
def set_limit(tier: str, days: str, *, as_json: bool) -> None:
    """Change how many days a backfill on TIER may cover."""
    from devhealth.semantic import tiers

    limit = _limit(days)
    with opened() as engine:
        tiers.set_limit(engine, tier, limit)
    if as_json:
        echo_json({"tier": tier, "backfill_days": limit})
    else:
        click.echo(f"on the {tier} tier a backfill covers {_at_most(limit)}")


def _limit(text: str) -> int | None:
    from devhealth.errors import InputError

    if text == UNLIMITED:
        return None
    if not (text.isascii() and text.isdigit() and int(text) in range(1, 1_000_000)):
        raise InputError(f"DAYS is {text!r}: expected a whole number from 1 to 999999, or {UNLIMITED}.")
    return int(text)


def _days(limit: int | None) -> str:
    return UNLIMITED if limit is None else f"{limit:,}"


def _at_most(limit: int | None) -> str:
    return "any number of days" if limit is None else f"at most {_days(limit)} {'day' if limit == 1 else 'days'}"
