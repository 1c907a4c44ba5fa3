"""Calls of the cloud API through Tencent's command line tool `tccli`, in an environment of its own under target/deploy."""
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

from models import TOOLS, VERSIONS, violations
from names import NO_FUNCTION

# tccli and its imports, without the 400 MB of the SDK's other services.
PINS = [
    "tccli==3.1.189.1",
    "tencentcloud-sdk-python-cam==3.1.181",
    "tencentcloud-sdk-python-cls==3.1.192",
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
# Form in which tccli prints an error of the service.
API_ERROR = re.compile(r"code:(\S+) message:(.*?) requestId:(\S+)", re.S)
# Pauses before the repetitions of a call that exceeded the request rate, in seconds.
RATE_LIMIT_PAUSES = (1, 2, 4)
# Entries of one page of a CAM list.
PAGE = 200


class ApiError(Exception):
    """A call that failed: the error code of the service, or `tccli` when the tool itself failed."""

    def __init__(self, action, code, message, request_id=None):
        super().__init__(f"{action}: {code}: {message}" + (f" (request {request_id})" if request_id else ""))
        self.action, self.code = action, code


def install():
    """Installs tccli unless the pinned versions are installed, and returns its interpreter."""
    stamp = TOOLS / "pins"
    if not stamp.exists() or stamp.read_text() != "\n".join(PINS):
        print("installing tccli under target/deploy", file=sys.stderr)
        shutil.rmtree(TOOLS, ignore_errors=True)
        TOOLS.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True)
        subprocess.run([TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        "--no-compile", "--no-deps", *PINS], check=True)
        # Descriptions of other services are nine tenths of its size.
        for folder in TOOLS.glob("lib/python*/site-packages/tccli/services/*/"):
            if folder.name not in VERSIONS:
                shutil.rmtree(folder)
        stamp.write_text("\n".join(PINS))
    return TOOLS / "bin" / "python"


class Cloud:
    """Calls in one region, with the credentials of tccli.

    These are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or the profile that `tccli configure` wrote;
    TCCLI_PROFILE selects the profile.
    """

    def __init__(self, region):
        self.region = region
        # Bytecode is cached: compiling the modules of tccli takes half a second.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        server = pathlib.Path(__file__).parent / "tccli_server.py"
        self.server = subprocess.Popen([install(), server], text=True, env=environment, encoding="utf-8",
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.server.communicate)

    def call(self, service, action, parameters):
        """Returns the response to one call. Calls over the rate limit are repeated.

        Raises ApiError.
        """
        for pause in (*RATE_LIMIT_PAUSES, None):
            try:
                return self._call_once(service, action, parameters)
            except ApiError as error:
                if error.code != "RequestLimitExceeded" or pause is None:
                    raise
                time.sleep(pause)

    def _call_once(self, service, action, parameters):
        for code, sentence in violations(service, action, parameters):
            raise ApiError(action, code, sentence)
        # Passed in a file: the zip exceeds the limit of one argument, and tccli logs its arguments.
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as body:
            json.dump(parameters, body)
            body.flush()
            arguments = [service, action, "--version", VERSIONS[service], "--region", self.region, "--output", "json",
                         "--language", "en-US", "--timeout", "300", "--cli-input-json", f"file://{body.name}"]
            print(json.dumps(arguments), file=self.server.stdin, flush=True)
            answer = self.server.stdout.readline()
        if not answer:
            raise ApiError(action, "tccli", "the process ended without an answer")
        status, out, err = json.loads(answer)
        if status == 0:
            return json.loads(out)
        message = (err + out).strip()
        api_error = API_ERROR.search(message)
        if api_error:
            raise ApiError(action, *api_error.groups())
        raise ApiError(action, "tccli", message.splitlines()[-1] if message else f"it exited with status {status}")

    def find(self, service, action, parameters, absent):
        """Returns the response to one call, or None when its error code begins with one of `absent`."""
        try:
            return self.call(service, action, parameters)
        except ApiError as error:
            if error.code.startswith(absent):
                return None
            raise

    def function(self, names):
        """Returns the function of a deployment, or None when it does not exist."""
        return self.find("scf", "GetFunction", names.function_parameters(ShowCode="FALSE"), NO_FUNCTION)


def all_triggers(cloud, names):
    """Returns every trigger of the function."""
    found = []
    while True:
        page = cloud.call("scf", "ListTriggers", names.function_parameters(Offset=len(found), Limit=100))
        found += page["Triggers"]
        if not page["Triggers"] or len(found) >= page["TotalCount"]:
            return found


def policies_page(names, page=1):
    """Parameters of ListPolicies for the custom policies whose names contain that of the deployment."""
    return {"Scope": "Local", "Keyword": names.policy, "Rp": PAGE, "Page": page}


def attached_page(names, page=1):
    """Parameters of ListAttachedRolePolicies."""
    return {"RoleName": names.role, "Rp": PAGE, "Page": page}


def find_policy(cloud, names):
    """Returns the custom policy of the deployment, or None when it does not exist."""
    page = 1
    while True:
        listed = cloud.call("cam", "ListPolicies", policies_page(names, page))
        for policy in listed["List"]:
            if policy["PolicyName"] == names.policy:
                return policy
        if page * PAGE >= listed["TotalNum"] or not listed["List"]:
            return None
        page += 1


def attached_policies(cloud, names):
    """Returns the policies that are attached to the role."""
    found, page = [], 1
    while True:
        listed = cloud.call("cam", "ListAttachedRolePolicies", attached_page(names, page))
        found += listed["List"]
        if len(found) >= listed["TotalNum"] or not listed["List"]:
            return found
        page += 1


def print_calls(table, region):
    """Prints the calls of a dry run, `(condition, (service, action, parameters))` each, as one JSON object a line."""
    for condition, (service, action, parameters) in table:
        call = {"when": condition, "service": service, "version": VERSIONS[service], "action": action, "region": region,
                "parameters": parameters}
        print(json.dumps(call, ensure_ascii=False))
