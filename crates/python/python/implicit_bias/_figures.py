"""Figures, as the report has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

from . import _native


class Figure:
    """A figure of a run, as SVG; a notebook shows it.

    Attributes
    ----------
    name : str
        ``stable-rank``, ``margins``, …
    title : str
        What it shows.
    svg : str
        The figure itself.
    """

    def __init__(self, name: str, title: str, svg: str) -> None:
        self.name = name
        self.title = title
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Figure {self.name}: {self.title}>"

    def save(
        self,
        path: str | os.PathLike[str],
        width: Optional[str] = None,
        font: Optional[str] = None,
    ) -> None:
        """Writes the figure as its file's name ends: ``.svg``, ``.pdf`` or ``.png``.

        Parameters
        ----------
        path : path
        width : str, optional
            Width of a PDF or PNG, such as ``8.5cm`` or ``3.25in``; by default that of the SVG at 96
            pixels an inch.
        font : str, optional
            A ``.ttf`` or ``.otf`` file, or an installed family; by default DejaVu Sans.

        Raises
        ------
        ValueError
            For another ending, and for a width or a font that there is not.
        """
        path = Path(path)
        ending = path.suffix.lower().lstrip(".")
        if ending == "svg":
            path.write_text(self.svg, encoding="utf-8")
        else:
            path.write_bytes(_native.print_figure(self.svg, ending, width, font))
