"""Verification of TC3-HMAC-SHA256, the request signature of the cloud API (API 3.0, signature v3)."""
import hashlib
import hmac
import re
import time

# Tolerated difference of the clocks, in seconds.
SKEW = 300
AUTHORIZATION = re.compile(r"TC3-HMAC-SHA256 Credential=([^/,]+)/(\d{4}-\d\d-\d\d)/([a-z]+)/tc3_request, "
                           r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")


class BadSignature(Exception):
    """An invalid signature, with the error code of the response."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_request(headers, signed, body):
    lines = "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in signed)
    return "\n".join(["POST", "/", "", lines, ";".join(signed), sha256(body)])


def string_to_sign(timestamp, date, service, canonical):
    return "\n".join(["TC3-HMAC-SHA256", timestamp, f"{date}/{service}/tc3_request", sha256(canonical.encode())])


def signature(secret_key, date, service, text):
    key = mac(mac(mac(b"TC3" + secret_key.encode(), date), service), "tc3_request")
    return mac(key, text).hex()


def verify(headers, body, service, keys, now=None):
    """Verifies a request whose header names are in lower case. `keys` maps secret ids to secret keys.

    Raises BadSignature.
    """
    parts = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not parts:
        raise BadSignature("AuthFailure.InvalidAuthorization", "the Authorization header is missing or malformed")
    secret_id, date, scope, signed, given = parts.groups()
    signed = signed.split(";")
    if scope != service or not {"content-type", "host"} <= set(signed):
        raise BadSignature("AuthFailure.InvalidAuthorization", "the scope names another service, or a required header is unsigned")
    if secret_id not in keys:
        raise BadSignature("AuthFailure.SecretIdNotFound", "the secret id is unknown")
    timestamp = headers.get("x-tc-timestamp", "")
    if not timestamp.isdigit() or abs((now or time.time()) - int(timestamp)) > SKEW:
        raise BadSignature("AuthFailure.SignatureExpire", "the timestamp differs too much from the current time")
    if date != time.strftime("%Y-%m-%d", time.gmtime(int(timestamp))):
        raise BadSignature("AuthFailure.SignatureFailure", "the date differs from that of the timestamp")
    text = string_to_sign(timestamp, date, service, canonical_request(headers, signed, body))
    if not hmac.compare_digest(signature(keys[secret_id], date, service, text), given):
        raise BadSignature("AuthFailure.SignatureFailure", "the signature is wrong")
