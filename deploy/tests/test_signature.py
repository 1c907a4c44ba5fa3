"""Signature verification, with vectors of the official SDK."""
import json
import pathlib
import unittest

import signature

VECTORS = json.loads((pathlib.Path(__file__).parent / "tc3-vectors.json").read_text())


def headers_of(vector):
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    return {**headers, "authorization": vector["authorization"]}


class Signature(unittest.TestCase):
    def verify(self, headers, body, keys=None, now=None):
        keys = keys or {VECTORS["secret_id"]: VECTORS["secret_key"]}
        signature.verify(headers, body.encode(), VECTORS["service"], keys, now or VECTORS["timestamp"])

    def test_each_step_equals_the_vectors(self):
        for vector in VECTORS["vectors"]:
            headers, signed = headers_of(vector), ["content-type", "host"]
            canonical = signature.canonical_request(headers, signed, vector["body"].encode())
            self.assertEqual(canonical, vector["canonical_request"])
            timestamp, date = str(VECTORS["timestamp"]), VECTORS["date_utc"]
            text = signature.string_to_sign(timestamp, date, VECTORS["service"], canonical)
            self.assertEqual(text, vector["string_to_sign"])
            computed = signature.signature(VECTORS["secret_key"], date, VECTORS["service"], text)
            self.assertEqual(computed, vector["signature"])
            self.verify(headers, vector["body"])

    def test_changed_requests_are_refused(self):
        vector = VECTORS["vectors"][0]
        good = headers_of(vector)
        late, other_key = VECTORS["timestamp"] + 301, {VECTORS["secret_id"]: "another"}
        table = [
            (good, vector["body"] + " ", None, None, "AuthFailure.SignatureFailure"),
            ({**good, "host": "cam.tencentcloudapi.com"}, vector["body"], None, None, "AuthFailure.SignatureFailure"),
            (good, vector["body"], other_key, None, "AuthFailure.SignatureFailure"),
            (good, vector["body"], {"AKIDother": "x"}, None, "AuthFailure.SecretIdNotFound"),
            (good, vector["body"], None, late, "AuthFailure.SignatureExpire"),
            ({**good, "authorization": "Basic eA=="}, vector["body"], None, None, "AuthFailure.InvalidAuthorization"),
            ({**good, "authorization": good["authorization"].replace("content-type;host", "host")}, vector["body"], None,
             None, "AuthFailure.InvalidAuthorization"),
            ({**good, "authorization": good["authorization"].replace("2023-11-14", "2023-11-15")}, vector["body"], None,
             None, "AuthFailure.SignatureFailure"),
        ]
        for headers, body, keys, now, code in table:
            with self.assertRaises(signature.BadSignature) as refused:
                self.verify(headers, body, keys, now)
            self.assertEqual(refused.exception.code, code)


if __name__ == "__main__":
    unittest.main()
