"""Metrics: one folder a table with its query and its definition; computed inside ClickHouse."""
