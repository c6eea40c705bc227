"""An OAuth issuer on loopback: device codes and refresh tokens (RFC 6749, RFC 8628), as well or as badly as a test wants.

Access tokens go into a file that easd reads (--token-file). Every field may be changed while it runs.
"""
import http.server
import itertools
import json
import os
import threading
import time
import urllib.parse

from harness import write


class Issuer:
    def __init__(self, scratch, user="alice", context=None):
        self.user, self.token_file = user, scratch.path("tokens")
        write(self.token_file, "")
        self.lock = threading.RLock()
        self.serial = itertools.count(1)
        self.refresh_token = None   # the only one that is good
        self.expires = 3600         # seconds an access token is said to live
        self.rotate = True          # each refresh gives a new refresh token, and the old one dies
        self.polls_pending = 0      # how often a device code is answered authorization_pending; -1: for ever
        self.slow_down = 0          # how often it is answered slow_down, before that
        self.code_life, self.interval = 900, 1
        self.delay = 0              # seconds before an answer
        self.failures = []          # (HTTP code, body) to answer token questions with, first things first
        self.device_failure = None  # an error word for the device endpoint
        self.log = []               # what was asked: grant types and "device"
        self.overlap = self.open = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                with issuer.lock:
                    issuer.open += 1
                    issuer.overlap = max(issuer.overlap, issuer.open)
                if issuer.delay:
                    time.sleep(issuer.delay)
                code, body = issuer.answer(self.path, form)
                with issuer.lock:
                    issuer.open -= 1
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                try:
                    self.send_response(code)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        scratch.callback(self.server.server_close)
        scratch.callback(self.server.shutdown)
        self.url = "%s://127.0.0.1:%d" % (scheme, self.server.server_port)

    def answer(self, path, form):
        with self.lock:
            if path == "/device":
                return self.device(form)
            self.log.append(form.get("grant_type", "none").rsplit(":", 1)[-1])
            if self.failures:
                return self.failures.pop(0)
            if form.get("client_id") != "easfs-test":
                return 400, {"error": "invalid_client", "error_description": "no such client"}
            if form["grant_type"] == "refresh_token":
                if form["refresh_token"] != self.refresh_token:
                    return 400, {"error": "invalid_grant", "error_description": "AADSTS70000: it was used or withdrawn"}
                return 200, self.grant()
            return self.poll(form)

    def device(self, form):
        self.log.append("device")
        if self.device_failure:
            return 400, {"error": self.device_failure, "error_description": "as asked"}
        self.device_code = "the-device-%d-%s" % (next(self.serial), os.urandom(8).hex())
        return 200, {"device_code": self.device_code, "user_code": "WDJB-MJHT", "expires_in": self.code_life,
                     "verification_uri": self.url + "/activate", "interval": self.interval, "message": "go there"}

    def poll(self, form):
        if form["device_code"] != self.device_code:
            return 400, {"error": "expired_token"}
        if self.slow_down:
            self.slow_down -= 1
            return 400, {"error": "slow_down"}
        if self.polls_pending:
            self.polls_pending -= self.polls_pending > 0
            return 400, {"error": "authorization_pending"}
        return 200, self.grant()

    def grant(self):
        number = next(self.serial)
        access = "the-access-%d-%s" % (number, os.urandom(12).hex())
        if self.rotate or not self.refresh_token:
            self.refresh_token = "the-refresh-%d-%s" % (number, os.urandom(12).hex())
        self.allow(access)
        answer = {"token_type": "Bearer", "access_token": access, "expires_in": self.expires, "scope": "eas"}
        if self.rotate:
            answer["refresh_token"] = self.refresh_token
        return answer

    def allow(self, *tokens):
        """Only these access tokens are good from now on."""
        with self.lock:
            write(self.token_file + "~", "".join("%s %s\n" % (self.user, token) for token in tokens))
            os.rename(self.token_file + "~", self.token_file)

    def expire(self):
        """Every access token is refused from now on."""
        self.allow()

    def count(self, kind):
        return self.log.count(kind)

    def secrets(self):
        """Patterns of everything secret that was ever given."""
        return [b"the-access-", b"the-refresh-", b"the-device-"]

    def options(self):
        return ["--oauth-client-id", "easfs-test", "--oauth-device-endpoint", self.url + "/device",
                "--oauth-token-endpoint", self.url + "/token"]
