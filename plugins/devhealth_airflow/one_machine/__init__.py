"""Airflow on one machine, everything below one folder: for `make demo` and `make airflow`."""
