"""How long lists and searches take in a small and in a crowded hospital."""

import json
import statistics
import subprocess
import time

from emulator import Failure

PAGE, DEEP, REPEATS = 2, 500, 100
SETTLED = 50

ADMIN = "bench-admin"
PASSWORD = "quiet-lantern-97"


def measure(platform, console, binary, sizes, progress):
    """Fills hospitals with as many patients as `sizes` says, and then looks at each in turn."""
    platform.create_admin(console, ADMIN, PASSWORD)
    found = []
    for size in sizes:
        progress(f"a hospital of {size} patients")
        token, hospital = join(platform, f"bench{size}")
        calls = fill(platform, binary, hospital, size)["calls"]
        found.append({"size": size, "calls": calls, "token": token, "paths": paths(platform, token)})
    # The platform is still busy with what the generator left.
    time.sleep(2)
    for each, times in zip(found, in_turn(platform, found)):
        each["ms"] = times
    small, large = found
    views = [
        {
            "view": view,
            "ms": {str(each["size"]): each["ms"][view] for each in found},
            "ratio": large["ms"][view] / small["ms"][view],
            "calls": large["calls"][view],
            "same_calls": large["calls"][view] == small["calls"][view] == large["calls"]["page 1"],
        }
        for view in ("page 1", "page 500", "search")
    ]
    return {"sizes": sizes, "views": views}


def join(platform, name):
    """A hospital that an admin lets in; its token and its identifier."""
    admin = platform.sign_in({"username": ADMIN, "password": PASSWORD})
    application = {
        "username": name, "email": f"{name}@bench.example",
        "password": PASSWORD, "password_confirm": PASSWORD,
        "first_name": "Bench", "last_name": "Mark", "phone_number": "+923001110000",
        "hospital_name": f"Bench {name}", "license_number": f"BENCH-{name}",
        "hospital_email": f"desk-{name}@bench.example", "hospital_phone": "+924211100000",
        "address": "1 Example Road",
    }
    applied = platform.call("POST", "/api/hospitals/register", application, expect=201)
    hospital = applied["hospital"]["id"]
    platform.call("PATCH", f"/api/hospitals/{hospital}/approve", {"is_approved": True}, token=admin)
    return platform.sign_in({"username": name, "password": PASSWORD}), hospital


def fill(platform, binary, hospital, size):
    endpoint = f"http://127.0.0.1:{platform.dynamodb_port}"
    command = [binary, "--endpoint", endpoint, "--hospital", hospital, "--to", str(size)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    except subprocess.TimeoutExpired:
        raise Failure(f"{size} patients were not entered within 20 minutes") from None
    if done.returncode:
        raise Failure(f"crowd: {done.stderr[-400:]}")
    counted = json.loads(done.stdout)
    if not counted["found"]:
        raise Failure("crowd: the patient who is looked for is not found")
    return counted


def paths(platform, token):
    """Where the first page is, the deep one, and a search."""
    first = f"/api/patients?limit={PAGE}"
    deep = first
    for _ in range(1, DEEP):
        deep = platform.call("GET", deep, token=token)["next"]
    search = f"/api/patients/search?query=03000000999&limit={PAGE}"
    return {"page 1": first, "page 500": deep, "search": search}


def in_turn(platform, found):
    """The median of each view of each hospital, asked for by turns, so that noise hits all alike."""
    samples = [{view: [] for view in each["paths"]} for each in found]
    for turn in range(SETTLED + REPEATS):
        for each, taken in zip(found, samples):
            for view, path in each["paths"].items():
                begun = time.perf_counter()
                platform.call("GET", path, token=each["token"])
                if turn >= SETTLED:
                    taken[view].append((time.perf_counter() - begun) * 1e3)
    return [{view: statistics.median(times) for view, times in taken.items()} for taken in samples]
