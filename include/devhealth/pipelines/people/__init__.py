"""Bringing identities and teams from the semantic database to the stores, where metrics apply them."""

from devhealth.pipelines.people.settle import Settled, settle

__all__ = ["Settled", "settle"]
