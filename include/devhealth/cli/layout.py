"""What pages of the command line are made of: headings, tables without lines, texts that cannot steer a terminal."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text


def console(*, stderr: bool = False) -> Console:
    """The only kind of console we print with: texts are shown as they are, never read as markup or emoji names."""
    return Console(stderr=stderr, soft_wrap=False, highlight=False, markup=False, emoji=False)


def show(page: RenderableType) -> None:
    """Print a page on standard output: in colour on a terminal, plain elsewhere."""
    console().print(page)


def heading(title: str, note: str) -> Text:
    """A title on a line of its own, with a quieter note."""
    return Text.assemble("\n", (title, "bold"), "  ", (note, "dim"))


def bare_table(*columns: tuple[str, str]) -> Table:
    """A table of these columns: name and `left` or `right`."""
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, justify in columns:
        made.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return made


def shortened_apart(names: Iterable[str], width: int) -> dict[str, str]:
    """Each name shortened, but as it is where others would look the same."""
    short = {name: shortened(name, width) for name in names}
    counted = Counter(short.values())
    return {name: name if counted[cut] > 1 else cut for name, cut in short.items()}


def shortened(path: str, width: int) -> str:
    """The path, or its end where it is longer than the width."""
    return path if len(path) <= width else f"...{path[-width + 3 :]}"
