"""A door that NTLMv2 opens (MS-NLMP 3.3.2), before easd: each connection must prove the password for itself."""
import base64
import hmac
import http.client
import http.server
import os
import struct
import threading


def md4(data):
    """RFC 1320; OpenSSL 3 has it no more."""
    def rotate(value, count):
        value &= 0xffffffff
        return (value << count | value >> (32 - count)) & 0xffffffff
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    rounds = ((lambda x, y, z: x & y | ~x & z, 0, (3, 7, 11, 19), range(16)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5a827999, (3, 5, 9, 13), [4 * (i % 4) + i // 4 for i in range(16)]),
              (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1, (3, 9, 11, 15), [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]))
    for at in range(0, len(padded), 64):
        words, (a, b, c, d) = struct.unpack("<16I", padded[at:at + 64]), state
        for mix, constant, shifts, order in rounds:
            for step, index in enumerate(order):
                a, b, c, d = d, rotate(a + mix(b, c, d) + words[index] + constant, shifts[step % 4]), b, c
        state = [(x + y) & 0xffffffff for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def field(message, at):
    length, _, offset = struct.unpack("<HHI", message[at:at + 8])
    return message[offset:offset + length]


def challenge_message(challenge, domain):
    name = domain.encode("utf-16-le")
    info = struct.pack("<HH", 2, len(name)) + name + struct.pack("<HH", 0, 0)
    flags = 0x1 | 0x4 | 0x200 | 0x8000 | 0x10000 | 0x80000 | 0x800000
    head = 48
    return (b"NTLMSSP\0" + struct.pack("<I", 2) + struct.pack("<HHI", len(name), len(name), head) +
            struct.pack("<I", flags) + challenge + b"\0" * 8 +
            struct.pack("<HHI", len(info), len(info), head + len(name)) + name + info)


def proves(message, challenge, user, password):
    given, domain = field(message, 36).decode("utf-16-le"), field(message, 28).decode("utf-16-le")
    answer = field(message, 20)
    key = hmac.digest(md4(password.encode("utf-16-le")), (given.upper() + domain).encode("utf-16-le"), "md5")
    return given == user and len(answer) > 24 and hmac.compare_digest(
        answer[:16], hmac.digest(key, challenge + answer[16:], "md5"))


class Door:
    """Passes on to a port of 127.0.0.1, with basic as the log-in there. entered: connections that proved themselves;
    basics: passwords that were sent in the clear."""

    def __init__(self, scratch, target, basic, user, password, offers=("NTLM",)):
        self.entered = self.refused = self.basics = 0
        door = self
        assert md4(b"abc").hex() == "a448017aaf21d8525fc10ae87aa6729d"

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            challenge = inside = None

            def setup(self):
                super().setup()
                self.challenge, self.inside = None, False

            def any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
                door.basics += kind == "Basic"
                if kind == "NTLM":
                    self.prove(base64.b64decode(token))
                if self.inside:
                    self.pass_on(body)
                elif kind == "NTLM" and self.challenge:
                    self.say(401, "NTLM " + base64.b64encode(challenge_message(self.challenge, "EXAMPLE")).decode())
                else:
                    self.say(401, *offers)

            do_POST = do_OPTIONS = do_GET = any

            def prove(self, message):
                if message[8] == 1:
                    self.challenge, self.inside = os.urandom(8), False
                    return
                self.inside = bool(self.challenge) and proves(message, self.challenge, user, password)
                self.challenge = None
                door.entered += self.inside
                door.refused += not self.inside

            def say(self, code, *offered):
                self.send_response(code)
                for offer in offered:
                    self.send_header("WWW-Authenticate", offer)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"no way")

            def pass_on(self, body):
                other = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("authorization", "host", "content-length")}
                other.request(self.command, self.path, body, {**headers, "Authorization": "Basic " + basic})
                answer = other.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                other.close()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        scratch.callback(self.server.server_close)
        scratch.callback(self.server.shutdown)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
