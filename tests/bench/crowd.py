"""How long lists, searches and bookings take where few and where very many were before."""

import itertools
import json
import statistics
import subprocess
import time

from emulator import Failure
from people import Slots

PAGE, DEEP, REPEATS = 2, 500, 100
SETTLED = 50


def patients(platform, people, binary, sizes, progress):
    """A page, a deep page and a search in hospitals of as many patients as `sizes` says."""
    found = []
    for size in sizes:
        progress(f"a hospital of {size} patients")
        token, hospital = people.hospital(f"bench{size}")
        counted = fill(platform, binary, hospital, "patients", size)
        if not counted["found"]:
            raise Failure("crowd: the patient who is looked for is not found")
        asked = {view: get(path, token) for view, path in paths(platform, token).items()}
        found.append({"size": size, "calls": counted["calls"], "asked": asked})
    compared = compare(platform, found)
    first = found[0]["calls"]["page 1"]
    for row in compared["views"]:
        row["same_calls"] = row["same_calls"] and row["calls"] == first
    return compared


def appointments(platform, people, binary, sizes, progress):
    """A month of slots, a booking and a page of doctors who had as many appointments."""
    found = []
    for size in sizes:
        progress(f"a doctor with {size} appointments")
        manager, hospital = people.hospital(f"diary{size}")
        token, doctor = people.doctor(manager, f"diary{size}", Slots.HOURS, Slots.MINUTES)
        more = ["--doctor", doctor]
        counted = fill(platform, binary, hospital, "appointments", size, more)
        patient, slots = people.patient(f"diary-patient{size}"), Slots([doctor])
        month = f"/api/appointments/doctor_availability?doctor_id={doctor}&{slots.month()}"
        asked = {
            "month of slots": get(month, patient),
            "booking": book(slots, patient),
            "page 1": get("/api/appointments/doctor-appointments", token),
        }
        found.append({"size": size, "calls": counted["calls"], "asked": asked})
    return compare(platform, found)


def fill(platform, binary, hospital, what, size, more=()):
    endpoint = f"http://127.0.0.1:{platform.dynamodb_port}"
    command = [binary, what, "--endpoint", endpoint, "--hospital", hospital, "--to", str(size), *more]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    except subprocess.TimeoutExpired:
        raise Failure(f"{size} {what} were not entered within 20 minutes") from None
    if done.returncode:
        raise Failure(f"crowd: {done.stderr[-400:]}")
    return json.loads(done.stdout)


def safety(binary):
    """How long the safety check of a long prescription keeps the processor busy."""
    done = subprocess.run([binary, "safety"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Failure(f"crowd: {done.stderr[-400:]}")
    return json.loads(done.stdout)


def paths(platform, token):
    """Where the first page of patients is, the deep one, and a search."""
    first = f"/api/patients?limit={PAGE}"
    deep = first
    for _ in range(1, DEEP):
        deep = platform.call("GET", deep, token=token)["next"]
    search = f"/api/patients/search?query=03000000999&limit={PAGE}"
    return {"page 1": first, "page 500": deep, "search": search}


def get(path, token):
    """Asks for the same again and again."""
    return lambda platform: platform.call("GET", path, token=token)


def book(slots, token):
    """Books another slot each time, none that opens a day: `crowd` has booked one of those."""
    left = itertools.islice(slots, Slots.DAYS, None)
    path = "/api/appointments/book"
    return lambda platform: platform.call("POST", path, next(left), expect=201, token=token)


def compare(platform, found):
    """The times and calls of each view, and how much longer the larger crowd takes."""
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
            "same_calls": large["calls"][view] == small["calls"][view],
        }
        for view in small["asked"]
    ]
    return {"sizes": [each["size"] for each in found], "views": views}


def in_turn(platform, found):
    """The median of each view of each crowd, asked for by turns, so that noise hits all alike."""
    samples = [{view: [] for view in each["asked"]} for each in found]
    for turn in range(SETTLED + REPEATS):
        for each, taken in zip(found, samples):
            for view, ask in each["asked"].items():
                begun = time.perf_counter()
                ask(platform)
                if turn >= SETTLED:
                    taken[view].append((time.perf_counter() - begun) * 1e3)
    return [{view: statistics.median(times) for view, times in taken.items()} for taken in samples]
