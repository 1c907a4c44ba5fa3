"""The clients: how each is started, and what it is told for an operation."""

import json
import os
import re
import shutil
import subprocess

from environments import Unavailable

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN = "cos.ap-guangzhou.myqcloud.com"


# Keys that some clients cannot express.
DOT, EMPTY = "a/./b.jpg", "a//b.jpg"
URLLIB3 = {DOT: "urllib3 removes the dot segment after signing"}


class Failed(Exception):
    """An operation of a client failed."""


class Adapter:
    """A client. `cannot` has the keys that it cannot express, with the reason."""

    cannot = {}
    absent = ()

    def __init__(self, connection, environments, folder):
        self.connection, self.folder = connection, folder
        self.start(environments)

    def has(self, operation):
        return operation not in self.absent

    def close(self):
        """Ends its processes."""


class Library(Adapter):
    """A client library in a process of its own."""

    def start(self, environments):
        environment = dict(os.environ, http_proxy=self.connection["proxy"], no_proxy="127.0.0.1")
        connection = dict(self.connection)
        command = self.command(environments, connection)
        self.log = open(os.path.join(self.folder, f"{self.name}.log"), "w")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment
        )
        self.process.stdin.write(json.dumps(connection) + "\n")

    def command(self, environments, connection):
        python = os.path.join(environments.python(self.environment), "python")
        return [python, os.path.join(HERE, "sdk_python.py"), self.name]

    def ask(self, operation, *arguments):
        self.process.stdin.write(json.dumps({"operation": operation, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"the process of {self.name} ended; see {self.log.name}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["ok"]

    def __getattr__(self, operation):
        if operation not in ("put", "get", "list", "copy", "multipart", "presign", "delete"):
            raise AttributeError(operation)
        return lambda *arguments: self.ask(operation, *arguments)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()
        self.log.close()


class CosPythonSdk(Library):
    name, version, environment = "cos-python-sdk-v5", "1.9.44", "tencent"
    way = "proxy"


class CosNodeSdk(Library):
    name, version = "cos-nodejs-sdk-v5", "3.0.0"
    way = "proxy"

    def command(self, environments, connection):
        connection["modules"] = environments.node("node")
        return ["node", os.path.join(HERE, "sdk_node.js")]


class CosJsSdk(Library):
    name, version = "cos-js-sdk-v5", "1.10.1"
    way = "by name, from a page in Chromium"
    cannot = {DOT: "the browser removes the dot segment"}

    def command(self, environments, connection):
        connection["chromium"] = shutil.which("chromium") or shutil.which("google-chrome")
        if not connection["chromium"]:
            raise Unavailable("there is no chromium")
        connection["modules"] = environments.node("node")
        python = os.path.join(environments.python("browser"), "python")
        return [python, os.path.join(HERE, "sdk_browser.py")]


class Boto3(Library):
    name, version, environment = "boto3", "1.44.8", "boto3"
    way, cannot = "proxy, signature V4", URLLIB3


class Boto3V2(Library):
    name, version, environment = "boto3-v2", "1.44.8", "boto3"
    way, cannot = "proxy, signature V2", URLLIB3


class S3fs(Library):
    name, version, environment = "s3fs", "2026.9.0", "s3fs"
    way = "path style"


class Opendal(Library):
    name, version, environment = "opendal", "0.47.12", "rust"
    way = "proxy"
    absent = ("presign",)
    cannot = {DOT: "it removes dot segments", EMPTY: "it removes empty segments"}


class Obstore(Library):
    name, version, environment = "obstore", "0.12.1", "rust"
    way = "path style"
    cannot = {DOT: "it refuses dot segments", EMPTY: "it refuses empty segments"}


class Program(Adapter):
    """A command line program."""

    def run(self, *command, **environment):
        proxy = self.connection["proxy"]
        variables = dict(os.environ, http_proxy=proxy, HTTP_PROXY=proxy, HOME=self.folder, LC_ALL="C.UTF-8")
        variables.update(self.variables())
        done = subprocess.run(
            command, capture_output=True, text=True, env=variables, timeout=120, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise Failed(f"{' '.join(command[1:])}: {(done.stdout + done.stderr).strip()[-600:]}")
        return done.stdout

    def variables(self):
        return {}


class Coscmd(Program):
    name, version, way = "coscmd", "1.9.0.6", "proxy"

    def start(self, environments):
        self.program = os.path.join(environments.python("tencent"), "coscmd")
        self.options = ["-c", os.path.join(self.folder, "coscmd.conf"), "-l", os.path.join(self.folder, "coscmd.log")]
        c = self.connection
        self.coscmd(
            "config", "-a", c["id"], "-s", c["key"], "-b", c["bucket"], "-r", "ap-guangzhou", "--do-not-use-ssl",
            "--retry", "1",
        )

    def coscmd(self, *arguments):
        return self.run(self.program, *self.options, *arguments)

    def put(self, key, file):
        self.coscmd("upload", file, key)

    def get(self, key, file):
        self.coscmd("download", "-f", key, file)

    def list(self, prefix):
        pattern = re.compile(r"\s*(.+?)\s+\d+\s+[A-Z_]+\s+\d{4}-\d\d-\d\d")
        lines = map(pattern.match, self.coscmd("list", "-ar", prefix).splitlines())
        return [line.group(1) for line in lines if line]

    def copy(self, source, key):
        self.coscmd("copy", f"{self.connection['bucket']}.{DOMAIN}/{source}", key)

    def multipart(self, key, file):
        self.coscmd("upload", file, key)

    def presign(self, method, key):
        if method != "GET":
            raise NotImplementedError
        # It prints the URL as Python writes bytes.
        return self.coscmd("signurl", key).strip().removeprefix("b'").removesuffix("'")

    def delete(self, key):
        self.coscmd("delete", "-f", key)


class AwsCli(Program):
    name, version, way = "awscli", "1.46.3", "proxy, signature V4"
    cannot = URLLIB3

    def start(self, environments):
        self.program = os.path.join(environments.python("awscli"), "aws")
        with open(os.path.join(self.folder, "aws.conf"), "w") as file:
            file.write(
                "[default]\nregion = ap-guangzhou\nrequest_checksum_calculation = when_required\n"
                "response_checksum_validation = when_required\ns3 =\n  addressing_style = virtual\n"
                "  multipart_threshold = 5MB\n  multipart_chunksize = 5MB\n"
            )

    def variables(self):
        c = self.connection
        return {
            "AWS_ACCESS_KEY_ID": c["id"], "AWS_SECRET_ACCESS_KEY": c["key"], "AWS_MAX_ATTEMPTS": "1",
            "AWS_CONFIG_FILE": os.path.join(self.folder, "aws.conf"), "AWS_ENDPOINT_URL": f"http://{DOMAIN}",
        }

    def url(self, key):
        return f"s3://{self.connection['bucket']}/{key}"

    def put(self, key, file):
        self.run(self.program, "s3", "cp", file, self.url(key))

    multipart = put

    def get(self, key, file):
        self.run(self.program, "s3", "cp", self.url(key), file)

    def list(self, prefix):
        text = self.run(
            self.program, "s3api", "list-objects-v2", "--bucket", self.connection["bucket"], "--prefix", prefix,
            "--page-size", "4", "--output", "json",
        )
        return [entry["Key"] for entry in json.loads(text).get("Contents", [])]

    def copy(self, source, key):
        self.run(self.program, "s3", "cp", self.url(source), self.url(key))

    def presign(self, method, key):
        if method != "GET":
            raise NotImplementedError
        return self.run(self.program, "s3", "presign", self.url(key)).strip()

    def delete(self, key):
        self.run(self.program, "s3", "rm", self.url(key))


class S3cmd(Program):
    name, version, way = "s3cmd", "2.4.0", "proxy, signature V4"

    def start(self, environments):
        self.program = os.path.join(environments.python("s3cmd"), "s3cmd")
        c, self.file = self.connection, os.path.join(self.folder, "s3cmd.conf")
        host, port = c["proxy"].replace("http://", "").split(":")
        with open(self.file, "w") as file:
            file.write(
                f"[default]\naccess_key = {c['id']}\nsecret_key = {c['key']}\nhost_base = {DOMAIN}\n"
                f"host_bucket = %(bucket)s.{DOMAIN}\nbucket_location = ap-guangzhou\nuse_https = False\n"
                f"proxy_host = {host}\nproxy_port = {port}\nmultipart_chunk_size_mb = 5\nmax_retries = 1\n"
            )

    def s3cmd(self, *arguments):
        return self.run(self.program, "-c", self.file, "--no-progress", *arguments)

    def url(self, key):
        return f"s3://{self.connection['bucket']}/{key}"

    def put(self, key, file):
        self.s3cmd("put", file, self.url(key))

    multipart = put

    def get(self, key, file):
        self.s3cmd("get", "--force", self.url(key), file)

    def list(self, prefix):
        start = self.url("")
        lines = [line.split(start, 1) for line in self.s3cmd("ls", "--recursive", self.url(prefix)).splitlines()]
        return [parts[1] for parts in lines if len(parts) == 2]

    def copy(self, source, key):
        self.s3cmd("cp", self.url(source), self.url(key))

    def presign(self, method, key):
        if method != "GET":
            raise NotImplementedError
        return self.s3cmd("signurl", self.url(key), "+600").strip()

    def delete(self, key):
        self.s3cmd("del", self.url(key))


class Rclone(Program):
    name, version, way = "rclone", "1.75.2", "proxy, signature V4"
    cannot = {DOT: "it writes another character for the dot", EMPTY: "it removes empty segments"}

    def start(self, environments):
        self.program = os.path.join(environments.python("go"), "rclone")
        c, self.file = self.connection, os.path.join(self.folder, "rclone.conf")
        with open(self.file, "w") as file:
            file.write(
                f"[cos]\ntype = s3\nprovider = TencentCOS\naccess_key_id = {c['id']}\n"
                f"secret_access_key = {c['key']}\nendpoint = http://{DOMAIN}\n"
                "chunk_size = 5Mi\nupload_cutoff = 5Mi\ncopy_cutoff = 5Gi\nencoding = None\n"
            )

    def rclone(self, *arguments):
        return self.run(self.program, "--config", self.file, "--retries", "1", "--low-level-retries", "1", *arguments)

    def url(self, key):
        return f"cos:{self.connection['bucket']}/{key}"

    def put(self, key, file):
        self.rclone("copyto", file, self.url(key))

    multipart = put

    def get(self, key, file):
        self.rclone("copyto", self.url(key), file)

    def list(self, prefix):
        text = self.rclone("lsf", "--recursive", "--files-only", self.url(prefix))
        return [prefix + line for line in text.splitlines()]

    def copy(self, source, key):
        self.rclone("copyto", self.url(source), self.url(key))

    def presign(self, method, key):
        if method != "GET":
            raise NotImplementedError
        return self.rclone("link", "--expire", "10m", self.url(key)).strip()

    def delete(self, key):
        self.rclone("deletefile", self.url(key))


class S5cmd(Program):
    name, version, way = "s5cmd", "0.3.3", "path style"
    cannot = dict.fromkeys(["q?x=1&y#z.jpg", "'()!*~,;:@$.jpg"], "it reads ? and * as patterns")

    def start(self, environments):
        self.program = os.path.join(environments.python("go"), "s5cmd")

    def variables(self):
        c = self.connection
        return {"AWS_ACCESS_KEY_ID": c["id"], "AWS_SECRET_ACCESS_KEY": c["key"], "AWS_REGION": "ap-guangzhou"}

    def s5cmd(self, *arguments):
        endpoint = self.connection["proxy"]
        return self.run(self.program, "--endpoint-url", endpoint, "--retry-count", "0", *arguments)

    def url(self, key):
        return f"s3://{self.connection['bucket']}/{key}"

    def put(self, key, file):
        self.s5cmd("cp", file, self.url(key))

    def multipart(self, key, file):
        self.s5cmd("cp", "--part-size", "5", file, self.url(key))

    def get(self, key, file):
        self.s5cmd("cp", "--raw", self.url(key), file)

    def list(self, prefix):
        lines = self.s5cmd("--json", "ls", self.url(prefix) + "*").splitlines()
        start = self.url("")
        return [entry["key"][len(start):] for entry in map(json.loads, lines)]

    def copy(self, source, key):
        self.s5cmd("cp", "--raw", self.url(source), self.url(key))

    def presign(self, method, key):
        if method != "GET":
            raise NotImplementedError
        return self.s5cmd("presign", "--expire", "10m", self.url(key)).strip()

    def delete(self, key):
        self.s5cmd("rm", "--raw", self.url(key))


CLIENTS = [
    Coscmd, CosPythonSdk, CosNodeSdk, CosJsSdk, Opendal, AwsCli, Boto3, Boto3V2, S3cmd, S3fs, Rclone, S5cmd, Obstore,
]
