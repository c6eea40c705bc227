"""A mail server for the rig: takes every message, keeps a log of them, hands those for the rig's users to a function."""
import socketserver
import threading


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 rig.test")
        sender, recipients = "", []
        for line in self.rfile:
            words = line.decode(errors="replace").strip()
            verb = words.split(" ")[0].upper()
            if verb == "MAIL":
                sender, recipients = self.address(words), []
            elif verb == "RCPT":
                recipients.append(self.address(words))
            elif verb == "DATA":
                self.say("354 go on")
                self.server.take(sender, recipients, self.data())
            elif verb == "QUIT":
                self.say("221 bye")
                return
            self.say("250 rig.test" if verb in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP") else "500 no")

    @staticmethod
    def address(words):
        return words.split("<", 1)[1].split(">")[0]

    def data(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class Sink(socketserver.ThreadingTCPServer):
    """log: a list of (sender, [recipient], bytes). deliver(user, [bytes]) gets what is for NAME@domain."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, domain, deliver):
        super().__init__(("127.0.0.1", port), Session)
        self.log, self.domain, self.deliver = [], domain, deliver
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, sender, recipients, message):
        for recipient in recipients:
            user, _, domain = recipient.partition("@")
            if domain == self.domain:
                self.deliver(user, [message])
        self.log.append((sender, recipients, message))

    def close(self):
        self.shutdown()
        self.server_close()
