#!/usr/bin/env python3
"""A function whose events name its behaviour."""

import http.client
import json
import os
import sys
import time


def call(method, path, body=None):
    api = http.client.HTTPConnection(os.environ["SCF_RUNTIME_API"], int(os.environ["SCF_RUNTIME_API_PORT"]))
    api.request(method, path, body)
    answer = api.getresponse()
    text = answer.read()
    return answer.status, dict(answer.getheaders()), text


def do(action, headers, event):
    if action == "error":
        return call("POST", "/runtime/invocation/error", "it went wrong")
    if action == "exit":
        print("leaving", flush=True)
        os._exit(7)
    if action == "answer and leave":
        call("POST", "/runtime/invocation/error", "the credentials have expired")
        os._exit(0)
    if action == "pause":
        time.sleep(0.5)
    if action == "note":
        time.sleep(0.1)
        with open(os.environ["ORDER_FILE"], "a") as file:
            file.write(str(event["number"]))
    if action == "sleep":
        time.sleep(60)
    if action == "allocate":
        held = bytearray(200 << 20)
        held[:: 4096] = b"x" * len(held[:: 4096])
        time.sleep(60)
    if action == "large":
        return call("POST", "/runtime/invocation/response", "x" * (7 << 20))
    if action == "twice":
        call("POST", "/runtime/invocation/response", "first")
        return call("POST", "/runtime/invocation/error", "second")
    if action == "fetch again":
        _, again, _ = call("GET", "/runtime/invocation/next")
        return call("POST", "/runtime/invocation/response", json.dumps([headers, again]))
    if action == "environment":
        return call("POST", "/runtime/invocation/response", json.dumps(dict(os.environ)))
    if action == "fail twice":
        count = os.environ["COUNT_FILE"]
        with open(count, "a") as file:
            file.write("x")
        if os.path.getsize(count) < 3:
            return call("POST", "/runtime/invocation/error", "not yet")
    print("to standard output", flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    return call("POST", "/runtime/invocation/response", json.dumps(headers))


if os.environ.get("NEVER_READY"):
    time.sleep(60)
if os.environ.get("DIE_EARLY"):
    sys.exit(3)
assert call("POST", "/runtime/init/ready", "")[0] == 400
print("starting", flush=True)
call("POST", "/runtime/init/ready", " ")
while True:
    try:
        status, headers, event = call("GET", "/runtime/invocation/next")
        action = json.loads(event)["do"] if status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        action = None
    if action is None:
        time.sleep(0.02)
        continue
    try:
        do(action, headers, json.loads(event))
    except (OSError, http.client.HTTPException):
        pass  # the runtime API is closed for a while; the loop tries again
