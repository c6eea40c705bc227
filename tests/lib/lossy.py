"""A way to a server on which chosen answers, or requests, are lost: each is named by command and by what it holds."""
import http.client
import http.server
import threading
import urllib.parse


class Lossy:
    """Forwards to the server at url. lose(command, "answer"|"request", holding): the next request of the command whose
    body holds these bytes; lost counts those that were."""

    def __init__(self, url):
        self.target = urllib.parse.urlsplit(url)
        self.rules, self.lost, self.lock = [], 0, threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.forward(self)

            do_OPTIONS = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d%s" % (self.server.server_port, self.target.path)

    def lose(self, command, what, holding=b""):
        with self.lock:
            self.rules.append((command, what, holding))

    def fate(self, handler, body):
        with self.lock:
            for rule in self.rules:
                if "Cmd=" + rule[0] in handler.path and rule[2] in body:
                    self.rules.remove(rule)
                    self.lost += 1
                    return rule[1]
        return None

    def forward(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        fate = self.fate(handler, body)
        if fate == "request":
            handler.close_connection = True
            handler.connection.close()
            return
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=600)
        skipped = ("host", "connection", "accept-encoding", "transfer-encoding")
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in skipped}
        try:
            connection.request(handler.command, handler.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            fate = "answer"
        if fate == "answer":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        try:
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:
            pass  # whoever asked has gone

    def close(self):
        self.server.shutdown()
        self.server.server_close()
