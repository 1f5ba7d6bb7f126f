#!/usr/bin/env python3
"""Writes python/implicit_bias/_keys.py, the types of all keys, from the list of the installed module.

    write-keys.py            writes it
    write-keys.py --check    exits with 1 if it is not what would be written
"""

import pathlib
import sys
import textwrap

from implicit_bias import _native

TYPES = {
    "switch": "bool",
    "count": "int",
    "number": "float",
    "steps": "float",
    "text": "str | Sequence[str | int]",
    "label": "str | float | Sequence[str | int]",
    "path": "str | PathLike[str]",
}
# Arguments of their own.
OWN = {"out", "init"}
# What a run that goes on may change, beside its steps.
OF_RESUME = ["checkpoint_interval", "threads", "figures", "figure_width", "figure_font"]
HEAD = '''"""The keys of `implicit-bias train` as keyword arguments: written by write-keys.py."""

from __future__ import annotations

from os import PathLike
from typing import Literal, Optional, Sequence, TypedDict


'''


def type_of(key):
    if key["names"]:
        names = ", ".join(f'"{name}"' for name in key["names"])
        return f"Literal[{names}]"
    return TYPES[key["kind"]]


def fields(keys):
    lines, heading = [], None
    for key in keys:
        if key["heading"] != heading:
            heading = key["heading"]
            lines += ["", f"    # {heading}."]
        for name in [key["name"], *key["aliases"]]:
            lines.append(f"    {name}: Optional[{type_of(key)}]")
        words = key["help"] if name == key["name"] else f"As `{key['name']}`."
        if name != key["name"]:
            # The names of one key stand together, with its help below them.
            words = key["help"]
        text = textwrap.fill(f'"""{words.rstrip(".")}."""', 96, initial_indent="    ",
                             subsequent_indent="    ")
        lines.append(text)
    return lines


def module():
    keys = [key for key in _native.keys() if key["name"] not in OWN | {"json"}]
    lines = ["class Keys(TypedDict, total=False):", '    """Every key of a run."""', *fields(keys)]
    of_resume = [key for key in keys if key["name"] in OF_RESUME]
    lines += ["", "", "class ResumeKeys(TypedDict, total=False):"]
    lines += ['    """What a run that goes on may change."""', *fields(of_resume)]
    return HEAD + "\n".join(lines) + "\n"


def main():
    path = pathlib.Path(__file__).parent / "python" / "implicit_bias" / "_keys.py"
    if "--check" in sys.argv[1:]:
        return 0 if path.read_text(encoding="utf-8") == module() else 1
    path.write_text(module(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
