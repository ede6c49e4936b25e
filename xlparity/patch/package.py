"""The zip around the parts of a workbook."""

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can bear


def repack(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    """The package with these parts exchanged, and those that are new behind the others.

    The others, their order, times and attributes are as they were.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        new.comment = old.comment
        for entry in old.infolist():
            new.writestr(entry, changed.get(entry.filename, old.read(entry)))
        for name in sorted(changed.keys() - set(old.namelist())):
            new.writestr(_entry(name), changed[name])
    return buffer.getvalue()


def pack(parts: Mapping[str, bytes]) -> bytes:
    """A zip of the parts that depends on nothing but them: fixed times, no attributes of a machine or a user.

    The parts are sorted, but for the content types, which readers expect first.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(parts, key=lambda name: (name != "[Content_Types].xml", name)):
            archive.writestr(_entry(name), parts[name])
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 0
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
