"""How soon people hear of what happened, and how many events a second go through `relay`."""

import statistics
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3

import crowd
from emulator import Failure

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from live import Live  # noqa: E402

# A visit has at most a hundred entries of each kind.
ENTRIES = [("notes", "note", number) for number in range(100)]
ENTRIES += [("symptoms", "symptom", number) for number in range(100)]
EVENTS = 4_000


def measure(platform, people, binary, progress):
    """Both, at one hospital."""
    manager, hospital = people.hospital("aftermath")
    doctor, doctor_id = people.doctor(manager, "aftermath", "00:00-23:59", 15)
    progress("from commit to push")
    delays = pushes(platform, people, manager, hospital, doctor, doctor_id)
    progress("events through relay")
    return {"push": spread(delays), "relay": throughput(platform, binary, hospital)}


def pushes(platform, people, manager, hospital, doctor, doctor_id):
    """Seconds from the answer to a doctor's entry until the patient hears of it, one at a time.

    The entry is committed before it is answered, so this is a little less than the delay from the
    commit; the answer itself takes a millisecond or two.
    """
    patient = people.patient("aftermath-patient")
    visit = visited(platform, manager, hospital, patient, doctor, doctor_id)
    ticket = platform.call("POST", "/api/realtime/tickets", {}, expect=201, token=patient)
    live = Live(ticket["url"])
    live.say({"type": "resume", "since": 0})
    while (heard := live.hear(10)) and heard["type"] != "ready":
        pass
    if not heard:
        raise Failure("the live connection is not ready")
    quiet(live)
    delays = []
    for kind, field, number in ENTRIES:
        entry = {field: f"Entry {number}"}
        platform.call("POST", f"/api/consultations/{visit}/{kind}", entry, expect=201, token=doctor)
        answered = time.perf_counter()
        while (heard := live.hear(10)) and heard["type"] != "consultation":
            pass
        if not heard:
            raise Failure(f"entry {number} of the {kind} was not heard of")
        delays.append(time.perf_counter() - answered)
    live.close()
    return delays


def visited(platform, manager, hospital, patient, doctor, doctor_id):
    """A visit that is under way."""
    department = platform.call(
        "POST", "/api/hospitals/departments", {"name": "Aftermath"}, expect=201, token=manager
    )
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    request = {
        "hospital": hospital, "department": department["id"], "reason": "A measurement",
        "requested_time": tomorrow.replace(hour=10, minute=0, second=0, microsecond=0).isoformat(),
    }
    visit = platform.call("POST", "/api/appointments", request, expect=201, token=patient)["id"]
    path = f"/api/appointments/{visit}"
    platform.call("POST", f"{path}/assign-doctor", {"doctor_id": doctor_id}, token=manager)
    platform.call("POST", f"{path}/check-in", {}, token=manager)
    platform.call("POST", f"{path}/start", {}, token=doctor)
    return visit


def quiet(live):
    """Waits until nothing was said for a while."""
    while live.hear(0.5):
        pass


def throughput(platform, binary, hospital):
    """Events a second: lines of the audit log are written as fast as the table takes them, and the
    number of the hospital's last sealed event says how far `relay` has come."""
    sealed = Sealed(platform.dynamodb_port, hospital)
    before = sealed.settled()
    begun = time.perf_counter()
    crowd.fill(platform, binary, hospital, "events", EVENTS)
    written = time.perf_counter() - begun
    behind = before + EVENTS - sealed.number()
    end = sealed.settled()
    seconds = time.perf_counter() - begun - Sealed.PATIENCE
    events = end - before
    if events < EVENTS:
        raise Failure(f"of {EVENTS} events {events} came through")
    return {
        "events": events,
        "per_second": events / seconds,
        "written_per_second": events / written,
        "behind": max(behind, 0),
    }


class Sealed:
    """How many events of a hospital `relay` has sealed."""

    PATIENCE = 2.0

    def __init__(self, port, hospital):
        self.key = {"pk": {"S": "chains#hub"}, "sk": {"S": f"head#{hospital}"}}
        self.client = boto3.client(
            "dynamodb", endpoint_url=f"http://127.0.0.1:{port}", region_name="local",
            aws_access_key_id="local", aws_secret_access_key="local",
        )

    def number(self):
        item = self.client.get_item(TableName="carehub-rollups", Key=self.key).get("Item", {})
        return int(item.get("number", {"N": "0"})["N"])

    def settled(self):
        """The number once it has not moved for a while."""
        number, since = self.number(), time.perf_counter()
        while time.perf_counter() - since < self.PATIENCE:
            time.sleep(0.05)
            if (now := self.number()) != number:
                number, since = now, time.perf_counter()
        return number


def spread(seconds):
    """Milliseconds: the middle, the slowest but one in a hundred, and how many there were."""
    return {
        "count": len(seconds),
        "p50_ms": statistics.median(seconds) * 1e3,
        "p99_ms": statistics.quantiles(seconds, n=100)[98] * 1e3,
    }
