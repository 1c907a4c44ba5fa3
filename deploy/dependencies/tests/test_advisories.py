"""Advisories: the requirements of cargo, the database, and what is refused."""
import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401
import advisories

ADVISORY = """```toml
[advisory]
id = "RUSTSEC-2000-0001"
package = "tokio"
date = "2000-01-01"

[versions]
patched = [">= 1.2.4, < 1.3.0", ">= 1.3.2"]
unaffected = ["< 0.2"]
```

# A race

Text.
"""


class Advisories(unittest.TestCase):
    def test_requirements_are_those_of_cargo(self):
        for requirement, taken, refused in (
            (">= 1.8.4, < 1.9.0", ["1.8.4", "1.8.99"], ["1.8.3", "1.9.0", "2.0.0"]),
            ("^1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0"]),
            ("0.2.3", ["0.2.9"], ["0.2.2", "0.3.0"]),
            ("^0.0.3", ["0.0.3"], ["0.0.4"]),
            ("~1.2", ["1.2.0", "1.2.7"], ["1.3.0"]),
            ("= 1.2.3", ["1.2.3", "1.2.3+build"], ["1.2.4"]),
            ("> 1.0.0-rc.2", ["1.0.0-rc.10", "1.0.0"], ["1.0.0-rc.2", "1.0.0-beta"]),
            ("*", ["7.0.0"], []),
        ):
            for version in taken:
                self.assertTrue(advisories.matches(requirement, version), (requirement, version))
            for version in refused:
                self.assertFalse(advisories.matches(requirement, version), (requirement, version))

    def found(self):
        """The list that a database with one advisory gives."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("crates/tokio/RUSTSEC-2000-0001.md", ADVISORY), ("crates/absent/RUSTSEC-2000-0002.md", "not read"),
                               ("crates/tokio/RUSTSEC-2000-0003.md", ADVISORY.replace("0001", "0003").replace("date =", 'withdrawn = "2000-02-01"\ndate ='))):
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
            for arguments in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "a"]):
                subprocess.run(["git", "-C", folder, *arguments], check=True)
            return advisories.looked_up(folder)

    def test_a_version_with_an_advisory_is_refused_unless_a_reason_is_given(self):
        found = self.found()
        self.assertEqual([advisory["id"] for advisory in found["advisories"]], ["RUSTSEC-2000-0001"])
        for version, is_affected in (("0.1.9", False), ("0.2.0", True), ("1.2.3", True), ("1.2.5", False), ("1.3.1", True), ("1.3.2", False)):
            sentences = advisories.mistakes(found, {"tokio": [version]}, {})
            self.assertEqual(sentences, [f"tokio {version} is affected by RUSTSEC-2000-0001 (vulnerability): A race"] * is_affected)
        self.assertEqual(advisories.mistakes(found, {"tokio": ["1.2.3"]}, {"RUSTSEC-2000-0001": "a reason"}), [])
        [stale] = advisories.mistakes(found, {"tokio": ["1.3.2"]}, {"RUSTSEC-2000-0001": "a reason"})
        self.assertIn("no locked crate is affected", stale)

    def test_a_crate_that_the_list_does_not_cover_is_told(self):
        [sentence] = advisories.mistakes(self.found(), {"never-heard-of": ["1.0.0"]}, {})
        self.assertIn("never-heard-of is not covered", sentence)

    def test_the_list_is_written_as_it_is_read(self):
        found = self.found()
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(advisories, "LIST", pathlib.Path(folder) / "list.json"):
            advisories.write(found)
            self.assertEqual(advisories.known(), found)

    def test_a_version_that_was_withdrawn_from_the_registry_is_found(self):
        with tempfile.TemporaryDirectory() as home, mock.patch.dict(advisories.os.environ, CARGO_HOME=home):
            path = pathlib.Path(home) / "registry/index/index.crates.io-1/.cache/to/ki/tokio"
            path.parent.mkdir(parents=True)
            path.write_bytes(b'\3\2etag\x001.0.0\0{"vers":"1.0.0","yanked":true}\x001.0.1\0{"vers":"1.0.1","yanked":false}\0')
            self.assertEqual(advisories.withdrawn({"tokio": ["1.0.0", "1.0.1"]}), (["tokio 1.0.0 was withdrawn from the registry"], 1))
            self.assertEqual(advisories.withdrawn({"absent": ["1.0.0"]}), ([], 0))


if __name__ == "__main__":
    unittest.main()
