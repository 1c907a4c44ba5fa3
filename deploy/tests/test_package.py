"""The choices of scripts/package that depend on the machine."""
import importlib.machinery
import importlib.util
import subprocess
import tempfile
import unittest
from unittest import mock

import support

LOADER = importlib.machinery.SourceFileLoader("package_script", str(support.ROOT / "scripts" / "package"))
package = importlib.util.module_from_spec(importlib.util.spec_from_loader(LOADER.name, LOADER))
LOADER.exec_module(package)


class Package(unittest.TestCase):
    def test_the_assembler_is_used_only_where_it_is_installed_and_heic_only_on_request(self):
        for path, heic, features in (("/usr/bin/nasm", False, ["asm"]), ("/usr/bin/nasm", True, ["asm", "heic"]), (None, True, ["heic"]),
                                     (None, False, [])):
            with mock.patch.object(package.shutil, "which", return_value=path):
                self.assertEqual(package.features(heic), features)
        for words in ("3.6\npackage: times as long", "apt-get install nasm"):
            self.assertIn(words, package.NO_ASSEMBLER)

    def test_the_commit_is_that_of_the_sources(self):
        with tempfile.TemporaryDirectory() as folder:
            root = support.pathlib.Path(folder).resolve()

            def git(*arguments):
                identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
                return subprocess.run(["git", "-C", root, *identity, *arguments], check=True, text=True, capture_output=True).stdout

            with mock.patch.object(package, "ROOT", root):
                self.assertIsNone(package.commit())
                git("init", "--quiet")
                (root / "a").write_text("1")
                git("add", "a")
                git("commit", "--quiet", "--message", "a")
                head = git("rev-parse", "HEAD").strip()
                self.assertEqual(package.commit(), head)
                (root / "untracked").write_text("")
                self.assertEqual(package.commit(), head)
                (root / "a").write_text("2")
                self.assertEqual(package.commit(), head + "-modified")
            # The commit of a repository around a copy of the sources is another.
            (root / "copy").mkdir()
            with mock.patch.object(package, "ROOT", root / "copy"):
                self.assertIsNone(package.commit())

    def test_a_zip_with_other_bytes_is_told_with_what_differs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = support.pathlib.Path(folder) / "other.zip"
            files = [("bootstrap", b"1", 0o755), ("LICENCES.txt", b"2", 0o644)]
            path.write_bytes(package.packed(files))
            package.compare(package.packed(files), path, "packed again")
            with self.assertRaisesRegex(SystemExit, "not reproducible.*different are bootstrap$"):
                package.compare(package.packed([("bootstrap", b"1", 0o700), files[1]]), path, "packed again")

    def test_the_watermarks_of_a_configuration_are_packed_with_it(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = support.pathlib.Path(folder)
            for name in ("a.png", "b.png", "c.png", "d.png", "水印.png", "other.png"):
                (folder / name).write_text(name)
            config = folder / "rules.json"
            config.write_text("""{"rules": [
                {"thumbnails": {"s": {"size": "9x", "watermark": {"dx": 3, "image": "a.png"}}, "t": "9x/watermark/b.png+dx=1"}},
                {"thumbnails": ["u=imageMogr2/thumbnail/9x|watermark/1/image/Yy5wbmc=", "v=9x/watermark/none.png"]},
                {"thumbnails": {"w": {"size": "9x", "watermark": "d.png+tile=1"}, "x": {"size": "9x", "watermark": "../e.png"}}},
                {"thumbnails": "watermark/1/dx/3/image/5rC05Y2wLnBuZw"}]}""")
            names = [name for name, _, _ in package.configuration(config)]
        self.assertEqual(names, ["thumbnails.json", "a.png", "b.png", "c.png", "d.png", "水印.png"])


if __name__ == "__main__":
    unittest.main()
