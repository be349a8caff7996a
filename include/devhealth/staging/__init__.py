"""The hand-over between stages: a folder (local, or any URI universal-pathlib knows) for each unit.

    <unit>/cursor            what the last successful run left behind, written by the plan
    <unit>/take-stock        there when a backfill has stored what that cursor knows nothing of
    <unit>/observed          the version of what it reads: who took the same target last
    <unit>/overlaps          there when a run before it may be at work still, or ended half-way
    <unit>/pages/<name>      raw pages of the connector, in the order of their names
    <unit>/records/<name>    records of the processor
    <unit>/<outcome>.json    how a stage ended

A file appears under its name only when it is whole, so a killed task leaves nothing half-written to be read.
"""

from devhealth.staging.unit import Page, UnitStaging

__all__ = ["Page", "UnitStaging"]
