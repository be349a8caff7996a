"""Connectors: what a provider says, as raw pages. One folder a provider, one file a target; network only."""
