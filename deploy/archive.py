"""Reproducible zip files: the same files give the same bytes."""
import io
import zipfile

PROGRAM, NOTICES, CONFIG = "bootstrap", "LICENCES.txt", "thumbnails.json"


def packed(files):
    """Returns the bytes of a zip of `files`, `(name, content, mode)` each, in the given order.

    Modes and times are set explicitly. Without modes SCF finds no executable program; without fixed times the same files
    would give different bytes.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, mode in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return target.getvalue()


def unpacked(content):
    """Returns the files of a zip as `(name, content, mode)` each.

    Raises zipfile.BadZipFile.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(entry.filename, archive.read(entry), (entry.external_attr >> 16) & 0o777) for entry in archive.infolist()]
