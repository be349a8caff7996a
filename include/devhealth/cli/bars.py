"""Bars of block characters."""

from collections.abc import Sequence

EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def bar(value: float, most: float, width: int) -> str:
    """A bar as long as the value's share of the greatest one; a value above zero is never invisible."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, round(value / most * width * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")


def spark(values: Sequence[float], most: float) -> str:
    """One character a value: its height, or a dot for nothing."""
    return "".join(NOTHING if value <= 0 else HEIGHTS[min(7, int(value / most * 7.999))] for value in values)
