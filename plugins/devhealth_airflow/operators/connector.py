"""From a source to raw pages."""

from devhealth_airflow.operators.stage import StageOperator


class ConnectorOperator(StageOperator):
    """Fetches the raw pages of one unit into its staging; a retry goes on after the last whole page."""

    stage = "fetch"
