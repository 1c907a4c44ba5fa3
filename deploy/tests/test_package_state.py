"""scripts/deploy with the zip of scripts/package: missing, old and current, in a copy of the repository."""
import json
import os
import shutil
import zipfile

import support
import cloud
from models import TOOLS

PACKAGE = """#!/bin/sh
echo "$@" >> built
[ $# = 0 ] || { cp "$2" kept.json; for file in "$(dirname "$2")"/*.png; do [ ! -e "$file" ] || cp "$file" kept.png; done; }
mkdir -p dist && cp function.zip dist/cos-thumbnailer.zip
"""


class PackageState(support.WithRecorder):
    def setUp(self):
        super().setUp()
        cloud.install()
        self.root = self.folder / "repository"
        for name in ("scripts/deploy", *(path.relative_to(support.ROOT) for path in (support.ROOT / "deploy").glob("*.py"))):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(support.ROOT / name, self.root / name)
        self.write("src/main.rs", "")
        self.write("scripts/package", PACKAGE.replace("function.zip", str(self.zip)).replace("built", str(self.root / "built"))
                   .replace("kept.json", str(self.root / "kept.json")).replace("kept.png", str(self.root / "kept.png")).replace("dist", str(self.root / "dist")))
        (self.root / "target" / "deploy").mkdir(parents=True)
        (self.root / "target" / "deploy" / TOOLS.name).symlink_to(TOOLS)
        self.own_zip = self.root / "dist" / "cos-thumbnailer.zip"

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def put_zip(self, age, **files):
        """Puts a zip in the place of scripts/package, so many seconds older than the sources."""
        self.own_zip.parent.mkdir(exist_ok=True)
        shutil.copy(self.zip, self.own_zip)
        with zipfile.ZipFile(self.own_zip, "a") as archive:
            for name, text in files.items():
                archive.writestr(name.replace("_", "."), text)
        time = (self.root / "src/main.rs").stat().st_mtime - age
        os.utime(self.own_zip, (time, time))

    def own(self, *arguments):
        """Deploys the zip of scripts/package."""
        return self.script("deploy", "--source", support.SOURCE, *arguments)

    def calls(self, done):
        self.assertEqual(done.returncode, 0, self.said)
        self.assertFalse((self.root / "built").exists(), "a dry run built the zip")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def build_program(self):
        self.write("target/debug/cos-thumbnailer", f"#!/bin/sh\nexec {os.environ['BOOTSTRAP']} \"$@\"\n")

    def test_a_dry_run_without_zip_prints_the_calls_and_builds_nothing(self):
        self.build_program()
        calls = self.calls(self.own("--env", "SOURCE_PREFIX=up/"))
        self.assertIn("dist/cos-thumbnailer.zip is missing; --apply builds it", self.said)
        self.assertIn("the configuration was checked by target/debug/cos-thumbnailer", self.said)
        [created] = [call["parameters"] for call in calls if call["action"] == "CreateFunction"]
        self.assertEqual(created["Code"]["ZipFile"], "<the zip, which --apply builds>")
        [policy] = [call["parameters"]["PolicyDocument"] for call in calls if call["action"] == "CreatePolicy"]
        self.assertIn("photos-1250000000/up/*", policy)

    def test_a_dry_run_without_zip_checks_the_configuration(self):
        self.build_program()
        self.assertIn('QUALITY is "800"', self.own("--env", "QUALITY=800").stderr)
        rules = self.folder / "rules.json"
        rules.write_text('{"rule": []}')
        done = self.own("--config", str(rules))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("has no member rule", done.stderr)

    def test_a_dry_run_without_any_program_says_what_is_unknown(self):
        calls = self.calls(self.own())
        self.assertIn("the configuration was not checked", self.said)
        [policy] = [call["parameters"]["PolicyDocument"] for call in calls if call["action"] == "CreatePolicy"]
        self.assertEqual(policy, "<what cos-thumbnailer policy prints>")
        triggers = [call["parameters"] for call in calls if call["action"] == "CreateTrigger"]
        self.assertEqual([trigger["TriggerName"] for trigger in triggers], [support.DOMAIN] * 3)

    def test_a_dry_run_says_that_the_zip_is_old(self):
        self.put_zip(age=60)
        calls = self.calls(self.own())
        self.assertIn("dist/cos-thumbnailer.zip is older than src/main.rs; --apply builds it", self.said)
        self.assertIn("CreateFunction", [call["action"] for call in calls])
        self.put_zip(age=-60)
        self.calls(self.own())
        self.assertNotIn("older", self.said)

    def test_apply_builds_a_missing_zip_once(self):
        done = self.own("--apply")
        self.assertEqual(done.returncode, 0, self.said)
        self.assertIn("dist/cos-thumbnailer.zip is missing; building it", self.said)
        self.assertEqual(self.function["_code"], self.zip.read_bytes())
        self.assertEqual(self.own("--apply").returncode, 0, self.said)
        self.assertEqual((self.root / "built").read_text(), "\n")

    def test_apply_rebuilds_an_old_zip_with_its_configuration(self):
        self.put_zip(age=60, thumbnails_json='{"max_pixels": 7}')
        self.assertEqual(self.own("--apply").returncode, 0, self.said)
        self.assertEqual((self.root / "kept.json").read_text(), '{"max_pixels": 7}')

    def test_apply_rebuilds_an_old_zip_with_its_watermarks(self):
        config = '{"rules": [{"thumbnails": {"a": {"size": "9x", "watermark": "logo.png"}}}]}'
        self.put_zip(age=60, thumbnails_json=config, logo_png="a picture")
        self.assertEqual(self.own("--apply").returncode, 0, self.said)
        self.assertEqual((self.root / "kept.json").read_text(), config)
        self.assertEqual((self.root / "kept.png").read_text(), "a picture")

    def test_apply_refuses_options_before_it_builds(self):
        for arguments in (["--memory", "100"], ["--env", "A-B=1"], ["--config", str(self.folder / "none.json")]):
            self.assertEqual(self.own("--apply", *arguments).returncode, 1, arguments)
        self.assertFalse((self.root / "built").exists())

    def test_a_failed_build_is_reported(self):
        self.write("scripts/package", "#!/bin/sh\nexit 3\n")
        done = self.own("--apply")
        self.assertEqual(done.returncode, 1)
        self.assertIn("scripts/package failed", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
