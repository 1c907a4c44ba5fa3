"""scripts/deploy and scripts/undeploy with the official tccli, against the local cloud API."""
import base64
import json
import unittest

import support
from recorder import SECRET_KEY

RIGHTS = ["CreateRole", "CreatePolicy", "AttachRolePolicy"]
TRIGGERS = ["CreateTrigger"] * 3
FRESH = [*RIGHTS, "CreateFunction", *TRIGGERS]
FOREIGN = "created by someone else"


class Scripts(support.WithRecorder):
    def tearDown(self):
        self.assertNotIn(SECRET_KEY, getattr(self, "said", ""))
        for log in (self.folder / "home").rglob("*"):
            if log.is_file():
                self.assertNotIn(SECRET_KEY, log.read_text(errors="replace"), log)

    def prepare(self, *arguments):
        """Puts a complete deployment into the account by carrying out the calls of a dry run."""
        done = self.deploy(*arguments)
        for call in map(json.loads, done.stdout.splitlines()):
            if "if there is no" in call["when"] or call["action"] == "AttachRolePolicy":
                parameters = call["parameters"]
                if "Code" in parameters:
                    parameters["Code"]["ZipFile"] = base64.b64encode(self.zip.read_bytes()).decode()
                self.account.answer(call["action"], parameters)
                if call["action"] == "CreateFunction":
                    self.function["Status"], self.function["_pending"] = "Active", False

    def refused(self, *arguments, script="deploy"):
        done = (self.deploy if script == "deploy" else lambda *more: self.script(script, *more))("--apply", *arguments)
        self.assertEqual(done.returncode, 1, self.said)
        self.assertNotIn("Traceback", self.said)
        return done.stderr

    def test_a_deployment_is_created_changed_and_deleted(self):
        self.assertEqual(self.applied(), FRESH)
        self.assertEqual(self.function["_code"], self.zip.read_bytes())
        self.assertEqual(self.function["Role"], "cos-thumbnailer-ap-guangzhou")
        self.assertEqual(self.triggers(), [(support.DOMAIN, json.dumps(
            {"event": event, "filter": {"Prefix": "", "Suffix": ""}}, separators=(",", ":")))
            for event in ("cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed")])

        self.assertEqual(self.applied(), [])
        self.assertIn("is up to date", self.said)

        settings = ["--memory", "1024", "--timeout", "60", "--env", "QUALITY=70"]
        self.assertEqual(self.applied(*settings), ["UpdateFunctionConfiguration"])
        self.assertEqual((self.function["MemorySize"], self.function["Timeout"]), (1024, 60))
        self.assertEqual(self.function["Environment"]["Variables"], [{"Key": "QUALITY", "Value": "70"}])

        digest = support.write_zip(self.zip, "second")
        self.assertEqual(self.applied(*settings), ["UpdateFunctionCode", "UpdateFunctionConfiguration"])
        self.assertEqual(self.function["_code"], self.zip.read_bytes())
        self.assertIn(digest, self.function["Description"])

        settings += ["--env", "SOURCE_PREFIX=up/", "--retries", "1"]
        self.assertEqual(self.applied(*settings), [
            "UpdatePolicy", "UpdateFunctionConfiguration", "UpdatePolicy", "UpdateFunctionEventInvokeConfig",
            *["DeleteTrigger"] * 3, *TRIGGERS])
        self.assertTrue(all('"Prefix":"up/"' in desc for _, desc in self.triggers()))
        [policy] = self.account.policies.values()
        resources = [one["resource"] for one in json.loads(policy["PolicyDocument"])["statement"]]
        self.assertEqual(sorted(resources), [["qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/up/*"], [
            "qcs::cos:ap-guangzhou:uid/1250000000:photosresized-1250000000/up/*"]])

        self.assertEqual(self.undeployed(), [*["DeleteTrigger"] * 3, "DeleteFunction", "DetachRolePolicy", "DeletePolicy",
                                             "DeleteRole"])
        self.assertEqual((self.account.functions, self.account.roles, self.account.policies), ({}, {}, {}))
        self.assertEqual(self.undeployed(), [])

    def test_an_interrupted_change_is_completed(self):
        self.prepare()
        [policy] = self.account.policies.values()
        support.write_zip(self.zip, "second")
        self.recorder.fail("UpdateFunctionConfiguration", "InternalError")
        self.refused("--env", "TARGET_BUCKET=thumbs-1250000000")
        self.assertEqual(self.recorder.writes(), ["UpdatePolicy", "UpdateFunctionCode", "UpdateFunctionConfiguration"])
        # Until the function is changed, the policy also holds the former rights.
        for bucket in ("photosresized", "thumbs"):
            self.assertIn(f"uid/1250000000:{bucket}-1250000000/*", policy["PolicyDocument"])
        # No description records the uploaded code, so it is uploaded again.
        self.assertEqual(self.applied("--env", "TARGET_BUCKET=thumbs-1250000000"),
                         ["UpdatePolicy", "UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdatePolicy"])
        self.assertNotIn("photosresized", policy["PolicyDocument"])
        self.assertEqual(self.function["_code"], self.zip.read_bytes())

    def test_a_second_run_continues_an_interrupted_deployment(self):
        self.recorder.fail("CreateRole", "RequestLimitExceeded")
        # SCF may not know a new role for some seconds.
        self.recorder.fail("CreateFunction", "FailedOperation.QcsRoleNotFound")
        self.recorder.fail("CreateTrigger", "InvalidParameterValue.CosNotifyRuleConflict")
        said = self.refused()
        self.assertIn("CosNotifyRuleConflict", said)
        self.assertIn("COS sends an event to one function only", said)
        self.assertIn("these changes were made: created the role", said)
        self.assertEqual(self.recorder.writes(), ["CreateRole", *RIGHTS, "CreateFunction", "CreateFunction", "CreateTrigger"])
        self.assertEqual(self.applied(), TRIGGERS)

    def test_foreign_parts_are_taken_over_only_with_adopt(self):
        self.prepare("--env", "QUALITY=70")
        function, [role], [policy] = self.function, self.account.roles.values(), self.account.policies.values()
        for part, kind in ((function, "function"), (role, "role"), (policy, "policy")):
            ours, part["Description"] = part["Description"], FOREIGN
            self.assertIn(f"there is a {kind} cos-thumbnailer", self.refused("--memory", "1024"))
            part["Description"] = ours
        self.assertEqual(self.recorder.writes(), [])
        function["Description"] = role["Description"] = FOREIGN
        self.assertIn("was not created by scripts/deploy", self.refused(script="undeploy"))
        self.assertEqual(self.applied("--adopt"), ["UpdateFunctionCode", "UpdateFunctionConfiguration"])
        self.assertEqual(self.function["Environment"], {"Variables": []})
        # The role still has its own description, so it is kept.
        self.assertEqual(self.undeployed()[-2:], ["DetachRolePolicy", "DeletePolicy"])
        self.assertEqual(list(self.account.roles), ["cos-thumbnailer-ap-guangzhou"])

    def test_foreign_triggers_are_kept(self):
        self.prepare()
        name = {"FunctionName": "cos-thumbnailer"}
        self.account.answer("CreateTrigger", {**name, "TriggerName": "nightly", "Type": "timer", "TriggerDesc": "0 0 1 * * * *"})
        other = "other-1250000000.cos.ap-guangzhou.myqcloud.com"
        desc = '{"bucketUrl":"%s","event":"cos:ObjectCreated:*","filter":{"Prefix":"x/","Suffix":".jpg"}}' % other
        self.account.answer("CreateTrigger", {**name, "TriggerName": other, "Type": "cos", "TriggerDesc": desc})
        self.assertEqual(self.applied(), [])
        self.assertIn("the timer trigger nightly was not created by scripts/deploy; it was kept", self.said)
        self.assertIn(f"the cos trigger {other} was not created by scripts/deploy; it was kept", self.said)
        self.assertIn("triggers that scripts/deploy did not create (timer nightly)", self.refused(script="undeploy"))
        self.assertEqual(self.recorder.writes(), [])

    def test_equivalent_notations_of_responses_are_no_difference(self):
        self.prepare()
        [role], [policy] = self.account.roles.values(), self.account.policies.values()
        role["PolicyDocument"] = ('{"statement":[{"principal":{"service":"scf.qcloud.com"},"effect":"allow",'
                                  '"action":["sts:AssumeRole"]}],"version":"2.0"}')
        document = json.loads(policy["PolicyDocument"])
        document["statement"].reverse()
        policy["PolicyDocument"] = json.dumps(document).replace("/", "\\/")
        for trigger in self.function["_triggers"]:
            desc = json.loads(trigger["TriggerDesc"])
            trigger["TriggerDesc"] = json.dumps({"bucketUrl": trigger["TriggerName"], **desc})
            trigger["Description"] = ""
        del self.function["InitTimeout"]
        self.function["Role"] = "qcs::cam::uin/100000000001:roleName/" + self.function["Role"]
        self.function["Status"] = "Updating"
        self.assertEqual(self.applied(), [])
        role["PolicyDocument"] = role["PolicyDocument"].replace("scf.", "cvm.")
        self.assertEqual(self.applied(), ["UpdateAssumeRolePolicy"])
        self.function["Status"] = "CreateFailed"
        self.assertIn("delete it with scripts/undeploy", self.refused())

    def test_a_wrong_key_is_refused_and_not_printed(self):
        self.environment = self.recorder.environment(secret_key="hush-hush-hush")
        self.assertIn("AuthFailure.SignatureFailure", self.refused())
        self.assertIn("nothing was changed", self.said)
        self.assertEqual(self.recorder.calls, [])
        self.assertNotIn("hush", self.said)

    def test_a_missing_key_is_reported_with_its_remedy(self):
        self.environment = {name: value for name, value in self.environment.items() if "SECRET" not in name}
        self.assertIn("set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY", self.refused())


if __name__ == "__main__":
    unittest.main()
