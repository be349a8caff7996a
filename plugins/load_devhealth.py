"""Registers devhealth where Airflow scans this folder; everything else is in the package beside it."""

from devhealth_airflow.plugin import DevhealthPlugin

__all__ = ["DevhealthPlugin"]
