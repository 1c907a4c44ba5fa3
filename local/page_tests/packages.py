"""Packages that the tests of the page need: Chromium, and Python's venv."""
import os
import shutil
import subprocess
import sys

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def find_chromium():
    """Installs Chromium if it is missing, and ends the script if there is none then."""
    problem = ""
    if shutil.which(CHROMIUM) is None and "CHROMIUM" not in os.environ:
        problem = install("chromium", "fonts-dejavu-core")
    if shutil.which(CHROMIUM) is None:
        sys.exit(f"test-playground: there is no Chromium at {CHROMIUM}, so that the page cannot be tested; install it with "
                 f"`apt-get install chromium`, or set CHROMIUM\n{problem}".rstrip())


def install(*packages):
    """Installs packages of Debian as root or by sudo. Returns what went wrong, if something did."""
    if shutil.which("apt-get") is None:
        return "apt-get is missing, by which it would be installed"
    root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if root and shutil.which("sudo") is None:
        return "only root can install it, and sudo is missing"
    # Another installation may hold the lock.
    apt = [*root, "apt-get", "-o", "DPkg::Lock::Timeout=300", "--yes", "--quiet"]

    def run(*arguments):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        return subprocess.run([*apt, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    print(f"installs {' '.join(packages)}", flush=True)
    result = run("install", "--no-install-recommends", *packages)
    if result.returncode:
        # The lists of packages are missing or too old.
        run("update")
        result = run("install", "--no-install-recommends", *packages)
    return result.stderr if result.returncode else ""
