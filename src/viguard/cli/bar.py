"""The progress bar on a terminal: there only while something is read, never over a question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """A bar on stderr that begins with the first thing it is told, and is wiped away at the end."""

    def __init__(self) -> None:
        self._drawn: tuple[Progress, TaskID] | None = None

    def tell(self, what: str, done: int, total: int) -> None:
        """Show how far it is. The signature is that of ``Progress``."""
        from viguard.model.text import visible

        if self._drawn is None:
            self._drawn = _begin()
        bars, task = self._drawn
        bars.update(task, description=visible(what, 60), completed=done, total=total or None)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The terminal belongs to a person meanwhile: a bar redraws itself ten times a second over a question."""
        if self._drawn is None:
            yield
            return
        bars, _ = self._drawn
        bars.stop()
        try:
            yield
        finally:
            bars.start()

    def end(self) -> None:
        """Wipe it away."""
        if self._drawn:
            self._drawn[0].stop()
        self._drawn = None


def _begin() -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    spinner, text = SpinnerColumn(), TextColumn("{task.description}")
    columns = (spinner, text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bars.add_task("", total=None)
    bars.start()
    return bars, task
