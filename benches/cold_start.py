"""The platform as far as `ready`: how long a program takes from its start until it says that it can take events."""
import os
import signal
import socket
import statistics
import time


class Platform:
    """A runtime API that takes `POST /runtime/init/ready` and nothing else."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)

    def start(self, command, environment):
        """Starts a program; milliseconds until it was ready, processor milliseconds of its main thread, and MiB that it
        holds then."""
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
                    raise OSError("it went away before it was ready")
                request += part
            elapsed = time.perf_counter_ns() - start
            if not request.startswith(b"POST /runtime/init/ready"):
                raise OSError(f"it asked for something else first: {request[:60]!r}")
            return elapsed / 1e6, processor_time(process) / 1e6, resident(process)
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def processor_time(process):
    """Nanoseconds of the main thread."""
    with open(f"/proc/{process}/schedstat") as file:
        return int(file.read().split()[0])


def resident(process):
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def table(commands, rounds, target):
    """Prints what each of the commands takes, the first of which is ours; they take turns."""
    platform, taken, names = Platform(), {name: [] for name in commands}, list(commands)
    for number in range(rounds + 2):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            one = platform.start(*commands[name])
            if number >= 2:
                taken[name].append(one)
    print("\n### From the start of the process to `ready`\n\n| | ms | slowest tenth from | CPU ms | MiB then | it / ours | target |\n"
          "|---|--:|--:|--:|--:|--:|---|")
    ours = [elapsed for elapsed, _, _ in taken[names[0]]]
    for name, runs in taken.items():
        elapsed, cpu, memory = zip(*runs)
        middle = statistics.median(elapsed)
        times = statistics.median(theirs / mine for theirs, mine in zip(elapsed, ours))
        verdict = ("met" if middle <= target else "**missed**") + f": ≤ {target} ms" if name == names[0] else ""
        print(f"| {name} | {middle:.2f} | {sorted(elapsed)[len(elapsed) * 9 // 10]:.2f} | {statistics.median(cpu):.2f} | "
              f"{statistics.median(memory):.1f} | {times:.0f} | {verdict} |", flush=True)
