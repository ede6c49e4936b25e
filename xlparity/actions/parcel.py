"""Sends a spec with all that it names to another machine, by content."""

import contextlib
import linecache
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xlparity.errors import UsageError
from xlparity.files import files_below
from xlparity.spec import Spec


@dataclass(frozen=True, slots=True)
class Parcel:
    """The contents of files, by their paths below a folder that they share with the current one, whose path there is ``here``."""

    files: Mapping[str, bytes]
    here: str

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "Parcel":
        """The files; raises UsageError where one cannot be read."""
        here = Path.cwd()
        found = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  (a link keeps its place)
        try:
            root = os.path.commonpath([here, *(path.parent for path in found)])
            files = {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
        except OSError as error:
            raise UsageError(
                f"{error.filename}: cannot be read ({error.strerror or error}); correct its path"
            ) from error
        except ValueError as error:
            raise UsageError(
                f"files on several drives cannot be sent to Dask workers ({error}); copy them to one"
            ) from error
        return cls(files, here.relative_to(root).as_posix())

    @contextlib.contextmanager
    def unpacked(self) -> Iterator[None]:
        """Relative paths mean inside what they meant when the parcel was made; for a process that does nothing else meanwhile."""
        before, modules = Path.cwd(), set(sys.modules)
        with tempfile.TemporaryDirectory(prefix="xlparity-") as name:
            root = Path(name).resolve()
            for place, content in self.files.items():
                (root / place).parent.mkdir(parents=True, exist_ok=True)
                (root / place).write_bytes(content)
            (root / self.here).mkdir(parents=True, exist_ok=True)
            os.chdir(root / self.here)
            try:
                yield
            finally:
                os.chdir(before)
                for module in set(sys.modules) - modules:  # or thousands of references would pile up
                    if Path(getattr(sys.modules[module], "__file__", None) or "/").is_relative_to(root):
                        del sys.modules[module]
        linecache.checkcache()


def files_of(spec: Spec, workbook: Path) -> list[Path]:
    """What a verification reads: the spec, the workbook, and the Python files beside its references, which these may import.

    A reference by the name of a package is not among them: it is installed on the other machine, or not found there. Raises
    UsageError where a reference's path is absolute, so that it leads nowhere on another machine.
    """
    found = [spec.path, workbook]
    for name in {*spec.references, *(given.draw for check in spec.checks for given in check.inputs if given.draw)}:
        place = name.rpartition(":")[0]
        if not place.endswith(".py"):
            continue
        if Path(place).is_absolute():
            sentence = f"the reference {name} cannot be sent to a Dask worker, since its path is absolute"
            raise UsageError(f"{spec.path}: {sentence}; write it relative to the spec")
        folder = (spec.path.parent / place).parent
        if not folder.is_dir():
            continue  # which the verification will say
        found += [path for path in sorted(folder.glob("*.py")) if path.is_file()]
        for package in sorted(folder.glob("*/__init__.py")):
            found += files_below(package.parent, ".py")
    return list(dict.fromkeys(found))
