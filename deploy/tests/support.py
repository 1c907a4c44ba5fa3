"""Base classes of the tests: a temporary folder with a zip, the local cloud API, and the scripts as processes."""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(pathlib.Path(__file__).resolve().parent)]

from recorder import Recorder  # noqa: E402

SOURCE = "photos-1250000000"
DOMAIN = f"{SOURCE}.cos.ap-guangzhou.myqcloud.com"


def write_zip(path, note="first"):
    """Writes a small zip whose bootstrap runs the program of this build; returns its SHA-256."""
    entry = zipfile.ZipInfo("bootstrap", (1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o100755 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, f"#!/bin/sh\n# {note}\nexec {os.environ['BOOTSTRAP']} \"$@\"\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


class WithFolder(unittest.TestCase):
    """A test with a temporary folder and the scripts."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.zip = self.folder / "function.zip"
        self.digest = write_zip(self.zip)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        # The repository whose scripts run.
        self.root = ROOT

    def script(self, name, *arguments):
        """Runs a script; returns the finished process. `self.said` is all its output."""
        # A command such as `logs` comes before the options.
        words = 0 if not arguments or arguments[0].startswith("-") else 1
        command = [sys.executable, self.root / "scripts" / name, *arguments[:words], "--region", "ap-guangzhou",
                   *arguments[words:]]
        done = subprocess.run(command, text=True, capture_output=True, env=self.environment)
        self.said = done.stdout + done.stderr
        return done

    def deploy(self, *arguments, source=SOURCE):
        sources = ["--source", source] if source else []
        return self.script("deploy", "--zip", str(self.zip), *sources, *arguments)


class WithRecorder(WithFolder):
    """A test with a local cloud API."""

    def setUp(self):
        super().setUp()
        home = self.folder / "home"
        home.mkdir()
        self.recorder = Recorder(home)
        self.addCleanup(self.recorder.stop)
        self.environment = self.recorder.environment()

    def applied(self, *arguments, **options):
        """Deploys, which must succeed; returns the actions that changed something."""
        done = self.deploy("--apply", *arguments, **options)
        self.assertEqual(done.returncode, 0, self.said)
        return self.recorder.writes()

    def undeployed(self, *arguments):
        done = self.script("undeploy", "--apply", *arguments)
        self.assertEqual(done.returncode, 0, self.said)
        return self.recorder.writes()

    @property
    def account(self):
        return self.recorder.account

    @property
    def function(self):
        [function] = self.account.functions.values()
        return function

    def triggers(self):
        return sorted((one["TriggerName"], one["TriggerDesc"]) for one in self.function["_triggers"])
