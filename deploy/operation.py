"""Commands for a function that is deployed: `scripts/deploy test EVENT` and `scripts/deploy logs`."""
import argparse
import json
import pathlib
import re
import sys
import time

from cloud import Cloud
from names import DeploymentError, Names, add_place

# Longest synchronous event, in bytes (583/17243).
LARGEST_EVENT = 6 * 1024 * 1024
# Pause between two searches of --tail, in seconds.
TAIL_PAUSE = 2
# Time by which lines may reach the log late, in milliseconds.
LATENESS = 60_000
# Lines of one search.
PAGE = 100
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
COMMANDS = ("logs", "test")

TEST_HELP = """Invokes the deployed function with an event, and prints its answer: scripts/deploy test EVENT

    scripts/deploy test events/doctor.json --region ap-guangzhou --source photos-1250000000
    scripts/deploy test events/put.json --region ap-guangzhou --source photos-1250000000 --key photos/lake.jpg

With --source and --key, the records of the event name this bucket and key; the object has to be there. The exit status is 1
if the function returned an error or a record failed.
"""
LOGS_HELP = """Prints the log of the deployed function: scripts/deploy logs [--tail]

    scripts/deploy logs --region ap-guangzhou --minutes 60
    scripts/deploy logs --region ap-guangzhou --tail --query failed

The lines come from the log topic of the function (CLS). The key needs the right cls:SearchLog.
"""


def run(command, arguments):
    """Runs one of COMMANDS and returns the exit status."""
    return {"logs": print_logs, "test": test}[command](arguments)


def make_parser(command, text):
    parser = argparse.ArgumentParser(prog=f"scripts/deploy {command}", description=text,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_place(parser)
    return parser


def test(arguments):
    """Invokes the function with an event and prints its answer."""
    parser = make_parser("test", TEST_HELP)
    parser.add_argument("event", metavar="EVENT", type=pathlib.Path, help="file of the event")
    parser.add_argument("--source", metavar="BUCKET", help="full name of the bucket that the records name")
    parser.add_argument("--key", help="key that the records name")
    options = parser.parse_args(arguments)
    names = Names(options.region, options.function, options.namespace)
    event = json.dumps(placed(read_event(options.event), names.region, options.source, options.key), ensure_ascii=False)
    if len(event.encode()) > LARGEST_EVENT:
        raise DeploymentError(f"{options.event} has more than {LARGEST_EVENT} bytes, the most that an invocation takes")
    result = Cloud(names.region).call("scf", "Invoke", names.function_parameters(
        InvocationType="RequestResponse", LogType="Tail", ClientContext=event))["Result"]
    for line in (result.get("Log") or "").splitlines():
        print(printable(line), file=sys.stderr)
    error, answer = result.get("ErrMsg"), result.get("RetMsg") or ""
    print(printable(error) if error else indented(answer))
    print(f"{'failed' if error else 'answered'} after {result.get('Duration') or 0:.0f} ms, memory "
          f"{(result.get('MemUsage') or 0) >> 20} MB, request {result.get('FunctionRequestId')}", file=sys.stderr)
    return 1 if error or has_failure(answer) else 0


def read_event(path):
    try:
        event = json.loads(path.read_bytes())
    except OSError as error:
        raise DeploymentError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DeploymentError(f"{path} is not JSON ({error}); pass an event, such as events/put.json") from error
    if not isinstance(event, dict):
        raise DeploymentError(f"{path} is not an event: it must be an object, such as events/put.json")
    return event


def placed(event, region, bucket, key):
    """Returns the event, with this bucket and key in its records and in the doctor's sources."""
    if bucket is None and key is None:
        return event
    records = event.get("Records") if isinstance(event.get("Records"), list) else []
    if bucket is not None and isinstance(event.get("doctor"), dict):
        event["doctor"]["sources"] = [bucket]
    elif not records:
        raise DeploymentError("--source and --key need an event with Records; leave them out")
    for record in records:
        try:
            place(record["cos"]["cosBucket"], record["cos"]["cosObject"], region, bucket, key)
        except (KeyError, TypeError) as error:
            raise DeploymentError(f"a record of the event has no bucket or key ({error}); take events/put.json") from error
    return event


def place(of_bucket, of_object, region, bucket, key):
    """Writes bucket and key into a record."""
    if bucket is not None:
        name, _, app_id = bucket.rpartition("-")
        if not name or not app_id.isdigit():
            raise DeploymentError(f"--source {bucket} is not a full bucket name, <name>-<appid>, such as photos-1250000000")
        of_bucket.update(name=name, appid=app_id, cosRegion=region, s3Region=region)
    name, app_id = of_bucket["name"], of_bucket["appid"]
    # Keys in events read /<appid>/<name>/<key>.
    key = of_object["key"].split("/", 3)[-1] if key is None else key
    of_object.update(key=f"/{app_id}/{name}/{key}", url=f"http://{name}-{app_id}.cos.{region}.myqcloud.com/{key}")


def has_failure(answer):
    """Returns whether a record failed, or the doctor found something wrong."""
    try:
        answer = json.loads(answer)
    except ValueError:
        return False
    if not isinstance(answer, dict):
        return False
    outcomes = answer.get("outcomes") or []
    return answer.get("healthy") is False or any(outcome.get("outcome") == "failed" for outcome in outcomes)


def indented(text):
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return printable(text)


def printable(text):
    """Returns a text without control characters, so that no key can forge a line."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def print_logs(arguments):
    """Prints the lines of the log, and with --tail further ones until Ctrl-C."""
    parser = make_parser("logs", LOGS_HELP)
    parser.add_argument("--tail", action="store_true", help="continue with new lines until Ctrl-C")
    parser.add_argument("--minutes", metavar="N", type=int, default=15, help="begin so many minutes ago (default: %(default)s)")
    parser.add_argument("--query", metavar="CQL", help="only lines that match, such as failed (docs/deploy.md#the-log)")
    options = parser.parse_args(arguments)
    names = Names(options.region, options.function, options.namespace)
    if options.minutes < 1:
        raise DeploymentError(f"--minutes {options.minutes} is invalid: it must be 1 or more")
    cloud = Cloud(names.region)
    function = cloud.function(names)
    if function is None:
        raise DeploymentError(f"there is no function {names.function} in {names.region}; pass --region, --function and "
                              "--namespace of the deployment")
    topic = function.get("ClsTopicId")
    if not topic:
        raise DeploymentError(f"the function {names.function} has no log topic; choose one in the console of the function")
    query = f'SCF_FunctionName:"{names.function}"' + (f" AND ({options.query})" if options.query else "")
    log = Log(cloud, topic, query, begin=now() - options.minutes * 60_000)
    try:
        log.print_new()
        while options.tail:
            time.sleep(TAIL_PAUSE)
            log.print_new()
    except KeyboardInterrupt:
        pass
    return 0


def now():
    """Unix time in milliseconds."""
    return int(time.time() * 1000)


class Log:
    """Lines of a log topic that match a query, each printed once."""

    def __init__(self, cloud, topic, query, begin):
        self.cloud, self.topic, self.query, self.begin = cloud, topic, query, begin
        # Time of every line that was printed and may be found again, by its identity.
        self.seen = {}

    def print_new(self):
        """Searches from the beginning, less the time by which lines may be late, and prints what is new."""
        end = now() + 1
        for line in self._search(end):
            identity = (line.get("PkgId"), line.get("PkgLogId"), line.get("Time"))
            if identity not in self.seen:
                print(sentence(line), flush=True)
            self.seen[identity] = line.get("Time") or 0
        self.begin = max(self.begin, end - LATENESS)
        self.seen = {identity: at for identity, at in self.seen.items() if at >= self.begin}

    def _search(self, end):
        """Yields the lines until a time, in the order in which they were written."""
        parameters = {"TopicId": self.topic, "From": self.begin, "To": end, "QueryString": self.query, "QuerySyntax": 1,
                      "Sort": "asc", "Limit": PAGE}
        while True:
            page = self.cloud.call("cls", "SearchLog", parameters)
            yield from page.get("Results") or []
            if page.get("ListOver", True) or not page.get("Context"):
                return
            parameters = {**parameters, "Context": page["Context"]}


def sentence(line):
    """Returns one line of the log for people: time, request and message."""
    try:
        fields = json.loads(line.get("LogJson") or "{}")
    except ValueError:
        fields = {}
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime((line.get("Time") or 0) / 1000))
    request = str(fields.get("SCF_RequestId") or "")[:8]
    text = fields.get("SCF_Message") or fields.get("__CONTENT__")
    if text is None:
        # SCF splits lines that are JSON into fields (583/18032).
        own = {name: value for name, value in fields.items() if not name.startswith(("SCF_", "__"))}
        text = json.dumps(own, ensure_ascii=False) if own else line.get("RawLog") or ""
    return printable(f"{at} {request:8} {text}".rstrip())
