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
    """Fills one hospital after the other, each with as many patients as `sizes` says."""
    platform.create_admin(console, ADMIN, PASSWORD)
    found = []
    for size in sizes:
        progress(f"a hospital of {size} patients")
        token, hospital = join(platform, f"bench{size}")
        counted = fill(platform, binary, hospital, size)
        found.append({"size": size, "calls": counted["calls"], "ms": times(platform, token)})
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


def times(platform, token):
    first = f"/api/patients?limit={PAGE}"
    deep = first
    for _ in range(1, DEEP):
        deep = platform.call("GET", deep, token=token)["next"]
    # The platform is still busy with what the generator left.
    time.sleep(2)
    views = {"page 1": first, "page 500": deep, "search": "/api/patients/search?query=03000000999&limit=2"}
    return {view: median(platform, path, token) for view, path in views.items()}


def median(platform, path, token):
    def once():
        begun = time.perf_counter()
        platform.call("GET", path, token=token)
        return (time.perf_counter() - begun) * 1e3

    for _ in range(SETTLED):
        once()
    return statistics.median(once() for _ in range(REPEATS))
