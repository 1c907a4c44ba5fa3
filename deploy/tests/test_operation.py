"""`scripts/deploy test` and `scripts/deploy logs` with the official tccli, against the local cloud API."""
import json
import signal
import subprocess
import sys
import time

import support

FUNCTION = "cos-thumbnailer"


class Operation(support.WithRecorder):
    def setUp(self):
        super().setUp()
        name = {"FunctionName": FUNCTION, "Namespace": "default", "ClsTopicId": "a1b2c3d4-0000-4000-8000-000000000001",
                "Status": "Active", "_pending": False}
        self.account.functions["default", FUNCTION] = name
        self.account.functions["default", "other"] = {**name, "FunctionName": "other"}

    def send(self, *arguments):
        return self.script("deploy", "test", *arguments)

    def refused(self, done, sentence):
        self.assertEqual(done.returncode, 1, self.said)
        self.assertIn(sentence, done.stderr)
        self.assertNotIn("Traceback", self.said)

    def test_an_event_reaches_the_function_unchanged(self):
        event = support.ROOT / "events" / "put.json"
        self.account.answer_of_function = {"RetMsg": '{"outcomes":[{"outcome":"stored"}]}', "Log": 'one\n{"key":"\u001b"}'}
        done = self.send(str(event))
        self.assertEqual(done.returncode, 0, self.said)
        self.assertEqual(self.account.events, [json.loads(event.read_text())])
        self.assertEqual(json.loads(done.stdout), {"outcomes": [{"outcome": "stored"}]})
        self.assertIn('one\n{"key":"\\x1b"}\n', done.stderr)
        self.assertIn("answered after 42 ms, memory 31 MB, request f-1", done.stderr)

    def test_bucket_and_key_are_put_into_the_records(self):
        event = str(support.ROOT / "events" / "batch.json")
        self.assertEqual(self.send(event, "--source", "mine-7", "--key", "a b/猫.jpg").returncode, 0, self.said)
        [sent] = self.account.events
        for record in sent["Records"]:
            cos = record["cos"]
            self.assertEqual((cos["cosBucket"]["name"], cos["cosBucket"]["appid"]), ("mine", "7"))
            self.assertEqual(cos["cosObject"]["key"], "/7/mine/a b/猫.jpg")
            self.assertEqual(cos["cosObject"]["url"], "http://mine-7.cos.ap-guangzhou.myqcloud.com/a b/猫.jpg")
        self.send(str(support.ROOT / "events" / "put.json"), "--source", "mine-7")
        self.assertEqual(self.account.events[1]["Records"][0]["cos"]["cosObject"]["key"], "/7/mine/photos/lake.jpg")
        self.send(str(support.ROOT / "events" / "doctor.json"), "--source", "mine-7")
        self.assertEqual(self.account.events[2], {"doctor": {"sources": ["mine-7"]}})

    def test_failures_have_an_exit_status(self):
        event = str(support.ROOT / "events" / "put.json")
        for answer in ({"ErrMsg": "out of memory"}, {"RetMsg": '{"outcomes":[{"outcome":"failed"}]}'},
                       {"RetMsg": '{"healthy":false,"findings":[]}'}):
            self.account.answer_of_function = answer
            self.assertEqual(self.send(event).returncode, 1, answer)
        self.assertIn("healthy", self.said)

    def test_what_is_no_event_is_refused_before_any_call(self):
        photo = support.ROOT / "events" / "photos" / "lake.jpg"
        empty = self.folder / "list.json"
        empty.write_text("[]")
        self.refused(self.send(str(photo)), "is not JSON")
        self.refused(self.send(str(empty)), "is not an event")
        self.refused(self.send(str(self.folder / "none.json")), "cannot be read")
        event = str(support.ROOT / "events" / "put.json")
        self.refused(self.send(event, "--source", "mine"), "not a full bucket name")
        self.refused(self.send(str(support.ROOT / "events" / "doctor.json"), "--key", "x"), "need an event with Records")
        self.assertEqual(self.recorder.calls, [])
        self.refused(self.send(event, "--function", "missing"), "ResourceNotFound.Function")

    def log(self, text, seconds_ago, function=FUNCTION, **fields):
        number = len(self.account.log)
        fields = {"SCF_FunctionName": function, "SCF_RequestId": f"request-{number}", **fields}
        if text is not None:
            fields["SCF_Message"] = text
        self.account.log.append({"Time": int((time.time() - seconds_ago) * 1000), "PkgId": "p", "PkgLogId": str(number),
                                 "LogJson": json.dumps(fields)})

    def test_logs_are_printed_in_order_and_by_pages(self):
        for number in range(230):
            self.log(f"line {number}", 600 - number)
        self.log("another function", 5, function="other")
        self.log(None, 4, key="a\nb.jpg", outcome="stored", SCF_Type="Custom")
        self.log("too old", 3600)
        done = self.script("deploy", "logs")
        self.assertEqual(done.returncode, 0, self.said)
        lines = done.stdout.splitlines()
        self.assertEqual([line.split(" ", 3)[3] for line in lines],
                         [f"line {number}" for number in range(230)] + ['{"key": "a\\nb.jpg", "outcome": "stored"}'])
        self.assertEqual(lines[0].split()[2], "request-")

    def test_a_query_narrows_the_search(self):
        self.assertEqual(self.script("deploy", "logs", "--query", "failed").returncode, 0, self.said)
        [search] = [parameters for action, parameters in self.recorder.calls if action == "cls.SearchLog"]
        self.assertEqual(search["QueryString"], 'SCF_FunctionName:"cos-thumbnailer" AND (failed)')

    def test_tail_prints_new_and_late_lines_once(self):
        self.log("first", 30)
        command = [sys.executable, self.root / "scripts" / "deploy", "logs", "--tail", "--region", "ap-guangzhou"]
        tail = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        self.addCleanup(tail.kill)
        self.assertIn("first", tail.stdout.readline())
        self.log("late", 20)
        self.assertIn("late", tail.stdout.readline())
        self.log("new", 0)
        self.assertIn("new", tail.stdout.readline())
        tail.send_signal(signal.SIGINT)
        out, err = tail.communicate(timeout=20)
        self.assertEqual((tail.returncode, out, err), (0, "", ""))

    def test_a_function_without_log_topic_is_told(self):
        self.account.functions["default", FUNCTION]["ClsTopicId"] = ""
        self.refused(self.script("deploy", "logs"), "has no log topic")
        self.refused(self.script("deploy", "logs", "--function", "missing"), "there is no function missing")
        self.refused(self.script("deploy", "logs", "--minutes", "0"), "1 or more")
