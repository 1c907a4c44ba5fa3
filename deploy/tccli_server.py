"""Runs tccli once for each line of standard input, a JSON list of arguments, and prints one line of JSON for each.

tccli and its plug-ins are imported once and forked for each call, because the import takes longer than most calls. The
interpreter is that of tccli's own environment (cloud.py).
"""
import json
import os
import sys
import tempfile

from tccli import loaders
from tccli.main import main
from tccli.plugin import import_plugins

from models import VERSIONS


def run(arguments):
    """Returns status, standard output and standard error of one call."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            run_in_child(arguments, out, err)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return [status, *texts]


def run_in_child(arguments, out, err):
    """Runs tccli with redirected output and ends the process."""
    status = 1
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.argv = ["tccli", *arguments]
        status = main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def forget_other_services():
    """Leaves only the installed services in tccli's list, which each call copies three times for every service in it."""
    for name in set(loaders.SERVICE_VERSIONS) - set(VERSIONS):
        del loaders.SERVICE_VERSIONS[name]


if __name__ == "__main__":
    forget_other_services()
    import_plugins()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
