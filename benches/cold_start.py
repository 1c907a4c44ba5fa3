"""Measurement of cold starts: the time from the start of a process until it reports `ready` to the runtime API."""
import os
import signal
import socket
import statistics
import time

from programs import PEERS, build, in_turns, install, node_environment, note, print_machine, python

# Highest median of our program, in milliseconds.
TARGET = 2.0


class RuntimeApi:
    """A runtime API that accepts `POST /runtime/init/ready` and nothing else."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)

    def start(self, command, environment):
        """Starts a program and kills it when it is ready.

        Returns the milliseconds until then, the processor milliseconds of its main thread, and its resident memory in MiB.
        """
        host, port = self.socket.getsockname()
        variables = {"PATH": os.environ["PATH"], "SCF_RUNTIME_API": host, "SCF_RUNTIME_API_PORT": str(port), **environment}
        start = time.perf_counter_ns()
        process = os.posix_spawnp(command[0], command, variables)
        try:
            connection, _ = self.socket.accept()
            request = b""
            while b"\r\n\r\n" not in request:
                part = connection.recv(4096)
                if not part:
                    raise OSError(f"{command[0]} closed the connection before it was ready")
                request += part
            elapsed = time.perf_counter_ns() - start
            if not request.startswith(b"POST /runtime/init/ready"):
                raise OSError(f"{command[0]} sent another request before it was ready: {request[:60]!r}")
            return elapsed / 1e6, processor_time(process) / 1e6, resident(process)
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def processor_time(process):
    """Processor time of the main thread, in nanoseconds."""
    with open(f"/proc/{process}/schedstat") as file:
        return int(file.read().split()[0])


def resident(process):
    """Resident memory, in MiB."""
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def compare(options):
    """Compares the start of our program with functions that use the usual libraries of Python and Node.js."""
    install()
    commands = {"ours": ([options.program or build("build", "--release", "--bin", "cos-thumbnailer")], {})}
    commands["Python, Pillow, Tencent's SDK"] = ([python(), os.path.join(PEERS, "cold_start.py")], {})
    environment = node_environment(options, "sharp", "cos-nodejs-sdk-v5")
    if environment is None:
        note("Node.js is omitted: node does not find sharp and cos-nodejs-sdk-v5")
    else:
        commands["Node.js, sharp, Tencent's SDK"] = (["node", os.path.join(PEERS, "cold_start.cjs")], environment)
    print_machine()
    api, measured = RuntimeApi(), {name: [] for name in commands}
    for name, counts in in_turns(list(commands), options.rounds):
        measurement = api.start(*commands[name])
        if counts:
            measured[name].append(measurement)
    print_table(measured)


def print_table(measured):
    """Prints the measurements by program, ours first."""
    print("\n### From the start of the process to `ready`\n\n| | ms | slowest tenth from | CPU ms | MiB then | it / ours | target |\n"
          "|---|--:|--:|--:|--:|--:|---|")
    ours = [elapsed for elapsed, _, _ in measured["ours"]]
    for name, runs in measured.items():
        elapsed, cpu, memory = zip(*runs)
        median = statistics.median(elapsed)
        times = statistics.median(theirs / mine for theirs, mine in zip(elapsed, ours))
        result = ("met" if median <= TARGET else "**missed**") + f": ≤ {TARGET} ms" if name == "ours" else ""
        print(f"| {name} | {median:.2f} | {sorted(elapsed)[len(elapsed) * 9 // 10]:.2f} | {statistics.median(cpu):.2f} | "
              f"{statistics.median(memory):.1f} | {times:.0f} | {result} |", flush=True)
