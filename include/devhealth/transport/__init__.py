"""Asking a provider politely, whichever it is: what is left of its limits, when to wait, when to try again."""
