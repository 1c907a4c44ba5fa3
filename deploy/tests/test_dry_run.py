"""Dry runs: the printed calls, and the options that are refused before any call."""
import json
import unittest

import support
import cloud
import models


class DryRun(support.WithFolder):
    @classmethod
    def setUpClass(cls):
        cloud.install()

    def calls(self, done):
        self.assertEqual(done.returncode, 0, self.said)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_every_call_fits_the_official_models(self):
        calls = self.calls(self.deploy("--env", "THUMBNAILS=small=150x150", "--env", "SOURCE_PREFIX=图片/"))
        for call in calls:
            if call["parameters"].get("PolicyId") == "<id of the policy>":
                call["parameters"]["PolicyId"] = 1
            self.assertEqual(list(models.violations(call["service"], call["action"], call["parameters"])), [])
        self.assertEqual([call["action"] for call in calls if call["when"] == "read"],
                         ["GetRole", "ListPolicies", "GetFunction", "GetFunctionEventInvokeConfig", "ListTriggers"])
        created = [call["parameters"] for call in calls if call["action"] == "CreateFunction"][0]
        self.assertEqual((created["Runtime"], created["MemorySize"], created["Timeout"], created["InitTimeout"]),
                         ("CustomRuntime", 512, 30, 10))
        self.assertEqual(created["Code"]["ZipFile"], f"<{self.zip.stat().st_size} bytes, sha256 {self.digest}>")
        self.assertIn({"Key": "THUMBNAILS", "Value": "small=150x150"}, created["Environment"]["Variables"])
        policy = [call["parameters"]["PolicyDocument"] for call in calls if call["action"] == "CreatePolicy"][0]
        self.assertIn("photos-1250000000/图片/*", policy)
        triggers = [call["parameters"] for call in calls if call["action"] == "CreateTrigger"]
        self.assertEqual({trigger["TriggerName"] for trigger in triggers}, {support.DOMAIN})
        self.assertEqual([json.loads(trigger["TriggerDesc"]) for trigger in triggers],
                         [{"event": event, "filter": {"Prefix": "图片/", "Suffix": ""}} for event in
                          ("cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed")])

    def test_listing_is_granted_only_with_the_option(self):
        for arguments, allowed in (([], False), (["--allow-listing"], True)):
            calls = self.calls(self.deploy(*arguments))
            [policy] = [call["parameters"]["PolicyDocument"] for call in calls if call["action"] == "CreatePolicy"]
            self.assertEqual("name/cos:GetBucket" in policy, allowed)

    def test_undeploy_prints_its_calls(self):
        calls = self.calls(self.script("undeploy"))
        self.assertEqual([call["action"] for call in calls if call["when"] != "read"],
                         ["DeleteTrigger", "DeleteFunction", "DeleteFunction", "DetachRolePolicy", "DeletePolicy", "DeleteRole"])

    def test_roles_of_deployments_have_different_names(self):
        def role(*arguments):
            return self.calls(self.deploy(*arguments))[0]["parameters"]["RoleName"]

        self.assertEqual(role(), "cos-thumbnailer-ap-guangzhou")
        self.assertEqual(role("--function", "thumbs", "--namespace", "test"), "thumbs-ap-guangzhou-test")
        self.assertEqual(role("--role", "mine"), "mine")

    def test_a_configuration_file_is_put_into_the_zip(self):
        rules = self.folder / "rules.json"
        rules.write_text('{"rules": [{"source": {"bucket": "in-125"}, "thumbnails": "9x9"}]}')
        calls = self.calls(self.deploy("--config", str(rules), source=None))
        triggers = [call["parameters"]["TriggerName"] for call in calls if call["action"] == "CreateTrigger"]
        self.assertEqual(set(triggers), {"in-125.cos.ap-guangzhou.myqcloud.com"})
        code = [call["parameters"]["Code"]["ZipFile"] for call in calls if call["action"] == "CreateFunction"]
        self.assertNotIn(self.digest, code[0])
        again = self.calls(self.deploy("--config", str(rules), source=None))
        self.assertEqual(again, calls)

    def test_invalid_options_are_refused_before_any_call(self):
        not_executable = self.folder / "bad.zip"
        with support.zipfile.ZipFile(not_executable, "w") as archive:
            archive.writestr("bootstrap", "#!/bin/sh")
        table = [
            (["--memory", "100"], "--memory 100 is invalid"),
            (["--memory", "192"], "steps of 128"),
            (["--timeout", "901"], "1 to 900"),
            (["--init-timeout", "2"], "3 to 300"),
            (["--keep-events", "21601"], "21600"),
            (["--env", "QUALITY"], "write --env NAME=VALUE"),
            (["--env", "COS_SECRET_KEY=hush"], "the function uses the keys of its role"),
            (["--env", "SCF_X=1"], "reserved for the platform"),
            (["--env", "A-B=1"], "letters, digits and underscores"),
            (["--env", "TARGET_BUCKET=a-1", "--env", "TARGET_BUCKET=b-1"], "twice"),
            (["--env", "NOTE=" + "x" * 4093], "4097 bytes"),
            (["--env", "QUALITY=200"], "QUALITY"),
            (["--env", "TARGET_BUCKET=" + support.SOURCE], "start the function again"),
            (["--function", "x"], "not a valid function name"),
            (["--role", "a b"], "not a valid role name"),
            (["--zip", str(not_executable)], "no executable bootstrap"),
            (["--zip", str(self.folder / "none.zip")], "none.zip cannot be read"),
            (["--config", str(self.folder / "none.json")], "none.json cannot be read"),
            (["--region", "guangzhou"], "--region ap-guangzhou"),
        ]
        for arguments, sentence in table:
            done = self.deploy("--apply", *arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(sentence, done.stderr, arguments)
            self.assertNotIn("Traceback", done.stderr)
            self.assertNotIn("hush", self.said)
        self.assertIn("--source", self.deploy(source=None).stderr)


if __name__ == "__main__":
    unittest.main()
