"""The bill of materials of a zip, by the official schema of CycloneDX."""
import hashlib
import json
import tomllib
import unittest

import support
import review
import sbom
from crates import ALL_FEATURES, crates
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

TOOLS = {"rustc": "1.95.0", "zig": "0.17.1"}


class Sbom(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.crates = crates(ALL_FEATURES)

    def bill(self, crates=None):
        return sbom.document(b"program", crates or self.crates, review.reviewed()["native"], TOOLS)

    def faults(self, bill):
        return JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.written(bill).decode())

    def test_it_obeys_the_schema(self):
        bill = self.bill()
        self.assertIsNone(self.faults(bill))
        bill["components"][0]["hashes"][0]["content"] = "no hash"
        self.assertIsNotNone(self.faults(bill))

    def test_the_same_program_has_the_same_bill(self):
        self.assertEqual(sbom.written(self.bill()), sbom.written(self.bill(crates(ALL_FEATURES))))

    def test_every_crate_has_the_hash_of_the_registry(self):
        found = {component.get("purl"): component for component in self.bill()["components"]}
        linked = 0
        for package in tomllib.loads((support.ROOT / "Cargo.lock").read_text())["package"]:
            component = found.pop(f"pkg:cargo/{package['name']}@{package['version']}", None)
            if component:
                linked += "scope" not in component
                self.assertEqual(component["hashes"], [{"alg": "SHA-256", "content": package["checksum"]}])
        self.assertGreater(linked, 200)
        self.assertEqual(set(found), {None}, "components that Cargo.lock does not have")

    def test_the_graph_connects_all_that_is_listed(self):
        bill = self.bill()
        root = bill["metadata"]["component"]
        self.assertEqual(root["hashes"][0]["content"], hashlib.sha256(b"program").hexdigest())
        uses = {node["ref"]: node["dependsOn"] for node in bill["dependencies"]}
        reached, waiting = set(), [root["bom-ref"]]
        while waiting:
            reference = waiting.pop()
            if reference not in reached:
                reached.add(reference)
                waiting += uses.get(reference, [])
        self.assertEqual(reached, {component["bom-ref"] for component in [root, *bill["components"]]})
        self.assertIn("libwebp@1.6.0", uses[next(reference for reference in uses if reference.startswith("libwebp-sys@"))])

    def test_assembler_is_listed_only_if_it_is_built(self):
        names = {component["name"] for component in self.bill(crates(()))["components"]}
        self.assertNotIn("dav1d", names)
        self.assertIn("dav1d", {component["name"] for component in self.bill()["components"]})
        self.assertNotIn("rust_h265", names)

    def test_it_is_text_of_json_without_time_or_random_number(self):
        bill = json.loads(sbom.written(self.bill()))
        self.assertFalse({"serialNumber", "timestamp"} & {*bill, *bill["metadata"]})


if __name__ == "__main__":
    unittest.main()
