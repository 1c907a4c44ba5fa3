"""The function for sync: scripts/deploy --sync-function, and its removal."""
import json
import unittest

import support
import cloud
import models

MAIN, SYNC = "cos-thumbnailer", "cos-thumbnailer-sync"
FRESH = ["CreateRole", "CreatePolicy", "AttachRolePolicy", "CreateFunction", "CreateFunction", *["CreateTrigger"] * 3,
         "PutReservedConcurrencyConfig"]


class SyncFunction(support.WithRecorder):
    def of(self, name):
        return self.account.functions["default", name]

    def refused(self, *arguments):
        done = self.deploy("--apply", *arguments)
        self.assertEqual(done.returncode, 1, self.said)
        self.assertNotIn("Traceback", self.said)
        return done.stderr

    def test_it_is_created_changed_and_deleted_with_the_other(self):
        self.assertEqual(self.applied("--sync-function", "--env", "QUALITY=70"), FRESH)
        main, sync = self.of(MAIN), self.of(SYNC)
        for part in ("_code", "Role", "MemorySize", "InitTimeout", "Environment", "Runtime", "Handler", "_async"):
            self.assertEqual(sync[part], main[part], part)
        self.assertEqual((main["Timeout"], sync["Timeout"]), (30, 300))
        self.assertEqual((main["_reserved"], sync["_reserved"]), (None, 12800))
        self.assertEqual((len(main["_triggers"]), len(sync["_triggers"])), (3, 0))
        self.assertEqual([role["RoleName"] for role in self.account.roles.values()], ["cos-thumbnailer-ap-guangzhou"])

        self.assertEqual(self.applied("--sync-function", "--env", "QUALITY=70"), [])
        self.assertIn("cos-thumbnailer and cos-thumbnailer-sync in ap-guangzhou are up to date", self.said)

        # Rights of the former settings last until both functions are changed.
        support.write_zip(self.zip, "second")
        own = ["--sync-function", "--env", "SOURCE_PREFIX=up/", "--sync-memory", "1024", "--sync-timeout", "600",
               "--sync-concurrency", "25600"]
        self.assertEqual(self.applied(*own), [
            "UpdatePolicy", *["UpdateFunctionCode", "UpdateFunctionConfiguration"] * 2, "UpdatePolicy",
            *["DeleteTrigger"] * 3, *["CreateTrigger"] * 3, "PutReservedConcurrencyConfig"])
        self.assertEqual(sync["_code"], main["_code"])
        self.assertEqual((main["MemorySize"], sync["MemorySize"], sync["Timeout"], sync["_reserved"]), (512, 1024, 600, 25600))

        # Without the option it stays as it is.
        self.assertEqual(self.applied("--env", "SOURCE_PREFIX=up/", "--env", "QUALITY=60"), ["UpdateFunctionConfiguration"])
        self.assertEqual(sync["Environment"]["Variables"], [{"Key": "SOURCE_PREFIX", "Value": "up/"}])

        self.assertEqual(self.undeployed(), [*["DeleteTrigger"] * 3, "DeleteFunction", "DeleteFunction", "DetachRolePolicy",
                                             "DeletePolicy", "DeleteRole"])
        self.assertEqual((self.account.functions, self.account.roles), ({}, {}))

    def test_an_interrupted_deployment_is_continued(self):
        self.recorder.fail("PutReservedConcurrencyConfig", "LimitExceeded.FunctionReservedConcurrencyMemory")
        self.assertIn("pass a smaller --sync-concurrency", self.refused("--sync-function"))
        self.assertEqual(self.recorder.writes(), FRESH)
        self.assertEqual(self.applied("--sync-function"), ["PutReservedConcurrencyConfig"])

    def test_functions_of_other_deployments_are_kept(self):
        self.applied("--sync-function", "batch")
        self.assertEqual(self.of("batch")["_reserved"], 12800)
        # A deployment whose name is that of the function for sync by default.
        other = ["--function", SYNC]
        self.applied(*other, source="other-1250000000")
        for arguments, name in ((["--sync-function"], SYNC), ([*other, "--sync-function", "batch"], "batch")):
            self.assertIn(f"there is a function {name} that was not created for this deployment; choose another name with "
                          "--sync-function", self.refused(*arguments))
        self.assertEqual(self.recorder.writes(), [])
        self.undeployed(*other, "--sync-function", "batch")
        self.assertIn("the function batch was kept", self.said)
        self.assertEqual(set(self.account.functions), {("default", MAIN), ("default", "batch")})
        self.undeployed("--sync-function", "batch")
        self.assertEqual(self.account.functions, {})


class DryRun(support.WithFolder):
    @classmethod
    def setUpClass(cls):
        cloud.install()

    def test_every_call_fits_the_official_models(self):
        done = self.deploy("--sync-function", "--sync-memory", "1024")
        self.assertEqual(done.returncode, 0, self.said)
        calls = [json.loads(line) for line in done.stdout.splitlines()]
        for call in calls:
            if call["parameters"].get("PolicyId") == "<id of the policy>":
                call["parameters"]["PolicyId"] = 1
            self.assertEqual(list(models.violations(call["service"], call["action"], call["parameters"])), [])
        created = [call["parameters"] for call in calls if call["action"] == "CreateFunction"]
        self.assertEqual([(one["FunctionName"], one["MemorySize"], one["Timeout"]) for one in created],
                         [(MAIN, 512, 30), (SYNC, 1024, 300)])
        self.assertEqual({one["Role"] for one in created}, {"cos-thumbnailer-ap-guangzhou"})
        self.assertEqual({call["parameters"]["FunctionName"] for call in calls if "Trigger" in call["action"]}, {MAIN})
        self.assertEqual([call["parameters"] for call in calls if call["action"] == "PutReservedConcurrencyConfig"],
                         [{"FunctionName": SYNC, "Namespace": "default", "ReservedConcurrencyMem": 12800}])

    def test_invalid_options_are_refused(self):
        table = [
            (["--sync-memory", "100"], "--sync-memory 100 is invalid"),
            (["--sync-timeout", "901"], "--sync-timeout 901 is invalid"),
            (["--sync-concurrency", "256"], "--sync-concurrency 256 is invalid: it must be the memory of the function, 512"),
            (["--function", "batch", "--sync-function", "batch"], "choose another name with --sync-function"),
            (["--sync-function", "x"], "not a valid function name"),
        ]
        for arguments, sentence in table:
            done = self.deploy(*(["--sync-function"] if "--sync-function" not in arguments else []), *arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(sentence, done.stderr, arguments)
        # The longest name leaves no room for the ending.
        self.assertEqual(self.script("undeploy", "--function", "f" * 60).returncode, 0, self.said)


if __name__ == "__main__":
    unittest.main()
