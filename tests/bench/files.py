"""How fast files come and go through CareHub, beside plain copies to and from the same S3."""

import base64
import hashlib
import http.client
import json
import secrets
import statistics
import time
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from emulator import Failure

LARGE, SMALL, REPEATS = 8_000_000, 3_000_000, 12
BUCKET = "plain"


def measure(platform, people, progress):
    """Uploads and downloads documents of two sizes, each beside a plain copy of as many bytes."""
    token = people.patient("files")
    profile = platform.call("GET", "/api/auth/profile", token=token)
    patient = profile["id"].replace("usr_", "pat_")
    plain = Plain(platform.s3_port)
    samples = {}

    def take(what, size, work):
        progress(f"files: {what}")
        begun = time.perf_counter()
        answer = work()
        samples.setdefault((what, size), []).append(time.perf_counter() - begun)
        return answer

    for turn in range(REPEATS):
        key, large = f"large-{turn}", document(LARGE)
        take("plain upload", LARGE, lambda: plain.upload(key, large))
        take("plain download", LARGE, lambda: plain.download(key))
        hub = Hub(platform, token, patient)
        upload = take("announced upload", LARGE, lambda: hub.announced(large))
        report = take("report until inspected", LARGE, lambda: hub.report(upload))
        take("download by link", LARGE, lambda: send("GET", report["file_url"]))
        key, small = f"small-{turn}", document(SMALL)
        take("plain upload", SMALL, lambda: plain.upload(key, small))
        report = take("report with its file", SMALL, lambda: hub.inline(small))
        take("plain download", SMALL, lambda: plain.download(key))
        take("download by link", SMALL, lambda: send("GET", report["file_url"]))
    return rows(samples)


def rows(samples):
    """The median of each step, and how long it takes beside the plain copy of its size."""
    medians = {step: statistics.median(times) for step, times in samples.items()}
    found = []
    for (what, size), seconds in medians.items():
        direction = "plain download" if "download" in what else "plain upload"
        found.append({
            "what": what,
            "bytes": size,
            "ms": seconds * 1e3,
            "mb_per_second": size / 1e6 / seconds,
            "ratio": seconds / medians[direction, size],
        })
    return found


def document(size):
    """A PDF of that many bytes, each time another."""
    head, tail = b"%PDF-1.4\n", b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    filling = base64.b64encode(secrets.token_bytes(size))[: size - len(head) - len(tail) - 1]
    return head + b"%" + filling + tail


class Hub:
    """What a patient does with files."""

    def __init__(self, platform, token, patient):
        self.platform, self.token = platform, token
        self.path = f"/api/records/patients/{patient}/reports/upload"

    def announced(self, content):
        wish = {
            "file_name": "scan.pdf", "content_type": "application/pdf", "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        wish = self.platform.call("POST", "/api/uploads/presign", wish, expect=201, token=self.token)
        send("PUT", wish["url"], content, wish["headers"])
        return wish["upload_id"]

    def report(self, upload):
        form = {"title": "Scan", "file_type": "OTHER", "upload_id": upload}
        made = self.platform.call("POST", self.path, form, expect=201, token=self.token)
        return self.inspected(made["report"]["id"])

    def inspected(self, report):
        for _ in range(1000):
            shown = self.platform.call("GET", f"/api/records/reports/{report}", token=self.token)
            if shown["file_status"] != "PENDING":
                break
            time.sleep(0.005)
        if shown["file_status"] != "CLEAN":
            raise Failure(f"a file is {shown['file_status']}: {shown['file_problem']}")
        return shown

    def inline(self, content):
        edge = secrets.token_hex(16)
        fields = {"title": "Scan", "file_type": "OTHER"}
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="scan.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        body = "".join(parts).encode() + content + f"\r\n--{edge}--\r\n".encode()
        headers = {
            "authorization": f"Bearer {self.token}",
            "content-type": f"multipart/form-data; boundary={edge}",
        }
        url = f"http://127.0.0.1:{self.platform.port}{self.path}"
        return json.loads(send("POST", url, body, headers))["report"]


class Plain:
    """The same S3 without CareHub in between."""

    def __init__(self, port):
        self.client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
            aws_access_key_id="local", aws_secret_access_key="local",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        self.client.create_bucket(Bucket=BUCKET)

    def upload(self, key, content):
        send("PUT", self.address("put_object", key), content)

    def download(self, key):
        return send("GET", self.address("get_object", key))

    def address(self, operation, key):
        return self.client.generate_presigned_url(operation, {"Bucket": BUCKET, "Key": key})


def send(method, url, body=None, headers=None):
    """Sends one request and answers what came back, or fails unless that is a success."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, url.partition(parts.netloc)[2], body, headers or {})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{method} {parts.path}: {error}") from None
    finally:
        connection.close()
    if response.status // 100 != 2:
        raise Failure(f"{method} {parts.path}: {response.status}: {content[:400]!r}")
    return content
