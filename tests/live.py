#!/usr/bin/env -S python3 -B
"""A live connection to CareHub, with nothing but Python's own library.

    tests/live.py URL [--since N] [--for SECONDS] [--until TEXT]

It prints one line for each message, and ends when a message contains TEXT or the time is over; without
the text it was to wait for, with 1. URL is the one that `POST /api/realtime/tickets` answers with.
"""

import argparse
import base64
import json
import os
import socket
import ssl
import struct
import sys
import time
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Live:
    """A WebSocket, as a client sees it (RFC 6455). Messages of the hub come in one frame each."""

    def __init__(self, url, timeout=10):
        place = urlsplit(url)
        secure = place.scheme == "wss"
        port = place.port or (443 if secure else 80)
        plain = socket.create_connection((place.hostname, port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=place.hostname)
        self.socket, self.read = plain, b""
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.read:
            self.more()
        head, self.read = self.read.split(b"\r\n\r\n", 1)
        status = head.split(b"\r\n", 1)[0].decode()
        if " 101 " not in f"{status} ":
            raise ConnectionError(f"the hub answered {status}")

    def say(self, message):
        """Sends a message, as JSON."""
        self.send(TEXT, json.dumps(message).encode())

    def hear(self, timeout):
        """The next message, or nothing if none comes in time or the connection ends."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                kind, payload = self.frame()
            except (TimeoutError, ConnectionError):
                return None
            if kind == TEXT:
                return json.loads(payload)
            if kind == PING:
                self.send(PONG, payload)
            if kind == CLOSE:
                return None
        return None

    def close(self):
        """Hangs up."""
        self.socket.close()

    def frame(self):
        while len(self.read) < 2:
            self.more()
        kind, length, head = self.read[0] & 0x0F, self.read[1] & 0x7F, 2
        if length >= 126:
            head = 4 if length == 126 else 10
            while len(self.read) < head:
                self.more()
            length = struct.unpack("!H" if head == 4 else "!Q", self.read[2:head])[0]
        while len(self.read) < head + length:
            self.more()
        payload, self.read = self.read[head : head + length], self.read[head + length :]
        return kind, payload

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the hub hung up")
        self.read += piece

    def send(self, kind, payload):
        # What a client sends is masked; this mask changes nothing.
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | length)
        else:
            head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, length)
        self.socket.sendall(head + b"\0\0\0\0" + payload)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--since", type=int, help="resume behind this number")
    parser.add_argument("--for", dest="seconds", type=float, default=10)
    parser.add_argument("--until", help="end with the message that contains this text")
    options = parser.parse_args()
    live = Live(options.url)
    if options.since is not None:
        live.say({"type": "resume", "since": options.since})
    deadline = time.monotonic() + options.seconds
    while message := live.hear(deadline - time.monotonic()):
        line = json.dumps(message)
        print(line, flush=True)
        if options.until and options.until in line:
            return 0
    return 1 if options.until else 0


if __name__ == "__main__":
    sys.exit(main())
