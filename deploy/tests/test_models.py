"""Validation of calls against the official models, including parameters that tccli would drop."""
import unittest

import support  # noqa: F401, sets the import path
import cloud
import models


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cloud.install()

    def codes(self, service, action, parameters):
        return [code for code, _ in models.violations(service, action, parameters)]

    def test_every_violation_is_found(self):
        name = {"FunctionName": "thumbnailer"}
        retries = {"RetryConfig": [{"RetryNum": 2}], "MsgTTL": 60}
        table = [
            ("DeleteFunction", name, []),
            ("DeleteFunction", {}, ["MissingParameter"]),
            ("DeleteFunction", {**name, "Nmaespace": "default"}, ["UnknownParameter"]),
            ("DeleteFunction", {"FunctionName": 1}, ["InvalidParameter"]),
            ("DropFunction", name, ["InvalidAction"]),
            ("UpdateFunctionConfiguration", {**name, "MemorySize": 512}, []),
            ("UpdateFunctionConfiguration", {**name, "MemorySize": "512"}, ["InvalidParameter"]),
            ("UpdateFunctionConfiguration", {**name, "MemorySize": True}, ["InvalidParameter"]),
            ("UpdateFunctionConfiguration", {**name, "Environment": {"Variables": [{"Name": "A"}]}}, ["UnknownParameter"]),
            ("UpdateFunctionConfiguration", {**name, "Environment": {"Variables": {"A": "b"}}}, ["InvalidParameter"]),
            ("UpdateFunctionEventInvokeConfig", {**name, "AsyncTriggerConfig": retries}, []),
            ("UpdateFunctionEventInvokeConfig", {**name, "AsyncTriggerConfig": {**retries, "RetryConfig": [{}]}},
             ["MissingParameter"]),
            ("ListTriggers", {**name, "Offset": -1}, ["InvalidParameter"]),
        ]
        for action, parameters, codes in table:
            self.assertEqual(self.codes("scf", action, parameters), codes, (action, parameters))
        self.assertEqual(self.codes("cam", "DeletePolicy", {"PolicyId": 7}), ["InvalidParameter"])
        self.assertEqual(self.codes("cam", "DeletePolicy", {"PolicyId": [7]}), [])
        self.assertEqual(self.codes("cam", "DeletePolicy", {"PolicyId": ["7"]}), ["InvalidParameter"])


if __name__ == "__main__":
    unittest.main()
