"""What a person wants to see first: size, rhythm, hotspots and risk of each repository, and how the last run went."""

from devhealth.pipelines.overview.build import overview
from devhealth.pipelines.overview.model import Hotspot, Overview, RepositoryOverview, StageTotals, Totals, Week

__all__ = ["Hotspot", "Overview", "RepositoryOverview", "StageTotals", "Totals", "Week", "overview"]
