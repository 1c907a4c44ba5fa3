"""What is to be there after a deployment, and the calls that bring it about."""
import base64
import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import zipfile

from archive import CONFIG, PROGRAM, packed, unpacked
from names import DEFAULTS as NAME_DEFAULTS
from names import MADE, Wrong, trigger_desc

RUNTIME, HANDLER = "CustomRuntime", "bootstrap.main"
TRUST = {"version": "2.0", "statement": [{"action": "name/sts:AssumeRole", "effect": "allow",
                                          "principal": {"service": ["scf.qcloud.com"]}}]}
# UpdateFunctionCode takes 20 MB (CreateFunction 50 MB): what can be created but not updated is refused at once.
LARGEST_ZIP = 20 * 1024 * 1024
LARGEST_ENVIRONMENT = 4 * 1024
RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
SECRETS = ("COS_SECRET_ID", "COS_SECRET_KEY")
# What deploy/terraform has as well, which a test compares.
DEFAULTS = {**NAME_DEFAULTS, "memory": 512, "timeout": 30, "init_timeout": 10, "retries": 2, "keep_events": 21600}


class Wanted:
    """A deployment as the options describe it, checked by the program that is deployed."""

    def __init__(self, names, options):
        self.names = names
        self.memory, self.timeout, self.init_timeout = options.memory, options.timeout, options.init_timeout
        self.retries, self.keep_events = options.retries, options.keep_events
        self.environment = environment_of(options.env)
        self._check_numbers()
        self.zip = with_config(options.zip, options.config)
        self.digest = hashlib.sha256(self.zip).hexdigest()
        self.meaning, self.policy, self.triggers = self._ask_program(options.source, options.allow_listing)

    def _check_numbers(self):
        table = [
            ("--memory", self.memory, self.memory == 64 or (self.memory in range(128, 3073) and self.memory % 128 == 0),
             "64, or 128 to 3072 in steps of 128 (MB)"),
            ("--timeout", self.timeout, self.timeout in range(1, 901), "1 to 900 seconds"),
            ("--init-timeout", self.init_timeout, self.init_timeout in range(3, 301), "3 to 300 seconds"),
            ("--retries", self.retries, self.retries >= 0, "0 or more"),
            ("--keep-events", self.keep_events, self.keep_events in range(1, 21601), "1 to 21600 seconds (six hours)"),
        ]
        for option, value, good, rule in table:
            if not good:
                raise Wrong(f"{option} {value} is not possible: it must be {rule}")

    def _ask_program(self, sources, allows_listing):
        """What the program in the zip says of its configuration, its rights and its triggers."""
        with tempfile.TemporaryDirectory() as folder:
            for name, content, _ in unpacked(self.zip):
                if name in (PROGRAM, CONFIG):
                    (pathlib.Path(folder) / name).write_bytes(content)
            program = pathlib.Path(folder) / PROGRAM
            program.chmod(0o755)
            environment = {**self.environment, "USER_CODE_ROOT": folder}
            where = ["--region", self.names.region] + [word for source in sources for word in ("--source", source)]
            rights = ["--allow-listing"] if allows_listing else []

            def ask(*arguments):
                try:
                    done = subprocess.run([program, *arguments], text=True, capture_output=True, env=environment)
                except OSError as error:
                    raise Wrong(f"the program in the zip, which checks the configuration, does not run here ({error}); "
                                "deploy from Linux on x86-64") from error
                if done.returncode:
                    raise Wrong(done.stderr.strip().removeprefix("cos-thumbnailer: "))
                return done.stdout

            return ask("check"), json.loads(ask("policy", *where, *rights)), json.loads(
                ask("triggers", *where))["triggers"]

    # The calls. Each is a service, an action and its parameters.

    def create_role(self):
        return "cam", "CreateRole", {"RoleName": self.names.role, "PolicyDocument": compact(TRUST),
                                     "Description": self.names.owner()}

    def update_trust(self):
        return "cam", "UpdateAssumeRolePolicy", {"RoleName": self.names.role, "PolicyDocument": compact(TRUST)}

    def create_policy(self):
        return "cam", "CreatePolicy", {"PolicyName": self.names.policy, "PolicyDocument": compact(self.policy),
                                       "Description": self.names.owner()}

    def update_policy(self, document):
        return "cam", "UpdatePolicy", {"PolicyName": self.names.policy, "PolicyDocument": compact(document)}

    def attach_policy(self):
        return "cam", "AttachRolePolicy", {"AttachRoleName": self.names.role, "PolicyName": self.names.policy}

    def configuration(self):
        """The settings of the function that can be changed."""
        variables = [{"Key": key, "Value": value} for key, value in sorted(self.environment.items())]
        return {"Description": self.names.described(self.digest), "MemorySize": self.memory, "Timeout": self.timeout,
                "InitTimeout": self.init_timeout, "Role": self.names.role, "Environment": {"Variables": variables}}

    def create_function(self):
        return "scf", "CreateFunction", self.names.of_function(
            Runtime=RUNTIME, Handler=HANDLER, Type="Event", CodeSource="ZipFile", Code=self._code(),
            # COS is reached by its public name, which leads to internal addresses where it can.
            PublicNetConfig={"PublicNetStatus": "ENABLE", "EipConfig": {"EipStatus": "DISABLE"}},
            DnsCache="TRUE", InstallDependency="FALSE", **self.configuration())

    def update_code(self):
        return "scf", "UpdateFunctionCode", self.names.of_function(
            Handler=HANDLER, CodeSource="ZipFile", Code=self._code(), Publish="FALSE", InstallDependency="FALSE")

    def update_configuration(self, changed):
        return "scf", "UpdateFunctionConfiguration", self.names.of_function(Publish="FALSE", **changed)

    def update_retries(self):
        config = {"RetryConfig": [{"RetryNum": self.retries}], "MsgTTL": self.keep_events}
        return "scf", "UpdateFunctionEventInvokeConfig", self.names.of_function(AsyncTriggerConfig=config)

    def create_trigger(self, trigger):
        return "scf", "CreateTrigger", self.names.of_function(
            Type="cos", TriggerName=domain(trigger), TriggerDesc=trigger_desc(trigger["event"], trigger["prefix"]),
            Qualifier="$DEFAULT", Enable="OPEN", Description=MADE)

    def _code(self):
        return {"ZipFile": base64.b64encode(self.zip).decode()}


def domain(trigger):
    """What COS triggers are called: the bucket's domain of the XML API."""
    return f"{trigger['bucket']}.cos.{trigger['region']}.myqcloud.com"


def compact(document):
    """A policy as calls take it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def environment_of(pairs):
    """The variables of the function, from `NAME=VALUE` each."""
    environment = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise Wrong(f"--env {name} has no value: write --env NAME=VALUE")
        if name in SECRETS:
            raise Wrong(f"{name} would be readable by everyone who may see the function; leave the keys out: the function "
                        "gets those of its role")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{1,63}", name):
            raise Wrong(f"--env {name}: a name has 2 to 64 letters, digits and underscores, a letter first")
        if name.startswith(RESERVED):
            raise Wrong(f"--env {name}: names that begin with {', '.join(RESERVED)} are the platform's")
        if name in environment:
            raise Wrong(f"--env {name} is there twice")
        environment[name] = value
    size = sum(len((name + value).encode()) for name, value in environment.items())
    if size > LARGEST_ENVIRONMENT:
        raise Wrong(f"the variables have {size} bytes, and a function takes {LARGEST_ENVIRONMENT}; put the rules into a "
                    "thumbnails.json and name it with --config")
    return environment


def with_config(path, config):
    """The bytes of the zip, with `config` as its thumbnails.json where that is given."""
    try:
        content = path.read_bytes()
        files = unpacked(content)
    except (OSError, zipfile.BadZipFile) as error:
        raise Wrong(f"{path} cannot be read: {error}") from error
    if not any(name == PROGRAM and mode & 0o111 for name, _, mode in files):
        raise Wrong(f"{path} has no executable {PROGRAM}: build it with scripts/package")
    if config:
        try:
            rules = config.read_bytes()
        except OSError as error:
            raise Wrong(f"{config} cannot be read: {error}") from error
        content = packed([*(file for file in files if file[0] != CONFIG), (CONFIG, rules, 0o644)])
    if len(content) > LARGEST_ZIP:
        raise Wrong(f"{path} has {len(content)} bytes, and a function is updated with {LARGEST_ZIP} at most")
    return content


def shown(parameters, digest, size):
    """Parameters to print: of the zip only what tells it from others."""
    if "Code" not in parameters:
        return parameters
    return {**parameters, "Code": {"ZipFile": f"<{size} bytes, sha256 {digest}>"}}
