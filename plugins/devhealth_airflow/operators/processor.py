"""From raw pages to records."""

from devhealth_airflow.operators.stage import StageOperator


class ProcessorOperator(StageOperator):
    """Turns the staged pages of one unit into staged records; reads no network and no store."""

    stage = "process"
