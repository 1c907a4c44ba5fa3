"""The reviewed list of crates and the licences: every difference is told."""
import tomllib
import unittest

import support
import licences
import review
from rust_source import Count

TEXT = """[evidence]
fuzz = "A target runs it"

[[native]]
name = "part"
version = "1"
crate = "sample"
language = "C"
evidence = []

[crates]
"sample 1.0.0" = { unsafe = 2, lines = 9, forbids = false, evidence = ["fuzz"], audits = ["Somebody 0.9.0"] }
"""


class Review(unittest.TestCase):
    def mistakes(self, crate, count, text=TEXT):
        return review.mistakes([crate], {crate.key: count}, tomllib.loads(text))

    def test_the_list_is_that_of_the_program(self):
        self.assertEqual(self.mistakes(support.crate(), Count(2, 9)), [])
        self.assertEqual(len(self.mistakes(support.crate(), Count(3, 9))), 1)
        self.assertEqual(len(self.mistakes(support.crate(), Count(2, 9, forbids=True))), 1)
        self.assertEqual(self.mistakes(support.crate(version="1.0.1"), Count(2, 9)),
                         ["sample 1.0.1 is not in the list", "sample 1.0.0 is in the list, and not in the program"])
        self.assertEqual(len(self.mistakes(support.crate(), Count(2, 9), TEXT.replace('["fuzz"]', '["luck"]'))), 1)

    def test_unsafe_code_of_this_repository_is_told(self):
        text = TEXT.partition('"sample 1')[0]
        own = support.crate(checksum=None)
        self.assertEqual(self.mistakes(own, Count(0, 9, forbids=True), text), [])
        self.assertIn("must forbid unsafe code", self.mistakes(own, Count(0, 9), text)[0])

    def test_a_renewed_list_keeps_evidence_only_where_the_unsafe_code_is_the_same(self):
        newer = support.crate(version="1.0.1")
        kept = tomllib.loads(review.renewed(TEXT, [newer], {newer.key: Count(2, 10)}))["crates"]["sample 1.0.1"]
        self.assertEqual(kept, {"unsafe": 2, "lines": 10, "forbids": False, "evidence": ["fuzz"], "audits": ["Somebody 0.9.0"]})
        changed = tomllib.loads(review.renewed(TEXT, [newer], {newer.key: Count(3, 10)}))["crates"]["sample 1.0.1"]
        self.assertEqual(changed, {"unsafe": 3, "lines": 10, "forbids": False})

    def test_the_table_counts_what_nobody_tests(self):
        listed = tomllib.loads(TEXT)
        self.assertIn("| sample | 1.0.0 | 2 | 9 | fuzz, audit: Somebody 0.9.0 |", review.table(listed))
        self.assertIn("0 of them without", review.table(listed).replace("\n", " "))
        listed["crates"]["sample 1.0.0"] = {"unsafe": 2, "lines": 9, "forbids": False}
        self.assertIn("1 of them without", review.table(listed).replace("\n", " "))

    def test_licences_are_expressions(self):
        for expression, is_allowed in (("MIT", True), ("GPL-3.0 OR MIT", True), ("GPL-3.0 AND MIT", False), ("Unlicense/MIT", True),
                                       ("(MIT OR GPL-2.0) AND GPL-3.0", False), ("MIT WITH LLVM-exception", True), ("", False)):
            self.assertEqual(licences.is_allowed(expression, {"MIT"}), is_allowed, expression)
        config = {"licenses": {"allow": ["MIT"]}, "bans": {"deny": [{"crate": "worse"}]}}
        refused = licences.mistakes([support.crate(), support.crate("worse"), support.crate("bad", licence="GPL-3.0")], config)
        self.assertEqual([sentence.split(" ")[0] for sentence in refused], ["worse", "bad"])


if __name__ == "__main__":
    unittest.main()
