"""The one-machine platform under a short load, over loopback."""

import asyncio
import contextlib
import http.client
import itertools
import json
import math
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from emulator import Failure, wait_for_port
from people import Slots

# How many doctors patients book with while bookings are counted.
DOCTORS = 8


class Platform:
    """`carehub-local` with a data folder of its own, ended on leaving the `with` block."""

    def __init__(self, binary, env, port, dynamodb_port, s3_port, sqs_port):
        self.binary, self.env, self.port = binary, env, port
        self.dynamodb_port, self.s3_port = dynamodb_port, s3_port
        self.ports = {
            "--port": port, "--dynamodb-port": dynamodb_port, "--s3-port": s3_port,
            "--sqs-port": sqs_port,
        }
        self.folder = Path(tempfile.mkdtemp(prefix="carehub-bench-"))
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        flags = [str(part) for pair in self.ports.items() for part in pair]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "--data", str(self.folder / "data"), *flags],
                cwd=Path(__file__).resolve().parents[2],
                env={**inherited(), **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for_port(self.port, self.process)
            self.wait_until_healthy()
        except Failure as failure:
            raise Failure(f"{failure}\n{self.log()}") from None

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_until_healthy(self, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.call("GET", "/health")
            except Failure:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
            time.sleep(0.05)

    def call(self, method, path, body=None, expect=200, token=None):
        """Sends one request and answers the JSON, or fails on any other status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"{method} {path}: {error}") from None
        finally:
            connection.close()
        if response.status != expect:
            raise Failure(f"{method} {path}: {response.status} instead of {expect}: {text[:400]}")
        with contextlib.suppress(ValueError):
            return json.loads(text)
        return text

    def sign_in(self, credentials):
        """The access token of somebody who has an account."""
        return self.call("POST", "/api/auth/login", credentials)["access"]

    def create_admin(self, console, username, password):
        """Opens the account of a superadmin, as an operator does."""
        command = [console, "create-admin", "--username", username, "--password-stdin"]
        command += ["--data", str(self.folder / "data")]
        command += ["--dynamodb-port", str(self.dynamodb_port)]
        done = subprocess.run(
            command, input=password, capture_output=True, text=True, timeout=60,
            cwd=Path(__file__).resolve().parents[2], env={**inherited(), **self.env},
        )
        if done.returncode:
            raise Failure(f"carehub create-admin: {done.stderr[-400:]}")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-1500:]


def inherited():
    """The shell's environment without what would configure the platform."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CAREHUB_"))
    }


def measure(platform, people, connections, seconds):
    """Loads what every session begins with, and what patients do who look for a doctor's time."""
    password = secrets.token_urlsafe(18)
    person = {"username": f"bench_{secrets.token_hex(4)}", "password": password}
    registration = {
        **person,
        "email": f"{person['username']}@bench.example",
        "password_confirm": password,
        "first_name": "Bench",
        "last_name": "Mark",
    }
    platform.call("POST", "/api/auth/register", registration, expect=201)
    token = platform.sign_in(person)
    manager, _ = people.hospital("load")
    _, doctor = people.doctor(manager, "usual", "09:00-17:00", 30)
    slots, bookings = Slots([]), booking(people, manager)
    free = f"/api/doctors/{doctor}/available_slots?date={slots.today + timedelta(days=1)}"
    month = f"/api/appointments/doctor_availability?doctor_id={doctor}&{slots.month()}"
    for path in ("/api/auth/profile", "/api/hospitals", free, month):
        platform.call("GET", path, token=token)

    bearer = {"authorization": f"Bearer {token}"}
    scenarios = [
        ("login", Fixed("POST", "/api/auth/login", {}, json.dumps(person))),
        ("me", Fixed("GET", "/api/auth/profile", bearer)),
        ("hospital list", Fixed("GET", "/api/hospitals", bearer)),
        ("slots of a day", Fixed("GET", free, bearer)),
        ("slots of a month", Fixed("GET", month, bearer)),
        ("booking", bookings),
    ]
    results = []
    for name, asked in scenarios:
        drive = with_wrk if shutil.which("wrk") and isinstance(asked, Fixed) else with_asyncio
        drive(platform.port, asked, connections, min(1, seconds))
        result = drive(platform.port, asked, connections, seconds)
        if result["errors"] or not result["requests"]:
            raise Failure(f"load of {name}: {result['errors'] or 'no answer'}\n{platform.log()}")
        path = re.sub(r"doc_\w+", "{id}", asked.path.partition("?")[0])
        results.append({"name": name, "method": asked.method, "path": path, **result})
    return results


class Fixed:
    """The same request again and again."""

    def __init__(self, method, path, headers, body=None):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    def __iter__(self):
        return itertools.repeat(written(self.method, self.path, self.headers, self.body))


class Bookings:
    """Patients who book, one after the other, each another slot. None is booked twice."""

    method, path = "POST", "/api/appointments/book"

    def __init__(self, doctors, patients):
        self.left = zip(itertools.cycle(patients), Slots(doctors))

    def __iter__(self):
        for token, slot in self.left:
            bearer = {"authorization": f"Bearer {token}"}
            yield written(self.method, self.path, bearer, json.dumps(slot))


def booking(people, manager):
    # A patient has the same doctor each time, as the numbers divide, and is never somewhere else.
    hours = (Slots.HOURS, Slots.MINUTES)
    doctors = [people.doctor(manager, f"booked{number}", *hours)[1] for number in range(DOCTORS)]
    patients = [people.patient(f"bench-patient{number}") for number in range(DOCTORS * 8)]
    return Bookings(doctors, patients)


def written(method, path, headers, body):
    """A request as it goes over the wire."""
    head = {"host": "127.0.0.1", "content-length": str(len(body or "")), **headers}
    if body is not None:
        head["content-type"] = "application/json"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + (body or "")).encode()


def with_asyncio(port, asked, connections, seconds):
    """Keep-alive connections that each send the next request when the answer is there."""

    async def run():
        loop = asyncio.get_running_loop()
        started, busy = time.perf_counter(), time.process_time()
        tally = Tally(iter(asked), started + seconds)
        clients = [
            (await loop.create_connection(lambda: Client(tally), "127.0.0.1", port))[1]
            for _ in range(connections)
        ]
        await asyncio.wait([client.done for client in clients], timeout=seconds + 30)
        elapsed, busy = time.perf_counter() - started, time.process_time() - busy
        for client in clients:
            if not client.done.done():
                tally.errors["no answer"] += 1
                client.transport.abort()
        return tally, elapsed, busy

    tally, elapsed, busy = asyncio.run(run())
    return {
        "client": "asyncio",
        "requests": len(tally.latencies),
        "per_second": len(tally.latencies) / elapsed,
        "p50_ms": percentile(tally.latencies, 0.50) * 1e3,
        "p99_ms": percentile(tally.latencies, 0.99) * 1e3,
        "client_busy": busy / elapsed,
        "errors": dict(tally.errors),
    }


class Tally:
    """What the connections of one load share."""

    def __init__(self, requests, deadline):
        self.requests, self.deadline = requests, deadline
        self.latencies, self.errors = [], Counter()


class Client(asyncio.Protocol):
    """One keep-alive connection."""

    LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)

    def __init__(self, tally):
        self.tally, self.received = tally, b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        self.send()

    def send(self):
        request = next(self.tally.requests, None)
        if request is None:
            return self.finish()
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data):
        data = self.received + data if self.received else data
        if not self.is_whole(data):
            self.received = data
            return
        self.received = b""
        now = time.perf_counter()
        if data[9:10] == b"2":
            self.tally.latencies.append(now - self.sent)
        else:
            self.tally.errors[data[9:12].decode(errors="replace")] += 1
        if now < self.tally.deadline:
            self.send()
        else:
            self.finish()

    def is_whole(self, data):
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return False
        length = self.LENGTH.search(data, 0, end)
        return len(data) >= end + int(length[1]) if length else data.endswith(b"0\r\n\r\n")

    def finish(self):
        if not self.done.done():
            self.done.set_result(None)
        self.transport.close()

    def connection_lost(self, _error):
        if not self.done.done():
            self.tally.errors["connection closed"] += 1
            self.done.set_result(None)


def with_wrk(port, asked, connections, seconds):
    """The same load by `wrk`, which takes less of the two cores for itself."""
    method, path, headers, body = asked.method, asked.path, asked.headers, asked.body
    if body is not None:
        headers = {**headers, "content-type": "application/json"}
    lua_body = json.dumps(body) if body else "nil"
    script = f"wrk.method = {json.dumps(method)}\nwrk.body = {lua_body}\n"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write(script)
        lua.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "--latency"]
        command += [part for item in headers.items() for part in ("-H", ": ".join(item))]
        command += ["-s", lua.name, f"http://127.0.0.1:{port}{path}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
        except subprocess.TimeoutExpired:
            raise Failure("wrk does not end") from None
    text = done.stdout
    rate = re.search(r"Requests/sec: +([\d.]+)", text)
    if done.returncode or not rate:
        raise Failure(f"wrk: {text}{done.stderr}")
    units = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}
    latency = {
        share: float(value) * units[unit]
        for share, value, unit in re.findall(r"(50|99)% +([\d.]+)(us|ms|s|m)\b", text)
    }
    return {
        "client": "wrk",
        "requests": int(re.search(r"(\d+) requests in", text)[1]),
        "per_second": float(rate[1]),
        "p50_ms": latency["50"],
        "p99_ms": latency["99"],
        "client_busy": None,
        "errors": dict(re.findall(r"(Non-2xx or 3xx responses|Socket errors): +(.+)", text)),
    }


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
