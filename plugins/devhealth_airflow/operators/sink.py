"""From records to tables."""

from devhealth_airflow.operators.stage import StageOperator


class SinkOperator(StageOperator):
    """Stores the staged records of one unit; harmless when repeated."""

    stage = "store"
