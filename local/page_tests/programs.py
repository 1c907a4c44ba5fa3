"""The programs that the tests of the page run, and their files."""
import os
import pathlib
import re
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
FOLDER = TARGET / "playground"
PHOTO = ROOT / "events" / "photos" / "lake.jpg"


class Server:
    """scripts/playground on a free port, with an empty COS. `build` is its option for the build, or nothing."""

    def __init__(self, folder, build):
        self.program = TARGET / ("release" if build == "--release" else "debug") / "cos-thumbnailer"
        command = [ROOT / "scripts" / "playground", *([build] if build else []), "--port", "0", "--root", folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.address = found[0]
                return
        sys.exit("test-playground: scripts/playground printed no address")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
