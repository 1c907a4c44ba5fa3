"""The zip of a function, whose bytes depend on nothing but what is in it."""
import io
import zipfile

PROGRAM, NOTICES, CONFIG = "bootstrap", "LICENCES.txt", "thumbnails.json"


def packed(files):
    """The bytes of a zip of these, `(name, content, mode)` each, in their order.

    Modes and times are written out: without them the platform finds no program that it may execute, and the same files
    give another zip.
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
    """The files of such a zip.

    Raises zipfile.BadZipFile.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(entry.filename, archive.read(entry), (entry.external_attr >> 16) & 0o777) for entry in archive.infolist()]
