"""Results on disk, so that a run that was interrupted can be continued."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlparity.errors import UsageError


class Journal:
    """Results by their keys, in a file with one JSON line for each, which is written out as soon as it is put.

    The key says all that a result depends on, such as a digest of the files and the version; the last line with a key counts.
    A line that is not whole, as an interrupted run may leave the last one, is ignored. Raises UsageError where the file cannot be
    read or written, or is no journal.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, dict[str, Any]] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_bytes() if path.exists() else b""
            self._torn = bool(text) and not text.endswith(b"\n")
            self._file = path.open("ab")
        except OSError as error:
            raise self._unusable(error) from error
        lines = text.split(b"\n")
        for line in lines:
            self._take(line)
        if any(lines[:-1]) and not self._found:  # a whole line, and none is ours: nothing is to be added to that file
            self._file.close()
            raise UsageError(f"{path} is not a journal of xlparity; name another file, or delete it")

    def _take(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            key, value = entry["key"], entry["value"]
        except (ValueError, TypeError, LookupError, RecursionError):
            return
        if isinstance(key, str) and isinstance(value, dict):
            self._found[key] = value

    def get(self, key: str) -> dict[str, Any] | None:
        """The result with this key, None where there is none."""
        return self._found.get(key)

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Add a result, whose values JSON can hold; it is in the file when this returns."""
        line = json.dumps({"key": key, "value": dict(value)}).encode() + b"\n"  # ASCII: names may be no UTF-8
        try:
            # One write of the whole line: two runs with one journal do not tear each other's.
            self._file.write(b"\n" * self._torn + line)
            self._file.flush()
        except OSError as error:
            raise self._unusable(error) from error
        self._torn = False
        self._take(line)  # what a later run will find, and not what may be changed until then

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _unusable(self, error: OSError) -> UsageError:
        return UsageError(
            f"{self._path}: cannot be used ({error.strerror or error}); name another folder, or make room"
        )
