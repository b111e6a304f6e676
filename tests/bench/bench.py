#!/usr/bin/env -S python3 -B
"""Measures what CareHub costs: cold starts, memory, sizes, DynamoDB calls, requests per second, and
what crowds of patients and appointments make of them; how long a safety check takes, how fast files
come and go, and how soon people hear of what happened.

    tests/bench/bench.py [FUNCTION …] [--strict] [--only PART …] [--starts 20] [--seconds 5]

Without a function it takes every `CodeUri` of template.yaml. It expects the release binaries of
the functions and of `empty` (`target/lambda/<name>/bootstrap` or `target/release/<name>`, the newer
one), of `carehub`, `carehub-local` and `crowd`. It needs Linux, Python 3.10 and the runtime interface
emulator of aws-sam-cli, which it finds in `.tools/venv` (or give `--rie`); `wrk` is used when it is
on PATH.

It prints one table and writes the same to target/bench.json. It exits with 1 when a measurement
could not be taken, and with `--strict` also when a target is missed.

Two files say what the functions need; both are keyed by function name:

* env.json: environment variables. `*` is for all functions, `carehub-local` for the platform only.
  `{port}`, `{dynamodb_port}`, `{s3_port}` and `{sqs_port}` stand for the ports of the platform that this run starts. While
  cold starts are measured nobody listens there; while memory is measured the platform does.
  A value `@path` is the content of that file of the repository, `{signing_key}` a key made for
  this run.
* events.json: `first`, the event of the cold start and of the 50 warm invocations (`GET /health`
  if not given), and `then`, events that count for the peak memory only and may need DynamoDB.
  `["GET", "/path"]` or `["POST", "/path", {body}]` is an API Gateway event; an object is sent as it
  is. `first_may_be_refused` is for a function of which every good event needs DynamoDB.
"""

import argparse
import functools
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import zipfile
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import aftermath
import crowd
import files
import load
import report
from emulator import Emulated, Failure, event, find_rie, free_ports
from people import People

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BASELINE = "empty"
WARM_INVOCATIONS = 50
TARGETS = {
    "ratio": 2.0, "crowd_ratio": 1.5, "peak_bytes": 40 * report.MEGA, "zip_bytes": 6 * report.MEGA,
    "safety_ns": 50_000,
}
PARTS = ("cold", "memory", "size", "budget", "load", "crowd", "diary", "files", "aftermath", "safety")
CROWDS = ("crowd", "diary")


class Bench:
    """One run: its options, what it found, and what it could not find."""

    def __init__(self, options):
        self.options = options
        self.target = options.target.resolve()
        self.env = json.loads(options.env.read_text())
        self.events = json.loads(options.events.read_text())
        self.port, self.dynamodb_port, self.s3_port, self.sqs_port = free_ports(4)
        self.platform = None
        self.results = {
            "taken": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "machine": machine(),
            "targets": TARGETS,
            "starts": options.starts,
            "connections": options.connections,
            "seconds": options.seconds,
            "functions": {},
            "budget": None,
            "load": [],
            "crowd": None,
            "diary": None,
            "files": None,
            "aftermath": None,
            "safety": None,
            "failures": [],
        }

    def run(self):
        parts = self.options.only
        with ExitStack() as stack:
            if {"cold", "memory", "size"} & set(parts):
                self.find_functions()
            if "size" in parts:
                self.each("size", size)
            if {"cold", "memory"} & set(parts):
                self.prepare_emulator(stack)
            if "cold" in parts:
                self.cold_starts()
            if {"memory", "load", "files", "aftermath", *CROWDS} & set(parts):
                wanted = {"load", "files", "aftermath", *CROWDS} & set(parts)
                self.start_platform(stack, wanted=wanted)
            if "memory" in parts:
                self.each("memory", self.memory)
            if "load" in parts and self.platform:
                self.attempt("load", self.load)
            if "crowd" in parts and self.platform:
                self.attempt("crowd", lambda: self.crowd("crowd", crowd.patients))
            if "diary" in parts and self.platform:
                self.attempt("diary", lambda: self.crowd("diary", crowd.appointments))
            if "files" in parts and self.platform:
                self.attempt("files", self.files)
            if "aftermath" in parts and self.platform:
                self.attempt("aftermath", self.aftermath)
            if "budget" in parts:
                self.attempt("budget", self.budget)
            if "safety" in parts:
                self.attempt("safety", self.safety)
        self.judge()
        return self.results

    # What to measure, and with what.

    def find_functions(self):
        names = self.options.functions or self.named_in_template()
        for name in dict.fromkeys([BASELINE, *names]):
            self.results["functions"][name] = row = {}
            built = self.binary(name)
            if built:
                row["binary"] = str(built)
            else:
                self.give_up(name, f"not built under {self.target}")

    def named_in_template(self):
        template = ROOT / "template.yaml"
        if not template.is_file():
            self.fail(f"{template} is not there: only `{BASELINE}` is measured")
            return []
        uris = re.findall(r"^\s*CodeUri:\s*['\"]?([^\s'\"#]+)", template.read_text(), re.M)
        return sorted({Path(uri).name for uri in uris} - {""})

    def prepare_emulator(self, stack):
        """The wheel does not mark the RIE as executable, so a copy is run."""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="carehub-bench-")))
        rie = find_rie(ROOT, self.options.rie)
        self.results["machine"]["emulator"] = str(rie)
        self.rie = folder / "aws-lambda-rie"
        shutil.copyfile(rie, self.rie)
        self.rie.chmod(0o755)

    def start_platform(self, stack, wanted):
        binary = self.binary("carehub-local")
        if not binary:
            if wanted:
                self.fail(f"load: carehub-local is not built under {self.target}")
            return
        platform = load.Platform(
            binary, self.environment("carehub-local"), self.port, self.dynamodb_port,
            self.s3_port, self.sqs_port,
        )
        self.attempt("carehub-local", lambda: self.keep(stack.enter_context(platform)))

    def keep(self, platform):
        self.platform = platform

    def environment(self, name):
        shared = {} if name == "carehub-local" else self.env.get("*", {})
        known = {
            "{dynamodb_port}": self.dynamodb_port,
            "{s3_port}": self.s3_port,
            "{sqs_port}": self.sqs_port,
            "{port}": self.port,
            "{signing_key}": self.signing_key(),
        }
        env = {**shared, **self.env.get(name, {})}
        for key, value in env.items():
            if value.startswith("@"):
                value = (ROOT / value[1:]).read_text()
            for placeholder, content in known.items():
                value = value.replace(placeholder, str(content))
            env[key] = value
        return env

    @functools.cache
    def signing_key(self):
        """An elliptic-curve key as PEM, as `carehub keys` makes one for a deployment."""
        made = subprocess.run([self.binary("carehub"), "keys"], capture_output=True, text=True, check=True)
        return re.search(r"-----BEGIN.*?-----END PRIVATE KEY-----\n", made.stdout, re.S).group()

    def binary(self, name):
        """Where a release binary is; the newer one if it was built in both ways."""
        places = [self.target / "lambda" / name / "bootstrap", self.target / "release" / name]
        built = [place for place in places if place.is_file()]
        return max(built, key=lambda place: place.stat().st_mtime, default=None)

    def has_dynamodb(self, name):
        if self.platform:
            return True
        env = {**self.env.get("*", {}), **self.env.get(name, {})}
        endpoint = env.get("AWS_ENDPOINT_URL_DYNAMODB") or env.get("AWS_ENDPOINT_URL") or "{"
        return "{" not in endpoint

    def event_of(self, given):
        return event(*given) if isinstance(given, list) else given

    def first(self, name):
        """What to invoke the function with first, and whether it may refuse that."""
        events = self.events.get(name, {})
        first = self.event_of(events.get("first", ["GET", "/health"]))
        return first, events.get("first_may_be_refused", False)

    def emulated(self, name):
        binary = self.results["functions"][name]["binary"]
        return Emulated(self.rie, name, binary, self.environment(name))

    # The measurements.

    def cold_starts(self):
        """Starts every function in turn with the baseline, after one start that does not count."""
        rows = self.results["functions"]
        if "binary" not in rows[BASELINE]:
            return
        samples = {name: ([], []) for name, row in rows.items() if "binary" in row}
        for turn in range(self.options.starts + 1):
            progress(f"cold starts {turn}/{self.options.starts}")
            for name in list(samples):
                try:
                    # Whoever comes second finds warmer caches, so they take turns.
                    pair = [(0, BASELINE), (1, name)][:: 1 if turn % 2 else -1]
                    for side, started in pair:
                        sample = self.cold_start(started)
                        if turn:
                            samples[name][side].append(sample)
                except (Failure, OSError) as failure:
                    del samples[name]
                    self.give_up(name, failure)
        for name, (baseline, own) in samples.items():
            row = rows[name]
            row["cold"], row["baseline"] = summary(own), summary(baseline)
            row["ratio"] = {
                part: row["cold"][f"{part}_ms"]["median"] / row["baseline"][f"{part}_ms"]["median"]
                for part in ("init", "answer")
            }

    def cold_start(self, name):
        with self.emulated(name) as function:
            function.invoke(*self.first(name))
            return function.cold_start()

    def memory(self, name, _binary):
        progress(f"memory of {name}")
        first = self.first(name)
        then = self.events.get(name, {}).get("then", [])
        with self.emulated(name) as function:
            function.invoke(*first)
            result = {"first_bytes": function.peak_bytes()}
            for _ in range(WARM_INVOCATIONS):
                function.invoke(*first)
            result["warm_bytes"] = function.peak_bytes()
            if self.has_dynamodb(name):
                for each in then:
                    function.invoke(self.event_of(each))
            else:
                result["skipped_own_events"] = len(then)
            result["peak_bytes"] = function.peak_bytes()
            return result

    def budget(self):
        path = self.target / "budget.json"
        self.results["budget"] = json.loads(path.read_text()) if path.is_file() else []

    def load(self):
        progress("load")
        self.results["load"] = load.measure(
            self.platform, self.people, self.options.connections, self.options.seconds
        )

    def crowd(self, part, measure):
        sizes = [1_000, self.options.crowd]
        self.results[part] = measure(self.platform, self.people, self.generator(), sizes, progress)

    def files(self):
        self.results["files"] = files.measure(self.platform, self.people, progress)

    def aftermath(self):
        self.results["aftermath"] = aftermath.measure(
            self.platform, self.people, self.generator(), progress
        )

    def safety(self):
        progress("safety check")
        self.results["safety"] = crowd.safety(self.generator())

    def generator(self):
        binary = self.binary("crowd")
        if not binary:
            raise Failure(f"crowd is not built under {self.target}")
        return binary

    @functools.cached_property
    def people(self):
        return People(self.platform, self.binary("carehub"))

    # Failures and verdicts.

    def each(self, key, measurement):
        for name, row in self.results["functions"].items():
            if "binary" in row and "error" not in row:
                try:
                    row[key] = measurement(name, Path(row["binary"]))
                except (Failure, OSError) as failure:
                    self.give_up(name, failure)

    def attempt(self, what, measurement):
        try:
            measurement()
        except (Failure, OSError, ValueError, KeyError) as failure:
            self.fail(f"{what}: {failure if isinstance(failure, Failure) else repr(failure)}")

    def give_up(self, name, failure):
        self.results["functions"][name]["error"] = str(failure)
        self.fail(f"{name}: {failure}")

    def fail(self, message):
        self.results["failures"].append(message)

    def judge(self):
        for row in self.results["functions"].values():
            found = {
                "init": row.get("ratio", {}).get("init", 0) <= TARGETS["ratio"],
                "answer": row.get("ratio", {}).get("answer", 0) <= TARGETS["ratio"],
                "memory": row.get("memory", {}).get("peak_bytes", 0) < TARGETS["peak_bytes"],
                "zip": row.get("size", {}).get("zip_bytes", 0) < TARGETS["zip_bytes"],
            }
            row["missed"] = [target for target, met in found.items() if not met]
            row["passes"] = not row["missed"] and "error" not in row
        for part in CROWDS:
            for row in (self.results[part] or {"views": []})["views"]:
                row["passes"] = row["ratio"] <= TARGETS["crowd_ratio"] and row["same_calls"]
        if self.results["safety"]:
            self.results["safety"]["passes"] = self.results["safety"]["ns"] < TARGETS["safety_ns"]


def size(name, binary):
    """The binary as built, and as it is uploaded."""
    progress(f"size of {name}")
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(binary, "bootstrap")
        return {"binary_bytes": binary.stat().st_size, "zip_bytes": file.seek(0, os.SEEK_END)}


def summary(samples):
    """The median, the 95th percentile and the least of each of the samples' times."""
    times = {key: [sample[key] for sample in samples] for key in samples[0]}
    return {
        key: {
            "median": statistics.median(values),
            "p95": load.percentile(values, 0.95),
            "min": min(values),
        }
        for key, values in times.items()
    }


def machine():
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "cpu": cpu[1] if cpu else os.uname().machine,
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
    }


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def options():
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], epilog=__doc__.partition("\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("functions", nargs="*", metavar="FUNCTION", help="instead of all of template.yaml")
    add("--strict", action="store_true", help="exit with 1 when a target is missed")
    add("--only", nargs="+", choices=PARTS, default=PARTS, help="measure only these parts")
    add("--starts", type=int, default=20, help="cold starts of each function")
    add("--connections", type=int, default=16, help="of the load")
    add("--seconds", type=float, default=5, help="of load for each endpoint")
    add("--crowd", type=int, default=100_000, help="patients of the larger hospital, appointments of the busier doctor")
    add("--rie", type=Path, help="the runtime interface emulator")
    add("--target", type=Path, default=ROOT / "target", help="cargo's target folder")
    add("--env", type=Path, default=HERE / "env.json")
    add("--events", type=Path, default=HERE / "events.json")
    add("--output", type=Path, help="instead of bench.json in the target folder")
    return parser.parse_args()


def main():
    chosen = options()
    # As an exception, so that every `with` block ends the process that it started.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _frame: sys.exit(128 + number))
    try:
        results = Bench(chosen).run()
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    progress("")
    output = chosen.output or chosen.target / "bench.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=2) + "\n")
    print(report.render(results))
    missed = any(row.get("missed") for row in results["functions"].values())
    crowds = [results[part] for part in CROWDS if results[part]]
    missed = missed or not all(row["passes"] for each in crowds for row in each["views"])
    missed = missed or not (results["safety"] or {"passes": True})["passes"]
    sys.exit(1 if results["failures"] or (chosen.strict and missed) else 0)


if __name__ == "__main__":
    main()
