"""Whether a schedule can be read: a preset of Airflow, or a cron expression of five fields."""

import re

PRESETS = ("@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@continuous")

_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of the week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_PART = re.compile(r"(?P<first>\*|[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?(?:/(?P<step>[0-9]+))?", re.IGNORECASE)


def trouble(text: str) -> str | None:
    """What is wrong with a schedule; None when it can be read."""
    if text.startswith("@"):
        return None if text in PRESETS else f"{text!r} is no preset: expected one of {', '.join(PRESETS)}"
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"{text!r} is no schedule: expected a preset such as @daily, or five fields such as `30 4 * * 1-5`"
    for field, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, least, most, words) for part in field.split(",")):
            return f"the {name} of {text!r} is {field!r}: expected {least} to {most}, `*`, a range or a step"
    return None


def _is_part(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    match = _PART.fullmatch(part)
    if not match or (match["step"] is not None and int(match["step"]) < 1):
        return False
    if match["first"] == "*":
        return match["last"] is None
    first = _number(match["first"], least, words)
    last = first if match["last"] is None else _number(match["last"], least, words)
    return first is not None and last is not None and least <= first <= last <= most


def _number(text: str, least: int, words: tuple[str, ...]) -> int | None:
    if text.isdigit():
        return int(text)
    return words.index(text.lower()) + least if text.lower() in words else None
