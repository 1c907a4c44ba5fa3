"""Reproducible zip files: the same files give the same bytes. And the files of a configuration."""
import base64
import io
import json
import re
import zipfile

PROGRAM, NOTICES, SBOM, CONFIG = "bootstrap", "LICENCES.txt", "sbom.cdx.json", "thumbnails.json"
# What scripts/package writes about the program. The program reads neither.
DOCUMENTS = (NOTICES, SBOM)


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


def configuration(path):
    """Returns the files of a configuration as `(name, content, mode)` each: itself, and the watermarks beside it.

    A watermark that is missing is left out: the program that checks the configuration says so better. Raises OSError.
    """
    content = path.read_bytes()
    pictures = [path.parent / name for name in sorted(watermarks(content)) if (path.parent / name).is_file()]
    return [(CONFIG, content, 0o644), *((picture.name, picture.read_bytes(), 0o644) for picture in pictures)]


def watermarks(content):
    """Returns the names of the files that a configuration names as watermarks. One that is not JSON names none."""
    try:
        config = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return set()
    found = set()

    def visit(value, member=None):
        if isinstance(value, dict):
            if member == "watermark" and isinstance(value.get("image"), str):
                found.add(value["image"])
            for name, inner in value.items():
                visit(inner, name)
        elif isinstance(value, list):
            for inner in value:
                visit(inner, member)
        elif isinstance(value, str):
            if member == "watermark":
                found.add(value.split("+")[0])
            found.update(re.findall(r"/watermark/([^/+;|]+\.[^/+;|]+)", value))
            found.update(map(from_base64, re.findall(r"/image/([A-Za-z0-9_=-]+)", value)))

    visit(config)
    return {name for name in found if name and name == name.replace("\\", "/").split("/")[-1] and not name.startswith(".")}


def from_base64(text):
    """Returns the text of a URL-safe base64, with or without its padding, or nothing."""
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)).decode()
    except ValueError:
        return ""
