"""The cloud API, by the vendor's own command line tool `tccli`, in an environment of its own under target/deploy."""
import atexit
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from models import TOOLS, VERSIONS, mistakes

# tccli and what it imports, without the 400 MB of the SDK's other services.
PINS = [
    "tccli==3.1.189.1",
    "tencentcloud-sdk-python-cam==3.1.181",
    "tencentcloud-sdk-python-common==3.1.195",
    "tencentcloud-sdk-python-cvm==3.1.178",
    "tencentcloud-sdk-python-scf==3.1.100",
    "certifi==2026.10.19.post1",
    "charset-normalizer==3.5.3",
    "cos-python-sdk-v5==1.9.44",
    "crcmod==1.7",
    "idna==3.20",
    "jmespath==1.1.0",
    "pycryptodome==4.4.0",
    "requests==2.34.2",
    "six==1.17.0",
    "urllib3==2.8.0",
    "xmltodict==1.0.4",
]
# What the tool prints when the service refuses.
REFUSAL = re.compile(r"code:(\S+) message:(.*?) requestId:(\S+)", re.S)
# Codes after which the same call may succeed: the first is a matter of rate.
PAUSES = (1, 2, 4)


class Refused(Exception):
    """The service, or the tool, did not do what was asked."""

    def __init__(self, action, code, message, request_id=None):
        super().__init__(f"{action}: {code}: {message}" + (f" (request {request_id})" if request_id else ""))
        self.action, self.code = action, code


def install():
    """The interpreter that has the tool, which is installed where it is missing."""
    stamp = TOOLS / "pins"
    if not stamp.exists() or stamp.read_text() != "\n".join(PINS):
        print("installing tccli under target/deploy", file=sys.stderr)
        shutil.rmtree(TOOLS, ignore_errors=True)
        TOOLS.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True)
        subprocess.run([TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        "--no-compile", "--no-deps", *PINS], check=True)
        # Nine tenths of it describe other services.
        for folder in TOOLS.glob("lib/python*/site-packages/tccli/services/*/"):
            if folder.name not in VERSIONS:
                shutil.rmtree(folder)
        stamp.write_text("\n".join(PINS))
    return TOOLS / "bin" / "python"


class Cloud:
    """Calls in one region, with the credentials that tccli finds: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or
    the profile that `tccli configure` wrote, which TCCLI_PROFILE names."""

    def __init__(self, region):
        self.region = region
        # Its modules are compiled once: they take half a second otherwise.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.tool = subprocess.Popen([install(), pathlib.Path(__file__).parent / "tccli_server.py"], text=True, env=environment,
                                     encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.tool.communicate)

    def call(self, service, action, parameters):
        """The answer to one call.

        Raises Refused. Calls that come too fast are made again.
        """
        for pause in (*PAUSES, None):
            try:
                return self._call(service, action, parameters)
            except Refused as refused:
                if refused.code != "RequestLimitExceeded" or pause is None:
                    raise
                time.sleep(pause)

    def _call(self, service, action, parameters):
        for code, sentence in mistakes(service, action, parameters):
            raise Refused(action, code, sentence)
        # In a file: the zip is longer than an argument may be, and the tool logs its arguments.
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as body:
            json.dump(parameters, body)
            body.flush()
            arguments = [service, action, "--version", VERSIONS[service], "--region", self.region, "--output", "json",
                         "--language", "en-US", "--timeout", "300", "--cli-input-json", f"file://{body.name}"]
            print(json.dumps(arguments), file=self.tool.stdin, flush=True)
            answer = self.tool.stdout.readline()
        if not answer:
            raise Refused(action, "tccli", "it ended")
        status, out, err = json.loads(answer)
        if status == 0:
            return json.loads(out)
        told = (err + out).strip()
        refusal = REFUSAL.search(told)
        if refusal:
            raise Refused(action, *refusal.groups())
        raise Refused(action, "tccli", told.splitlines()[-1] if told else f"it ended with {status}")

    def find(self, service, action, parameters, absent):
        """As call, or None where the service answers with a code that begins with one of `absent`."""
        try:
            return self.call(service, action, parameters)
        except Refused as refused:
            if refused.code.startswith(absent):
                return None
            raise


def all_triggers(cloud, names):
    """Every trigger of the function."""
    found = []
    while True:
        page = cloud.call("scf", "ListTriggers", names.of_function(Offset=len(found), Limit=100))
        found += page["Triggers"]
        if not page["Triggers"] or len(found) >= page["TotalCount"]:
            return found


def find_policy(cloud, names):
    """The custom policy of that name; None when there is none."""
    page = 1
    while True:
        listed = cloud.call("cam", "ListPolicies", {"Scope": "Local", "Keyword": names.policy, "Rp": 200, "Page": page})
        for policy in listed["List"]:
            if policy["PolicyName"] == names.policy:
                return policy
        if page * 200 >= listed["TotalNum"] or not listed["List"]:
            return None
        page += 1


def attached_policies(cloud, names):
    """The policies of the role."""
    found, page = [], 1
    while True:
        listed = cloud.call("cam", "ListAttachedRolePolicies", {"RoleName": names.role, "Rp": 200, "Page": page})
        found += listed["List"]
        if len(found) >= listed["TotalNum"] or not listed["List"]:
            return found
        page += 1
