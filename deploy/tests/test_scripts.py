"""The scripts against the recorder, through the official tccli."""
import base64
import json
import unittest

import support
from recorder import SECRET_KEY

RIGHTS = ["CreateRole", "CreatePolicy", "AttachRolePolicy"]
TRIGGERS = ["CreateTrigger"] * 3
FRESH = [*RIGHTS, "CreateFunction", *TRIGGERS]
MINE = "somebody's own"


class Scripts(support.WithRecorder):
    def tearDown(self):
        self.assertNotIn(SECRET_KEY, getattr(self, "said", ""))
        for log in (self.folder / "home").rglob("*"):
            if log.is_file():
                self.assertNotIn(SECRET_KEY, log.read_text(errors="replace"), log)

    def prepare(self, *arguments):
        """Makes, in the account, what a fresh deployment makes: by its own dry run."""
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

    def test_a_deployment_from_its_beginning_to_its_end(self):
        self.assertEqual(self.applied(), FRESH)
        self.assertEqual(self.function["_code"], self.zip.read_bytes())
        self.assertEqual(self.function["Role"], "cos-thumbnailer-ap-guangzhou")
        self.assertEqual(self.triggers(), [(support.DOMAIN, json.dumps(
            {"event": event, "filter": {"Prefix": "", "Suffix": ""}}, separators=(",", ":")))
            for event in ("cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed")])

        self.assertEqual(self.applied(), [])
        self.assertIn("is as it should be", self.said)

        settings = ["--memory", "1024", "--timeout", "60", "--env", "QUALITY=70"]
        self.assertEqual(self.applied(*settings), ["UpdateFunctionConfiguration"])
        self.assertEqual((self.function["MemorySize"], self.function["Timeout"]), (1024, 60))
        self.assertEqual(self.function["Environment"]["Variables"], [{"Key": "QUALITY", "Value": "70"}])

        digest = support.zip_of(self.zip, "second")
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

    def test_a_change_that_broke_off_is_made_whole(self):
        self.prepare()
        [policy] = self.account.policies.values()
        support.zip_of(self.zip, "second")
        self.recorder.fail("UpdateFunctionConfiguration", "InternalError")
        self.refused("--env", "TARGET_BUCKET=thumbs-1250000000")
        self.assertEqual(self.recorder.writes(), ["UpdatePolicy", "UpdateFunctionCode", "UpdateFunctionConfiguration"])
        # Until the function is changed it has its former rights as well.
        for bucket in ("photosresized", "thumbs"):
            self.assertIn(f"uid/1250000000:{bucket}-1250000000/*", policy["PolicyDocument"])
        # Nothing tells that the code was uploaded, so it is again.
        self.assertEqual(self.applied("--env", "TARGET_BUCKET=thumbs-1250000000"),
                         ["UpdatePolicy", "UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdatePolicy"])
        self.assertNotIn("photosresized", policy["PolicyDocument"])
        self.assertEqual(self.function["_code"], self.zip.read_bytes())

    def test_a_second_run_goes_on_where_the_first_broke_off(self):
        self.recorder.fail("CreateRole", "RequestLimitExceeded")
        # A new role is not known everywhere at once.
        self.recorder.fail("CreateFunction", "FailedOperation.QcsRoleNotFound")
        self.recorder.fail("CreateTrigger", "InvalidParameterValue.CosNotifyRuleConflict")
        said = self.refused()
        self.assertIn("CosNotifyRuleConflict", said)
        self.assertIn("a bucket sends an event to one function only", said)
        self.assertIn("what was done stays: created the role", said)
        self.assertEqual(self.recorder.writes(), ["CreateRole", *RIGHTS, "CreateFunction", "CreateFunction", "CreateTrigger"])
        self.assertEqual(self.applied(), TRIGGERS)

    def test_what_others_made_is_taken_over_on_request_only(self):
        self.prepare("--env", "QUALITY=70")
        function, [role], [policy] = self.function, self.account.roles.values(), self.account.policies.values()
        for part, what in ((function, "function"), (role, "role"), (policy, "policy")):
            ours, part["Description"] = part["Description"], MINE
            self.assertIn(f"there is a {what} cos-thumbnailer", self.refused("--memory", "1024"))
            part["Description"] = ours
        self.assertEqual(self.recorder.writes(), [])
        function["Description"] = role["Description"] = MINE
        self.assertIn("was not made by scripts/deploy", self.refused(script="undeploy"))
        self.assertEqual(self.applied("--adopt"), ["UpdateFunctionCode", "UpdateFunctionConfiguration"])
        self.assertEqual(self.function["Environment"], {"Variables": []})
        # The role stays somebody's.
        self.assertEqual(self.undeployed()[-2:], ["DetachRolePolicy", "DeletePolicy"])
        self.assertEqual(list(self.account.roles), ["cos-thumbnailer-ap-guangzhou"])

    def test_triggers_of_others_stay(self):
        self.prepare()
        name = {"FunctionName": "cos-thumbnailer"}
        self.account.answer("CreateTrigger", {**name, "TriggerName": "nightly", "Type": "timer", "TriggerDesc": "0 0 1 * * * *"})
        other = "other-1250000000.cos.ap-guangzhou.myqcloud.com"
        desc = '{"bucketUrl":"%s","event":"cos:ObjectCreated:*","filter":{"Prefix":"x/","Suffix":".jpg"}}' % other
        self.account.answer("CreateTrigger", {**name, "TriggerName": other, "Type": "cos", "TriggerDesc": desc})
        self.assertEqual(self.applied(), [])
        self.assertIn("the timer trigger nightly is not ours, and stays", self.said)
        self.assertIn(f"the cos trigger {other} is not ours, and stays", self.said)
        self.assertIn("triggers that scripts/deploy did not make (timer nightly)", self.refused(script="undeploy"))
        self.assertEqual(self.recorder.writes(), [])

    def test_answers_that_are_written_otherwise_are_no_difference(self):
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
        self.assertIn("take it away with scripts/undeploy", self.refused())

    def test_a_wrong_key_is_refused_and_not_shown(self):
        self.environment = self.recorder.environment(secret_key="hush-hush-hush")
        self.assertIn("AuthFailure.SignatureFailure", self.refused())
        self.assertIn("nothing was changed", self.said)
        self.assertEqual(self.recorder.calls, [])
        self.assertNotIn("hush", self.said)

    def test_without_a_key_the_remedy_is_told(self):
        self.environment = {name: value for name, value in self.environment.items() if "SECRET" not in name}
        self.assertIn("set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY", self.refused())


if __name__ == "__main__":
    unittest.main()
