"""A local server of the cloud API.

It verifies signatures, validates every call against the official models, answers from an account in memory, and records
the calls.
"""
import http.server
import json
import os
import pathlib
import threading

from cloud import VERSIONS

import models
from account import Account, Refusal
from signature import BadSignature, verify

SECRET_ID, SECRET_KEY = "AKIDrecorder0123456789", "recorder-secret-0123456789"


class Recorder:
    """A server that runs until `stop`. `folder` is the home folder of the processes that call it."""

    def __init__(self, folder):
        self.account, self.calls, self.faults = Account(), [], []
        self.folder, self.lock = pathlib.Path(folder), threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = json.dumps({"Response": recorder.respond(headers, body)}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self._write_profile()

    def _write_profile(self):
        """Configures tccli for this endpoint and for HTTP without TLS."""
        endpoint = "http://127.0.0.1:%d" % self.server.server_address[1]
        profile = {"_sys_param": {"arrayCount": 10, "output": "json", "region": "ap-guangzhou", "warning": "off"}}
        profile.update({name: {"endpoint": endpoint, "version": version} for name, version in VERSIONS.items()})
        (self.folder / ".tccli").mkdir()
        (self.folder / ".tccli" / "default.configure").write_text(json.dumps(profile))

    def environment(self, secret_key=SECRET_KEY):
        """Returns the environment of a process whose tccli calls this server."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                "TENCENTCLOUD_SECRET_ID": SECRET_ID, "TENCENTCLOUD_SECRET_KEY": secret_key}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def fail(self, action, code, times=1):
        """Makes the next calls of an action fail with this code."""
        self.faults += [(action, code)] * times

    def respond(self, headers, body):
        with self.lock:
            request_id = f"00000000-0000-4000-8000-{len(self.calls):012}"
            try:
                return {**self._respond(headers, body), "RequestId": request_id}
            except (BadSignature, Refusal) as refusal:
                return {"Error": {"Code": refusal.code, "Message": str(refusal)}, "RequestId": request_id}

    def _respond(self, headers, body):
        action, version = headers.get("x-tc-action", ""), headers.get("x-tc-version", "")
        service = next((name for name, known in VERSIONS.items() if known == version), None)
        if service is None:
            raise Refusal("NoSuchVersion", f"no service has the version {version}")
        verify(headers, body, service, {SECRET_ID: SECRET_KEY})
        if headers.get("x-tc-region") != "ap-guangzhou":
            raise Refusal("UnsupportedRegion", "this account is in ap-guangzhou")
        parameters = json.loads(body)
        self.calls.append((f"{service}.{action}", parameters))
        for code, sentence in models.violations(service, action, parameters):
            raise Refusal(code, sentence)
        for number, (failing, code) in enumerate(self.faults):
            if failing == action:
                del self.faults[number]
                raise Refusal(code, "injected by the test")
        return self.account.answer(action, parameters)

    def writes(self):
        """Returns the actions since the last call of this method that changed something, in order."""
        calls, self.calls = self.calls, []
        names = [name.split(".")[1] for name, _ in calls]
        return [name for name in names if not name.startswith(("Get", "List"))]
