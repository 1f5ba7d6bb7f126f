"""What a user sees of work that goes on: a line on a terminal or in a notebook, elsewhere nothing."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Callable, Optional

#: Seconds of work before anything is shown, and from one change to the next.
FIRST, NEXT = 1.0, 0.2


class Shown:
    """A context that gives a function of what goes on and the fraction done, or ``None``."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = 0.0
        self._handle: Any = None
        self._width = 0

    def __enter__(self) -> Optional[Callable[[str, float], None]]:
        return self._show if _in_notebook() or _on_terminal() else None

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
        elif self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()

    def _show(self, what: str, fraction: float) -> None:
        now = time.monotonic()
        if now - self._began < FIRST or now - self._last < NEXT:
            return
        self._last = now
        line = f"{what} {fraction:4.0%}"
        if not _in_notebook():
            self._width = max(self._width, len(line))
            sys.stderr.write("\r" + line.ljust(self._width))
            sys.stderr.flush()
            return
        import IPython.display

        display: Any = IPython.display.display
        if self._handle is None:
            self._handle = display({"text/plain": line}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": line}, raw=True)


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
