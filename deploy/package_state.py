"""The zip that scripts/package builds: whether it is missing or older than the sources, and programs that stand in for it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from archive import CONFIG, DOCUMENTS, NOTICES, PROGRAM, unpacked
from names import DeploymentError

ROOT = pathlib.Path(__file__).resolve().parent.parent
ZIP = ROOT / "dist" / "cos-thumbnailer.zip"
# Files and folders from which the program is built.
SOURCES = ("src", "jpeg/src", "resample/src", "Cargo.toml", "Cargo.lock", "jpeg/Cargo.toml", "resample/Cargo.toml")
NAME = "cos-thumbnailer"


class PackageState:
    """The state of a zip. One that is passed with --zip counts as current, because the script cannot build it."""

    def __init__(self, path):
        self.path = path
        self.is_missing = path == ZIP and not path.exists()
        self.newer = self._newer_source() if path == ZIP and not self.is_missing else None

    def _newer_source(self):
        """Returns a source that is newer than the zip, or None."""
        built = self.path.stat().st_mtime
        found = [file for source in SOURCES for file in [ROOT / source, *(ROOT / source).rglob("*")] if file.is_file()]
        newest = max(found, key=lambda file: file.stat().st_mtime, default=None)
        return newest.relative_to(ROOT) if newest and newest.stat().st_mtime > built else None

    def defect(self):
        """Returns what is wrong with the zip, as the end of a sentence, or None."""
        if self.is_missing:
            return "is missing"
        return f"is older than {self.newer}" if self.newer else None

    def build(self):
        """Builds a zip that is missing or old. A configuration in the old one is kept, and so is a decoder of HEIC."""
        if not self.defect():
            return
        print(f"deploy: {shown(self.path)} {self.defect()}; building it with scripts/package", file=sys.stderr)
        command = [ROOT / "scripts" / "package"]
        with tempfile.TemporaryDirectory() as folder:
            config = {} if self.is_missing else self._config()
            if not self.is_missing and b"\nrust_h265 " in self._content(NOTICES):
                command.append("--heic")
            for name, content in config.items():
                (pathlib.Path(folder) / name).write_bytes(content)
            if CONFIG in config:
                command += ["--config", pathlib.Path(folder) / CONFIG]
            if subprocess.run(command, stdout=sys.stderr).returncode:
                raise DeploymentError("scripts/package failed; its messages are above")
        self.is_missing, self.newer = False, None

    def _config(self):
        """Returns the configuration in the zip and its watermarks by name, or nothing."""
        return {name: content for name, content in self._files().items()
                if name not in (PROGRAM, *DOCUMENTS) and name == pathlib.Path(name).name}

    def _content(self, wanted):
        """Returns the content of a file in the zip; nothing if it is not there."""
        return self._files().get(wanted, b"")

    def _files(self):
        """Returns the files in the zip by name, or nothing if it cannot be read."""
        try:
            return {name: content for name, content, _ in unpacked(self.path.read_bytes())}
        except (OSError, zipfile.BadZipFile):
            return {}


def shown(path):
    """Returns a path from the root of the repository, if it is within."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def built_program():
    """Returns the newest program that was built outside of a zip, or None. It checks a configuration as well as that of a zip."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    folders = [target / "debug", target / "release", *(ROOT / "target" / "package" / "build").glob("*/release")]
    found = [folder / NAME for folder in folders if os.access(folder / NAME, os.X_OK)]
    return max(found, key=lambda program: program.stat().st_mtime, default=None)
