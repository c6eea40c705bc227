"""Web servers, proxies and things that are neither, on addresses of loopback that nobody else uses.

A Site answers HTTP (or HTTPS, with a certificate) by a function of each request; a Raw server does with each
connection what it is told; a Relay passes connections on, so that a server on any port stands at 443.
"""
import base64
import http.server
import random
import select
import socket
import ssl
import threading
import time
import urllib.parse


def free_address():
    """An address of 127.0.0.0/8 at random, on which nobody listens at 443 and 80."""
    while True:
        address = "127.%d.%d.%d" % (random.randint(1, 254), random.randint(0, 254), random.randint(2, 250))
        try:
            for port in (443, 80):
                with socket.socket() as probe:
                    probe.bind((address, port))
            return address
        except OSError:
            continue


class Ask:
    def __init__(self, method, path, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.path, _, self.query = path.partition("?")
        self.command = urllib.parse.parse_qs(self.query).get("Cmd", [method])[0]

    def basic(self):
        """(user, password) of Basic, or None."""
        kind, _, pair = (self.headers.get("Authorization") or "").partition(" ")
        return tuple(base64.b64decode(pair).decode().split(":", 1)) if kind == "Basic" else None


class Answer:
    """hang: nobody answers; drop: the connection ends without a word."""

    def __init__(self, code=200, body=b"", kind="text/html", hang=False, drop=False, headers=None):
        self.code, self.body, self.kind = code, body if isinstance(body, bytes) else body.encode(), kind
        self.hang, self.drop, self.headers = hang, drop, headers or {}


def tls_context(certificate, client_ca=None, oldest=None, newest=None, weak=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if weak:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
    if oldest:
        context.minimum_version = oldest
    if newest:
        context.maximum_version = newest
    context.load_cert_chain(*certificate)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Site:
    """answer(ask) gives an Answer. certificate: (file, key), or an SSLContext; None: plain HTTP. asks: all that came."""

    def __init__(self, address, answer, certificate=None, port=None):
        self.asks, self.stopping = [], False
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            timeout = 60

            def log_message(self, *_):
                pass

            def date_time_string(self, timestamp=None):
                return super().date_time_string(time.time() + site.clock)

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                ask = Ask(self.command, self.path, self.headers, body)
                site.asks.append(ask)
                said = answer(ask)
                while said.hang and not site.stopping:
                    time.sleep(0.05)
                if said.hang or said.drop:
                    self.close_connection = True
                    return
                self.send_response(said.code)
                for name, value in said.headers.items():
                    for one in value if isinstance(value, list) else [value]:
                        self.send_header(name, one)
                if said.body and said.kind:
                    self.send_header("Content-Type", said.kind)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                try:
                    self.wfile.write(said.body)
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_OPTIONS = do_HEAD = handle_any

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass

            def finish_request(self, request, client_address):
                if site.context:
                    request.settimeout(30)
                    request = site.context.wrap_socket(request, server_side=True)
                super().finish_request(request, client_address)

        self.clock = 0  # seconds by which its Date is off
        self.context = certificate
        if isinstance(certificate, tuple):
            self.context = tls_context(certificate)
        self.server = Server((address, port or (443 if certificate else 80)), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.server.shutdown()
        self.server.server_close()


class Raw:
    """Does talk(connection) with each connection, then closes it."""

    def __init__(self, address, port, talk):
        self.talk = talk
        self.socket = socket.create_server((address, port))
        self.port = self.socket.getsockname()[1]
        self.connections = 0

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with connection:
            try:
                self.talk(connection)
            except OSError:
                pass

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def join(left, right):
    """Passes bytes both ways until one side ends. What TLS has read ahead select does not see."""
    while True:
        ready = [side for side in (left, right) if getattr(side, "pending", int)() > 0]
        for side in ready or select.select([left, right], [], [], 60)[0]:
            bytes_read = side.recv(65536)
            if not bytes_read:
                return
            (right if side is left else left).sendall(bytes_read)


class Relay(Raw):
    """Connections to address:443 go on to a port of 127.0.0.1; with a certificate TLS ends here."""

    def __init__(self, address, target, certificate=None, port=443):
        self.target = target
        self.context = tls_context(certificate) if certificate else None
        super().__init__(address, port, self.relay)

    def relay(self, connection):
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
            connection.settimeout(None)
        with socket.create_connection(("127.0.0.1", self.target)) as other:
            join(connection, other)


class Proxy(Raw):
    """CONNECT; code other than 200 refuses; user and password: what it wants."""

    def __init__(self, address, resolve, port=0, code=200, login=None):
        self.resolve, self.code, self.login, self.asked = resolve, code, login, []
        super().__init__(address, port, self.proxy)

    def proxy(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        lines = head.decode("latin-1").split("\r\n")
        self.asked.append(lines[0])
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode() if self.login else None
        given = next((l.split(": ", 1)[1] for l in lines if l.lower().startswith("proxy-authorization:")), None)
        if wanted and given != wanted:
            connection.sendall(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n"
                               b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if self.code != 200:
            connection.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % self.code)
            return
        host, _, port = lines[0].split()[1].rpartition(":")
        if not self.resolve(host):
            connection.sendall(b"HTTP/1.1 502 Who is that\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with socket.create_connection((self.resolve(host), int(port))) as other:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            join(connection, other)


class Hole:
    """An address and port where connections are neither taken nor refused: its queue is full."""

    def __init__(self, address, port=443):
        self.listener = socket.socket()
        self.listener.bind((address, port))
        self.listener.listen(0)
        self.queued = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((address, port))
            self.queued.append(one)
        time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in [*self.queued, self.listener]:
            one.close()
