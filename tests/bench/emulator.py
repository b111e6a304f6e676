"""One function under the AWS Lambda runtime interface emulator (RIE).

The RIE starts the function at the first invocation, and what it reports as "Init Duration" is not
the time of the function. So the clock is read in two places of our own: a shim, which the RIE
starts in place of the function, notes the time and turns into the function (`execve`); and a proxy
between the function and the runtime API notes its first poll, the delivery of the first event and
the first answer. Both read CLOCK_MONOTONIC, which all processes share.
"""

import contextlib
import glob
import http.client
import json
import os
import platform
import random
import re
import selectors
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SHIM = f"""#!{sys.executable} -IS
import os, time
env = dict(os.environ, AWS_LAMBDA_RUNTIME_API=os.environ["BENCH_PROXY"])
binary, note = env["BENCH_BINARY"], os.open(env["BENCH_NOTE"], os.O_WRONLY | os.O_CREAT)
for name in ("BENCH_PROXY", "BENCH_BINARY", "BENCH_NOTE"):
    del env[name]
os.write(note, b"%d %d" % (os.getpid(), time.monotonic_ns()))
os.execve(binary, [binary], env)
"""

# What every function sees, so that a run does not depend on the developer's shell. The keys are
# those that the S3 of one machine knows.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "300",
}


class Failure(Exception):
    """A measurement that could not be taken, and why."""


def find_rie(root, given=None):
    """The RIE binary: the given one, the one of aws-sam-cli, or the one on PATH."""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    shipped = f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"
    found = [
        *([given] if given else []),
        *glob.glob(str(root / ".tools/venv" / shipped)),
        *glob.glob(str(Path(sys.prefix) / shipped)),
        *filter(None, [shutil.which("aws-lambda-rie")]),
    ]
    if not found or not Path(found[0]).is_file():
        raise Failure("no runtime interface emulator: pip install aws-sam-cli, or give --rie")
    return Path(found[0])


def event(method, path, body=None):
    """An API Gateway HTTP API event (payload format 2.0)."""
    request = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "bench.example", "content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "bench",
            "domainName": "bench.example",
            "domainPrefix": "bench",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "bench",
            },
            "requestId": "bench",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "isBase64Encoded": False,
    }
    return request if body is None else {**request, "body": json.dumps(body)}


def free_ports(count):
    """Loopback ports that nobody listens on, below those that the kernel gives away by itself."""
    found = []
    for port in random.sample(range(15_000, 32_000), 1_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise Failure("no free ports")


class Proxy(threading.Thread):
    """Passes bytes between the function and the runtime API, and notes when things first happen."""

    POLL = re.compile(rb"GET /2018-06-01/runtime/invocation/next ")
    ANSWER = re.compile(rb"POST /2018-06-01/runtime/invocation/[^/]+/(response|error) ")
    INIT_ERROR = re.compile(rb"POST /2018-06-01/runtime/init/error ")

    def __init__(self, runtime_api):
        super().__init__(daemon=True)
        self.runtime_api = runtime_api
        self.first = {}
        self.refused = self.init_failed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.bell, self.stop_bell = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(self.bell, selectors.EVENT_READ, None)

    def run(self):
        while True:
            ready = self.selector.select()
            now = time.monotonic_ns()
            for key, _ in ready:
                if key.data is None:
                    return
                key.data(now)

    def stop(self):
        """Ends the thread and every connection."""
        if self.is_alive():
            self.stop_bell.send(b"x")
            self.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
        self.stop_bell.close()

    def accept(self, _now):
        function, _ = self.listener.accept()
        runtime_api = socket.create_connection(self.runtime_api)
        for each in (function, runtime_api):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connect(function, runtime_api, self.note_request)
        self.connect(runtime_api, function, self.note_reply)

    def connect(self, source, sink, note):
        def pass_on(now):
            try:
                data = source.recv(1 << 16)
                if data:
                    note(now, data)
                    sink.sendall(data)
                    return
            except OSError:
                pass
            for each in (source, sink):
                with contextlib.suppress(KeyError, ValueError):
                    self.selector.unregister(each)
                each.close()

        self.selector.register(source, selectors.EVENT_READ, pass_on)

    def note_request(self, now, data):
        """The function never pipelines, so a request starts where a chunk does."""
        if self.POLL.match(data):
            self.first.setdefault("poll", now)
        elif answer := self.ANSWER.match(data):
            self.first.setdefault("answer", now)
            self.refused = answer[1] == b"error"
        elif self.INIT_ERROR.match(data):
            self.init_failed = True

    def note_reply(self, now, _data):
        self.first.setdefault("delivery", now)


class Emulated:
    """A function of its own process and its own RIE, ended on leaving the `with` block."""

    def __init__(self, rie, name, binary, env):
        self.name, self.binary, self.env = name, Path(binary).resolve(), env
        self.folder = Path(tempfile.mkdtemp(prefix="carehub-bench-"))
        self.shim, self.note = self.folder / "shim", self.folder / "note"
        self.rie = rie
        self.process = self.proxy = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        self.shim.write_text(SHIM)
        self.shim.chmod(stat.S_IRWXU)
        api, front = free_ports(2)
        self.front = front
        self.proxy = Proxy(("127.0.0.1", api))
        self.proxy.start()
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    self.rie,
                    "--log-level=warn",
                    f"--runtime-api-address=127.0.0.1:{api}",
                    f"--runtime-interface-emulator-address=127.0.0.1:{front}",
                    str(self.shim),
                ],
                cwd=self.folder,
                env={
                    **ENVIRONMENT,
                    "AWS_LAMBDA_FUNCTION_NAME": self.name,
                    **self.env,
                    "BENCH_BINARY": str(self.binary),
                    "BENCH_NOTE": str(self.note),
                    "BENCH_PROXY": f"127.0.0.1:{self.proxy.port}",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for_port(front, self.process)

    def __exit__(self, *_):
        if self.process:
            self.end_function()
            self.process.kill()
            self.process.wait()
        if self.proxy:
            self.proxy.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_function(self):
        """Ends the function first, so that the RIE, its parent, sees it off.

        The RIE gives the function a process group of its own, but not a session.
        """
        with contextlib.suppress(Failure, ProcessLookupError):
            pid, _ = self.started()
            if os.getsid(pid) != self.process.pid:
                return
            os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 0.2
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.001)

    def started(self):
        """The id of the function's process and the time of its exec."""
        try:
            pid, at = self.note.read_text().split()
        except (OSError, ValueError):
            raise Failure(f"{self.name} was not started{self.log()}") from None
        return int(pid), int(at)

    def invoke(self, payload, may_refuse=False):
        """Sends an event and answers what the function answers.

        A function that `may_refuse` it may also report the event as one that it cannot handle.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.front, timeout=60)
        try:
            connection.request(
                "POST", "/2015-03-31/functions/function/invocations", json.dumps(payload)
            )
            body = connection.getresponse().read()
            answer = json.loads(body) if body else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failure(f"{self.name} did not answer: {error}{self.log()}") from None
        finally:
            connection.close()
        status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
        refused = self.proxy.refused and not may_refuse
        if self.proxy.init_failed or refused or status >= 500:
            raise Failure(f"{self.name} failed: {body[:400].decode(errors='replace')}{self.log()}")
        return answer

    def cold_start(self):
        """Milliseconds from exec to the first poll, and to the first answer.

        The time between the poll and the delivery of the event is the emulator's, so it is left
        out of the answer: it would flatter the comparison of two functions.
        """
        _, at = self.started()
        first = self.proxy.first
        if not {"poll", "delivery", "answer"} <= first.keys():
            raise Failure(f"{self.name} did not poll and answer{self.log()}")
        emulator = first["delivery"] - first["poll"]
        return {
            "init_ms": (first["poll"] - at) / 1e6,
            "answer_ms": (first["answer"] - at - emulator) / 1e6,
            "emulator_ms": emulator / 1e6,
        }

    def peak_bytes(self):
        """The most memory that the function's process ever held resident."""
        pid, _ = self.started()
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M).group(1)) * 1024

    def log(self):
        """What the function wrote, without the emulator's frame around each invocation."""
        with contextlib.suppress(OSError):
            lines = (self.folder / "log").read_text(errors="replace").splitlines()
            frame = ("START RequestId", "END RequestId", "REPORT RequestId")
            return "\n".join(["", *(line for line in lines[-50:] if not line.startswith(frame))])
        return ""


def wait_for_port(port, process, seconds=30):
    """Returns once somebody listens; fails when the process ends before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failure(f"{process.args[0]} ended with {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.002)
    raise Failure(f"{process.args[0]} does not listen after {seconds} s")
