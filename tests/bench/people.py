"""The people of a measurement: an admin, hospitals with doctors, patients."""

from datetime import datetime, timedelta, timezone

ADMIN = "bench-admin"
PASSWORD = "quiet-lantern-97"
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class People:
    """Opens accounts on a platform, as people do. The admin is made by the operator's console."""

    def __init__(self, platform, console):
        self.platform = platform
        platform.create_admin(console, ADMIN, PASSWORD)
        self.admin = platform.sign_in({"username": ADMIN, "password": PASSWORD})

    def hospital(self, name):
        """A hospital that an admin lets in: its token and its identifier."""
        application = {
            "username": name, "email": f"{name}@bench.example",
            "password": PASSWORD, "password_confirm": PASSWORD,
            "first_name": "Bench", "last_name": "Mark", "phone_number": "+923001110000",
            "hospital_name": f"Bench {name}", "license_number": f"BENCH-{name}",
            "hospital_email": f"desk-{name}@bench.example", "hospital_phone": "+924211100000",
            "address": "1 Example Road",
        }
        applied = self.platform.call("POST", "/api/hospitals/register", application, expect=201)
        hospital = applied["hospital"]["id"]
        decision = {"is_approved": True}
        path = f"/api/hospitals/{hospital}/approve"
        self.platform.call("PATCH", path, decision, token=self.admin)
        return self.platform.sign_in({"username": name, "password": PASSWORD}), hospital

    def doctor(self, hospital, name, hours, minutes):
        """A doctor of that hospital who sees people every day: the token and the identifier."""
        doctor = {
            "first_name": "Bench", "last_name": name, "email": f"{name}@bench.example",
            "phone_number": "+923002220000", "specialization": "Cardiology",
        }
        path = "/api/hospitals/doctors/create"
        given = self.platform.call("POST", path, doctor, expect=201, token=hospital)
        username, password = (given["credentials"][name] for name in ("username", "password"))
        token = self.platform.sign_in({"username": username, "password": password})
        change = {"old_password": password, "new_password": PASSWORD}
        path = "/api/auth/change-password"
        token = self.platform.call("POST", path, change, token=token)["access"]
        practice = {
            "available_days": {day: [hours] for day in DAYS},
            "appointment_duration": minutes, "max_patients_per_day": 50, "timezone": "UTC",
        }
        self.platform.call("PUT", "/api/doctors/availability", practice, token=token)
        return token, given["doctor"]["id"]

    def patient(self, name):
        """The token of a patient who registers."""
        patient = {
            "username": name, "email": f"{name}@bench.example", "password": PASSWORD,
            "first_name": "Bench", "last_name": "Mark", "consent": True,
        }
        return self.platform.call("POST", "/api/auth/register", patient, expect=201)["access"]


class Slots:
    """Slots of a quarter of an hour that nobody has taken: 50 on each day of nearly 90.

    Two that follow each other are on different days, so that whoever takes them at once is in
    nobody's way.
    """

    HOURS, MINUTES, DAYS, A_DAY = "08:00-20:30", 15, 88, 50

    def __init__(self, doctors):
        self.doctors = doctors
        self.today = datetime.now(timezone.utc).date()

    def __iter__(self):
        """What books each of them."""
        for slot in range(self.A_DAY):
            hour, quarter = divmod(slot, 4)
            for day in range(1, self.DAYS + 1):
                for doctor in self.doctors:
                    yield {
                        "doctor": doctor,
                        "appointment_date": (self.today + timedelta(days=day)).isoformat(),
                        "start_time": f"{8 + hour:02}:{quarter * 15:02}",
                    }

    def month(self):
        """The query that asks for 31 days from tomorrow on."""
        first = self.today + timedelta(days=1)
        return f"start_date={first}&end_date={first + timedelta(days=30)}"
