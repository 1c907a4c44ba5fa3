"""Comparison of deploy/terraform with the calls of scripts/deploy."""
import json
import re
import unittest

import support
import desired_state
import hcl2
import names
import policies

FOLDER = support.ROOT / "deploy" / "terraform"


def load(name):
    with open(FOLDER / name, encoding="utf-8") as file:
        return hcl2.load(file)


def named(blocks):
    """Returns blocks by their labels, which the reader leaves quoted."""
    return {label.strip('"'): body for block in blocks for label, body in block.items()}


def as_json(expression, **values):
    """Evaluates a jsonencode of literals. `values` replace the references."""
    text = re.fullmatch(r"\$\{jsonencode\((.*)\)\}", expression).group(1)
    for name, value in values.items():
        text = text.replace(f"triggers.value.{name}", json.dumps(value))
    return json.loads(re.sub(r"(\w+) = ", r'"\1": ', text))


class Terraform(support.WithFolder):
    def setUp(self):
        super().setUp()
        self.variables = named(load("variables.tf")["variable"])
        self.resources = {}
        for block in load("main.tf")["resource"]:
            for kind, body in block.items():
                self.resources.setdefault(kind.strip('"'), {}).update(named([body]))
        self.calls = self.dry_run()

    def dry_run(self, *arguments):
        """Returns the parameters of each action; those of its last call, which is that for the function for sync."""
        calls = [json.loads(line) for line in self.deploy(*arguments).stdout.splitlines()]
        return {call["action"]: call["parameters"] for call in calls}

    def value(self, expression):
        """Evaluates an argument with the defaults of its variables."""
        if not isinstance(expression, str):
            return expression
        reference = re.fullmatch(r"\$\{var\.(\w+)\}", expression)
        if reference:
            return self.value(self.variables[reference.group(1)].get("default"))
        literal = re.fullmatch(r'"([^"$]*)"', expression)
        self.assertTrue(literal, f"{expression} is neither a string nor a variable")
        return literal.group(1)

    def test_defaults_equal_those_of_the_script(self):
        defaults = {name: self.value(self.variables[name].get("default")) for name in self.variables}
        for name, default in desired_state.DEFAULTS.items():
            # The provider has no argument for it.
            if name != "init_timeout":
                self.assertEqual(defaults.pop(name), default, name)
        self.assertEqual(defaults, {"region": None, "role": None, "sync_function": None, "sync_memory": None, "environment": {}, "zip": "../../dist/cos-thumbnailer.zip",
                                    "policy_file": "policy.json", "triggers_file": "triggers.json"})

    def test_the_function_equals_that_of_the_script(self):
        function = self.resources["tencentcloud_scf_function"]["function"]
        call = self.calls["CreateFunction"]
        table = {"name": "FunctionName", "namespace": "Namespace", "runtime": "Runtime", "handler": "Handler",
                 "func_type": "Type", "mem_size": "MemorySize", "timeout": "Timeout"}
        for argument, parameter in table.items():
            self.assertEqual(self.value(function[argument]), call[parameter], argument)
        self.assertEqual(function["dns_cache"], call["DnsCache"] == "TRUE")
        network = call["PublicNetConfig"]
        self.assertEqual(function["enable_public_net"], network["PublicNetStatus"] == "ENABLE")
        self.assertEqual(function["enable_eip_config"], network["EipConfig"]["EipStatus"] == "ENABLE")
        self.assertEqual(self.value(function["environment"]), {})
        self.assertEqual(call["Environment"]["Variables"], [])
        self.assertEqual(function["role"], "${tencentcloud_cam_role.function.name}")
        without_argument = {"InstallDependency", "CodeSource", "Code", "Description", "InitTimeout", "Role", "Environment", "DnsCache",
                     "PublicNetConfig"}
        self.assertEqual(set(call) - set(table.values()), without_argument, "a parameter without a counterpart in Terraform")

    def test_the_function_for_sync_equals_that_of_the_script(self):
        sync = self.resources["tencentcloud_scf_function"]["sync"]
        function = self.resources["tencentcloud_scf_function"]["function"]
        own = {"count": "${var.sync_function == null ? 0 : 1}", "name": "${var.sync_function}",
               "mem_size": "${var.sync_memory == null ? var.memory : var.sync_memory}", "timeout": "${var.sync_timeout}",
               "description": '"Made by Terraform for sync, code sha256 ${local.digest}"'}
        shared = {name: value for name, value in function.items() if name not in (*own, "dynamic", "__comments__")}
        self.assertEqual(sync, {**shared, **own})
        calls = self.dry_run("--sync-function")
        self.assertEqual(calls["CreateFunction"]["Timeout"], self.value(sync["timeout"]))
        of_script = {name: value for name, value in calls["CreateFunction"].items()
                     if name not in ("FunctionName", "Timeout", "Description")}
        self.assertEqual(of_script, {name: self.calls["CreateFunction"][name] for name in of_script})
        retries = self.resources["tencentcloud_scf_function_event_invoke_config"]
        self.assertEqual(retries["sync"]["async_trigger_config"], retries["function"]["async_trigger_config"])
        quota = self.resources["tencentcloud_scf_reserved_concurrency_config"]["sync"]
        self.assertEqual(self.value(quota["reserved_concurrency_mem"]),
                         calls["PutReservedConcurrencyConfig"]["ReservedConcurrencyMem"])

    def test_role_and_policy_equal_those_of_the_script(self):
        role = self.resources["tencentcloud_cam_role"]["function"]
        self.assertTrue(policies.is_equivalent(self.calls["CreateRole"]["PolicyDocument"], as_json(role["document"])))
        local = load("main.tf")["locals"][0]
        self.assertEqual(local["default_role"], '${join("-", concat([var.function, var.region], var.namespace == "default" '
                                                '? [] : [var.namespace]))}')
        self.assertEqual(names.Names("ap-guangzhou", "f1", "n1").role, "f1-ap-guangzhou-n1")
        self.assertEqual(self.resources["tencentcloud_cam_policy"]["function"]["document"], "${file(var.policy_file)}")

    def test_triggers_equal_those_of_the_script(self):
        [dynamic] = self.resources["tencentcloud_scf_function"]["function"]["dynamic"]
        [content] = dynamic['"triggers"']["content"]
        self.assertEqual(dynamic['"triggers"']["for_each"], "${local.triggers}")
        call = self.calls["CreateTrigger"]
        desc = json.loads(call["TriggerDesc"])
        desc_of_terraform = as_json(content["trigger_desc"], event=desc["event"], prefix=desc["filter"]["Prefix"])
        self.assertEqual((self.value(content["type"]), desc_of_terraform), (call["Type"], desc))
        # The provider builds the domain from both.
        bucket, region = content["name"], content["cos_region"]
        self.assertEqual((bucket, region), ("${triggers.value.bucket}", "${triggers.value.region}"))
        self.assertEqual(call["TriggerName"], f"{support.SOURCE}.cos.ap-guangzhou.myqcloud.com")

    def test_retries_equal_those_of_the_script(self):
        [config] = self.resources["tencentcloud_scf_function_event_invoke_config"]["function"]["async_trigger_config"]
        expected = self.calls["UpdateFunctionEventInvokeConfig"]["AsyncTriggerConfig"]
        [retry] = config["retry_config"]
        self.assertEqual([{"RetryNum": self.value(retry["retry_num"])}], expected["RetryConfig"])
        self.assertEqual(self.value(config["msg_ttl"]), expected["MsgTTL"])


if __name__ == "__main__":
    unittest.main()
