"""A name server on loopback that says what a test tells it, over UDP: A, AAAA, MX and SRV.

    with NameServer() as dns:
        dns.a("mail.example.test", "127.3.4.5")
        ... --resolver dns.where
"""
import os
import random
import socket
import struct
import threading

A, MX, AAAA, SRV = 1, 15, 28, 33
NO_ERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def wire_name(name):
    labels = [label for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def read_name(message, at):
    labels = []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    return ".".join(labels), at + 1


class NameServer:
    """silent: nobody answers; fails: SERVFAIL to everything; lie: the address that names get which do not exist;
    mute: names that are never answered;
    rubbish: answers that are none."""

    def __init__(self, address="127.0.0.1"):
        self.zone, self.asked = {}, []
        self.silent, self.fails, self.lie, self.mute, self.rubbish = False, False, None, set(), False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.where = "%s:%d" % self.socket.getsockname()

    def put(self, name, kind, data):
        self.zone.setdefault(name.lower(), {}).setdefault(kind, []).append(data)

    def a(self, name, *addresses):
        for address in addresses:
            self.put(name, A, socket.inet_aton(address))

    def mx(self, name, host, priority=10):
        self.put(name, MX, struct.pack(">H", priority) + wire_name(host))

    def srv(self, name, host, port=443, priority=0, weight=0):
        self.put(name, SRV, struct.pack(">HHH", priority, weight, port) + wire_name(host))

    def address(self, name):
        """As a proxy would ask; None for what does not exist."""
        found = self.zone.get(name.lower(), {}).get(A)
        return socket.inet_ntoa(found[0]) if found else None

    def exists(self, name):
        """A name without any record."""
        self.zone.setdefault(name.lower(), {})

    def answer(self, message):
        ident, = struct.unpack(">H", message[:2])
        name, end = read_name(message, 12)
        kind, = struct.unpack(">H", message[end:end + 2])
        question = message[12:end + 4]
        known = self.zone.get(name.lower())
        self.asked.append((name.lower(), kind))
        if self.rubbish:
            return message[:2] + os.urandom(random.randint(0, 100))
        if self.silent or name.lower() in self.mute:
            return None
        data, code = (known or {}).get(kind, []), NO_ERROR if known is not None else NXDOMAIN
        if known is None and self.lie:
            data, code = [socket.inet_aton(self.lie)] if kind == A else [], NO_ERROR
        if self.fails:
            data, code = [], SERVFAIL
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(d)) + d for d in data)
        return struct.pack(">HHHHHH", ident, 0x8180 | code, 1, len(data), 0, 0) + question + records

    def serve(self):
        while True:
            try:
                message, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            try:
                reply = self.answer(message)
            except (IndexError, struct.error):
                continue
            if reply:
                try:
                    self.socket.sendto(reply, peer)
                except OSError:
                    return

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.close()
