"""devhealth: trustworthy daily engineering metrics from git and the tools around it."""

__version__ = "0.1.0"
