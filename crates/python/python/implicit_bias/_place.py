"""Where things go: run directories, and the files that arrays are written to."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Optional

from . import _native
from ._arrays import is_path, write

NoneType = type(None)

#: Folders that live as long as the process.
_KEPT: list[TemporaryFolder] = []


class TemporaryFolder:
    """A folder that goes with the object, or with the process that made it."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix="implicit-bias-")
        self.cleanup = weakref.finalize(self, _remove, self.name, os.getpid())


def _remove(path: str, owner: int) -> None:
    # A process forked from the owner has the object too, and leaves the folder alone.
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)


def keep(folder: Optional[TemporaryFolder]) -> None:
    """Lets a folder live as long as the process."""
    if folder is not None:
        _KEPT.append(folder)


class Place:
    """A folder, asked for or temporary, with the data that were written into it.

    In one that is ``shared`` by calls they are named by their content, so that the same call finds
    the same file.
    """

    def __init__(self, out: Any = None, name: str = "", shared: bool = False) -> None:
        self._shared = shared
        self.temporary = TemporaryFolder() if out is None else None
        self.path = Path(out if self.temporary is None else self.temporary.name)
        if self.temporary is not None and name:
            self.path /= name
        self._written: list[Path] = []

    def fill(
        self,
        X: Any,
        y: Any,
        arrays: Optional[Mapping[str, Any]],
        init: Any,
        keys: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The keys, with arrays written to files that keys name."""
        if not isinstance(arrays, (Mapping, NoneType)):
            kind = type(arrays).__name__
            raise ValueError(f"arrays: expected a dictionary of arrays, found {kind}")
        given = {name: value for name, value in keys.items() if value is not None}
        twice = [name for name in arrays or {} if name in ("X", "y")]
        if twice:
            raise ValueError(f"arrays: expected names other than X and y, found {twice[0]}")
        _require_read(arrays or {}, given)
        archive = _archive(X, y, arrays, given)
        if archive:
            given["data"] = self._write("data.npz", archive)
        elif X is not None:
            given["data"] = os.fspath(X)
        if isinstance(init, Mapping):
            given["init"] = self._write("init.npz", init)
        elif is_path(init):
            given["init"] = os.fspath(init)
        elif init is not None:
            kind = type(init).__name__
            raise ValueError(f"init: expected a dictionary of arrays, or a path, found {kind}")
        return given

    def _write(self, name: str, arrays: Mapping[str, Any]) -> str:
        path = self.path.absolute() / name
        in_use = path.parent.exists() and any(path.parent.iterdir())
        if in_use and not self._written and not self._shared:
            raise ValueError(
                f"{self.path}: expected a new or empty directory for the run, found one in use; "
                "choose another with `out`"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._written.append(path)
        write(path, arrays)
        if self._shared:
            content = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            path = path.rename(path.with_name(f"{path.stem}-{content}.npz"))
            self._written[-1] = path
        return str(path)

    def in_own_words(self, error: ValueError) -> ValueError:
        """The same error without the names of files that were written here, which nobody knows."""
        words = str(error)
        for path in self._written:
            words = words.replace(f"{path}: ", "")
        return ValueError(words)

    def give_up(self, begun: str) -> None:
        """Removes what was written for something of which there is no file ``begun``."""
        if (self.path / begun).exists():
            return
        for path in self._written:
            path.unlink(missing_ok=True)
        if self._written and not any(self.path.iterdir()):
            self.path.rmdir()

    @staticmethod
    def is_run(path: Any) -> bool:
        """Whether a path is a run directory."""
        return path is not None and (Path(path) / "manifest.json").is_file()

    @classmethod
    def of_question(
        cls,
        X: Any,
        y: Any,
        arrays: Optional[Mapping[str, Any]],
        keys: Mapping[str, Any],
        init: Any = None,
    ) -> _Question:
        """A context that gives the keys of one call."""
        return _Question(cls(), (X, y, arrays, init, keys))


class _Question:
    def __init__(self, place: Place, arguments: tuple[Any, ...]) -> None:
        self._place = place
        self._arguments = arguments

    def __enter__(self) -> dict[str, Any]:
        try:
            return self._place.fill(*self._arguments)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._place.temporary is not None:
            self._place.temporary.cleanup()
        if isinstance(error, ValueError):
            raise self._place.in_own_words(error) from None


def _require_read(arrays: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuses arrays that neither the network reads, or none where keys name none, nor a key names."""
    named = [value for value in given.values() if isinstance(value, str)]
    others = [name for name in arrays if name not in named]
    if not others:
        return
    networks, network = _native.arrays_of_networks(), given.get("network")
    one = network if isinstance(network, str) and network in networks else None
    asked = list(networks.values()) if one is None else [networks[one]]
    read = sorted({name for names in asked for name in names})
    for name in others:
        if name not in read:
            who = "networks read" if one is None else f"the network {one} reads"
            beside = f" ({', '.join(read)})" if read else ", which are none"
            raise ValueError(f"arrays: expected arrays that {who} beside X and y{beside}, found {name}")


def _archive(
    X: Any, y: Any, arrays: Optional[Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The arrays of a data file; none where the data are a file or a law."""
    if is_path(X):
        if y is not None or arrays:
            raise ValueError(f"data: expected no arrays beside the file {os.fspath(X)}, found some")
        other = {"X": X}
        archive: dict[str, Any] = {}
    else:
        archive = {"X": X, "y": y, **(arrays or {})}
        archive = {name: array for name, array in archive.items() if array is not None}
        other = archive
    clash = [name for name in ("data", "data_dir", "synthetic") if name in given]
    if clash and any(value is not None for value in other.values()):
        if not (clash == ["data_dir"] and is_path(X)):
            raise ValueError(f"data: expected no other data beside {', '.join(other)}, found {clash[0]}")
    return archive
