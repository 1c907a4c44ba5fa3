"""The desired state of a deployment, and the calls that create or change its parts."""
import base64
import copy
import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import zipfile

from archive import DOCUMENTS, PROGRAM, configuration, packed, unpacked
from names import DEFAULTS as NAME_DEFAULTS
from names import MARKER, DeploymentError
from package_state import built_program
from triggers import EVENTS, bucket_domain, trigger_desc

RUNTIME, HANDLER = "CustomRuntime", "bootstrap.main"
TRUST = {"version": "2.0", "statement": [{"action": "name/sts:AssumeRole", "effect": "allow",
                                          "principal": {"service": ["scf.qcloud.com"]}}]}
# Limit of UpdateFunctionCode. CreateFunction accepts 50 MB, but such a function could never be updated.
LARGEST_ZIP = 20 * 1024 * 1024
LARGEST_ENVIRONMENT = 4 * 1024
RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
SECRETS = ("COS_SECRET_ID", "COS_SECRET_KEY")
# In place of a policy that no program could print.
UNKNOWN_POLICY = "<what cos-thumbnailer policy prints>"
# deploy/terraform has the same defaults; a test compares them.
DEFAULTS = {**NAME_DEFAULTS, "memory": 512, "timeout": 30, "init_timeout": 10, "retries": 2, "keep_events": 21600,
            # An event of sync has many records. A tenth of the concurrency that large regions have by default (583/11637).
            "sync_timeout": 300, "sync_concurrency": 12800}


class DesiredState:
    """A deployment as the options describe it. The program in the zip has checked its configuration.

    Without a zip, a program that was built elsewhere has checked it. Without any program the policy and the triggers are
    unknown, and their places hold a text in angle brackets.
    """

    def __init__(self, names, options, package, prepare=lambda: None):
        self.names = names
        self.memory, self.timeout, self.init_timeout = options.memory, options.timeout, options.init_timeout
        self.retries, self.keep_events = options.retries, options.keep_events
        self.environment = parse_environment(options.env)
        # Reserved concurrency in MB; None without a reservation.
        self.concurrency = None
        self._check_numbers()
        config = read_config(options.config) if options.config else None
        # Everything that can be checked without the program was checked.
        prepare()
        self.zip = None if package.is_missing else with_config(options.zip, config)
        self.digest = hashlib.sha256(self.zip).hexdigest() if self.zip else "<of the zip>"
        self.checker = None
        with tempfile.TemporaryDirectory() as folder:
            program = self._unpack_program(pathlib.Path(folder), config)
            known = program and self._ask_program(program, folder, options.source, options.allow_listing)
        self.policy, self.triggers = known or (UNKNOWN_POLICY, unknown_triggers(names.region, options.source))
        self.sync = self._for_sync(options) if options.sync_function is not None else None

    def _for_sync(self, options):
        """Returns the function for sync: the same code, role and settings, but no triggers, and a quota of its own."""
        sync = copy.copy(self)
        sync.names, sync.triggers = self.names.for_sync(options.sync_function), []
        sync.memory, sync.timeout = options.sync_memory or self.memory, options.sync_timeout
        sync.concurrency = options.sync_concurrency
        sync._check_numbers("--sync-")
        return sync

    def functions(self):
        """Returns the desired states of all functions."""
        return [self] + ([self.sync] if self.sync else [])

    def _check_numbers(self, prefix="--"):
        """Refuses numbers that the platform would refuse, before the first call."""
        table = [
            (prefix + "memory", self.memory, self.memory == 64 or (self.memory in range(128, 3073) and self.memory % 128 == 0),
             "64, or 128 to 3072 in steps of 128 (MB)"),
            (prefix + "timeout", self.timeout, self.timeout in range(1, 901), "1 to 900 seconds"),
            (prefix + "concurrency", self.concurrency, self.concurrency is None or self.concurrency >= self.memory,
             f"the memory of the function, {self.memory}, or more (MB)"),
            ("--init-timeout", self.init_timeout, self.init_timeout in range(3, 301), "3 to 300 seconds"),
            ("--retries", self.retries, self.retries >= 0, "0 or more"),
            ("--keep-events", self.keep_events, self.keep_events in range(1, 21601), "1 to 21600 seconds (six hours)"),
        ]
        for option, value, is_valid, rule in table:
            if not is_valid:
                raise DeploymentError(f"{option} {value} is invalid: it must be {rule}")

    def _unpack_program(self, folder, config):
        """Writes the configuration into a folder, and returns the program that checks it: that of the zip, or another."""
        if self.zip is None:
            for name, content, _ in config or []:
                (folder / name).write_bytes(content)
            self.checker = built_program()
            return self.checker
        for name, content, _ in unpacked(self.zip):
            if name not in DOCUMENTS and name == pathlib.Path(name).name:
                (folder / name).write_bytes(content)
        program = folder / PROGRAM
        program.chmod(0o755)
        return program

    def _ask_program(self, program, folder, sources, allows_listing):
        """Lets a program check the configuration in a folder; returns its policy and its triggers."""
        environment = {**self.environment, "USER_CODE_ROOT": folder}
        buckets = ["--region", self.names.region] + [word for source in sources for word in ("--source", source)]
        listing = ["--allow-listing"] if allows_listing else []

        def ask(*arguments):
            try:
                done = subprocess.run([program, *arguments], text=True, capture_output=True, env=environment)
            except OSError as error:
                raise DeploymentError("the program in the zip, which checks the configuration, does not run on this "
                                      f"machine ({error}); deploy from Linux on x86-64") from error
            if done.returncode:
                raise DeploymentError(done.stderr.strip().removeprefix("cos-thumbnailer: "))
            return done.stdout

        ask("check")
        return json.loads(ask("policy", *buckets, *listing)), json.loads(ask("triggers", *buckets))["triggers"]

    # Calls: service, action and parameters.

    def create_role(self):
        return "cam", "CreateRole", {"RoleName": self.names.role, "PolicyDocument": compact(TRUST),
                                     "Description": self.names.owner_description()}

    def update_trust(self):
        return "cam", "UpdateAssumeRolePolicy", {"RoleName": self.names.role, "PolicyDocument": compact(TRUST)}

    def create_policy(self):
        return "cam", "CreatePolicy", {"PolicyName": self.names.policy, "PolicyDocument": compact(self.policy),
                                       "Description": self.names.owner_description()}

    def update_policy(self, document):
        return "cam", "UpdatePolicy", {"PolicyName": self.names.policy, "PolicyDocument": compact(document)}

    def attach_policy(self):
        return "cam", "AttachRolePolicy", {"AttachRoleName": self.names.role, "PolicyName": self.names.policy}

    def configuration(self):
        """Returns the settings of the function that UpdateFunctionConfiguration can change."""
        variables = [{"Key": key, "Value": value} for key, value in sorted(self.environment.items())]
        return {"Description": self.names.function_description(self.digest), "MemorySize": self.memory,
                "Timeout": self.timeout, "InitTimeout": self.init_timeout, "Role": self.names.role,
                "Environment": {"Variables": variables}}

    def create_function(self):
        return "scf", "CreateFunction", self.names.function_parameters(
            Runtime=RUNTIME, Handler=HANDLER, Type="Event", CodeSource="ZipFile", Code=self._code(),
            # The public host of COS resolves to internal addresses within the region (436/30613).
            PublicNetConfig={"PublicNetStatus": "ENABLE", "EipConfig": {"EipStatus": "DISABLE"}},
            DnsCache="TRUE", InstallDependency="FALSE", **self.configuration())

    def update_code(self):
        return "scf", "UpdateFunctionCode", self.names.function_parameters(
            Handler=HANDLER, CodeSource="ZipFile", Code=self._code(), Publish="FALSE", InstallDependency="FALSE")

    def update_configuration(self, changed):
        return "scf", "UpdateFunctionConfiguration", self.names.function_parameters(Publish="FALSE", **changed)

    def update_retries(self):
        config = {"RetryConfig": [{"RetryNum": self.retries}], "MsgTTL": self.keep_events}
        return "scf", "UpdateFunctionEventInvokeConfig", self.names.function_parameters(AsyncTriggerConfig=config)

    def update_concurrency(self):
        return "scf", "PutReservedConcurrencyConfig", self.names.function_parameters(ReservedConcurrencyMem=self.concurrency)

    def create_trigger(self, trigger):
        return "scf", "CreateTrigger", self.names.function_parameters(
            Type="cos", TriggerName=bucket_domain(trigger), TriggerDesc=trigger_desc(trigger["event"], trigger["prefix"]),
            Qualifier="$DEFAULT", Enable="OPEN", Description=MARKER)

    def _code(self):
        return {"ZipFile": base64.b64encode(self.zip or b"").decode()}


def compact(document):
    """Serialises a policy for a call. A text in place of an unknown one stays as it is."""
    return document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def parse_environment(pairs):
    """Returns the variables of the function from `NAME=VALUE` pairs."""
    environment = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise DeploymentError(f"--env {name} has no value: write --env NAME=VALUE")
        if name in SECRETS:
            raise DeploymentError(f"{name} would be readable by everyone who may view the function; remove --env {name}: the "
                                  "function uses the keys of its role")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{1,63}", name):
            raise DeploymentError(f"--env {name}: the name is invalid; use 2 to 64 letters, digits and underscores, and begin "
                                  "with a letter")
        if name.startswith(RESERVED):
            raise DeploymentError(f"--env {name}: names that begin with {', '.join(RESERVED)} are reserved for the platform")
        if name in environment:
            raise DeploymentError(f"--env {name} is given twice")
        environment[name] = value
    size = sum(len((name + value).encode()) for name, value in environment.items())
    if size > LARGEST_ENVIRONMENT:
        raise DeploymentError(f"the variables have {size} bytes, and a function accepts {LARGEST_ENVIRONMENT}; put the "
                              "rules into a thumbnails.json and pass it with --config")
    return environment


def unknown_triggers(region, sources):
    """Returns the triggers of the buckets that options name, without the prefixes, which only the program knows."""
    return [{"bucket": bucket, "region": region, "event": event, "prefix": "<prefix of the keys>"}
            for bucket in sources or ["<bucket>"] for event in EVENTS]


def read_config(path):
    """Returns the files of a configuration."""
    try:
        return configuration(path)
    except OSError as error:
        raise DeploymentError(f"{path} cannot be read: {error}") from error


def with_config(path, config):
    """Returns the bytes of the zip. `config`, the files of a configuration if given, replace those of the same names."""
    try:
        content = path.read_bytes()
        files = unpacked(content)
    except (OSError, zipfile.BadZipFile) as error:
        raise DeploymentError(f"{path} cannot be read: {error}") from error
    if not any(name == PROGRAM and mode & 0o111 for name, _, mode in files):
        raise DeploymentError(f"{path} contains no executable {PROGRAM}: build it with scripts/package")
    if config is not None:
        names = {name for name, _, _ in config}
        content = packed([*(file for file in files if file[0] not in names), *config])
    if len(content) > LARGEST_ZIP:
        raise DeploymentError(f"{path} has {len(content)} bytes, and an update accepts at most {LARGEST_ZIP}")
    return content


def printable(parameters, digest, size):
    """Returns the parameters with the size and hash of the zip in place of its content."""
    if "Code" not in parameters:
        return parameters
    text = f"<{size} bytes, sha256 {digest}>" if size else "<the zip, which --apply builds>"
    return {**parameters, "Code": {"ZipFile": text}}
