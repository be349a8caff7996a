"""Processors: raw pages in, records out. One folder a provider, one file a target; pure."""
