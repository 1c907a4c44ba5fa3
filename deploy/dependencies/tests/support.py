"""Crates made for a test."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "dependencies"))

from crates import Crate  # noqa: E402


def crate(name="sample", version="1.0.0", folder=None, source="src/lib.rs", features=(), **members):
    """Returns a crate of the registry."""
    folder = folder or pathlib.Path("/nowhere")
    values = {"licence": "MIT", "authors": [], "repository": None, "checksum": "0" * 64, "is_linked": True} | members
    return Crate(name, version, folder=folder, source=folder / source, features=frozenset(features), **values)


def write(folder, files):
    """Writes files, and the manifest of a crate if it is not among them."""
    for name, text in ({"Cargo.toml": "[package]\n"} | files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
