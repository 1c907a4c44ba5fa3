#!/usr/bin/env python3
"""A function that responds as the thumbnail function does, without making thumbnails."""

import http.client
import json
import os
import time


def call(method, path, body=None):
    api = http.client.HTTPConnection(os.environ["SCF_RUNTIME_API"], int(os.environ["SCF_RUNTIME_API_PORT"]))
    api.request(method, path, body)
    return api.getresponse().read()


def outcome(record):
    bucket = record["cos"]["cosBucket"]
    key = record["cos"]["cosObject"]["key"].split("/", 3)[3]
    full = f"{bucket['name']}-{bucket['appid']}"
    print("seen", key, os.environ["COS_ENDPOINT"].split(":")[0], os.environ.get("FLAVOUR", ""), flush=True)
    if "slow" in key:
        time.sleep(1)
    if "bad" in key:
        return {"bucket": full, "key": key, "outcome": "failed", "code": "source.damaged", "reason": "no end"}
    return {
        "bucket": full,
        "key": key,
        "outcome": "stored",
        "source": {"format": "jpeg", "width": 4000, "height": 3000, "bytes": 5},
        # The source replaces a thumbnail, so that the file exists.
        "thumbnails": [{"bucket": full, "key": key, "width": 200, "height": 150, "bytes": 5, "format": "webp"}],
        "ms": {"total": 12.3},
    }


call("POST", "/runtime/init/ready", " ")
while True:
    records = json.loads(call("GET", "/runtime/invocation/next"))["Records"]
    if any("crash" in record["cos"]["cosObject"]["key"] for record in records):
        os._exit(4)
    call("POST", "/runtime/invocation/response", json.dumps({"outcomes": [outcome(r) for r in records]}))
