"""What a person wants to see first: size, rhythm, hotspots, risk and delivery of each repository, and the last run."""

from devhealth.pipelines.overview.build import overview
from devhealth.pipelines.overview.model import (
    Delivery,
    Deployments,
    Hotspot,
    Incidents,
    Overview,
    Pipelines,
    PullRequests,
    RepositoryOverview,
    StageTotals,
    Totals,
    Week,
)

__all__ = [
    "Delivery",
    "Deployments",
    "Hotspot",
    "Incidents",
    "Overview",
    "Pipelines",
    "PullRequests",
    "RepositoryOverview",
    "StageTotals",
    "Totals",
    "Week",
    "overview",
]
