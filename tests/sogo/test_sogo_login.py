#!/usr/bin/env python3
"""Logging in to a real server: set up by nothing but address and password, and behind nginx with a client certificate.
Catches: a set-up that works only with servers of our own, a certificate that is not shown, or shown instead of the
password where both are wanted."""
import base64
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))
import certs
import harness
import rig as rigs
from harness import EASFS, equal, message, read, run, test, truth, wait_for, write
from keyring import Keyring
from nameserver import NameServer
from terminal import typed
from websites import Relay, free_address

rig = rigs.Rig("/tmp/easfs-rig-login-%d" % os.getpid(), ["alice"])

NGINX = """pid {top}/pid;
error_log {top}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {top}/body; proxy_temp_path {top}/proxy; fastcgi_temp_path {top}/fastcgi;
  uwsgi_temp_path {top}/uwsgi; scgi_temp_path {top}/scgi;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_client_certificate {ca};
  ssl_verify_client on;
  client_max_body_size 256m;
  proxy_read_timeout 3900;
  proxy_set_header Host $http_host;
  server {{ listen 127.0.0.1:{both} ssl; location / {{ proxy_pass http://127.0.0.1:{target}; }} }}
  server {{
    listen 127.0.0.1:{alone} ssl;
    location / {{ proxy_set_header Authorization "Basic {basic}"; proxy_pass http://127.0.0.1:{target}; }}
  }}
}}
"""


class Nginx:
    """Two ports that want a certificate: both (and the user's password), alone (the certificate is the log-in)."""

    def __init__(self, scratch, authority):
        top = scratch.path("nginx")
        os.makedirs(top)
        certificate, key = authority.issue("localhost")
        self.both, self.alone = rigs.free_port(), rigs.free_port()
        basic = base64.b64encode(("alice:" + rig.password("alice")).encode()).decode()
        conf = write(top + "/conf", NGINX.format(top=top, certificate=certificate, key=key, ca=authority.ca, both=self.both,
                                                 alone=self.alone, target=rig.port["http"], basic=basic))
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", conf, "-p", top, "-e", top + "/error.log", "-g",
                                         "daemon off;"], stderr=subprocess.DEVNULL)
        scratch.callback(self.stop)
        wait_for("nginx", lambda: rigs.listens(self.both) and rigs.listens(self.alone))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)



@test
def an_address_and_a_password_mount_a_real_mailbox(scratch):
    rig.deliver("alice", [message("Budget review"), message("Lunch")])
    dns, authority = scratch.enter_context(NameServer()), certs.Authority(scratch.path("authority"))
    address = free_address()
    dns.exists("rig.test")
    dns.mx("rig.test", "mail.rig.test")
    dns.a("mail.rig.test", address)
    scratch.enter_context(Relay(address, rig.port["http"], authority.issue("mail.rig.test")))
    os.environ.update(HOME=scratch.path("home"), XDG_STATE_HOME=scratch.path("states"))
    os.makedirs(scratch.path("home"), exist_ok=True)
    with Keyring(scratch):
        line, shown = typed([("Password of alice@rig.test:", rig.password("alice"))], EASFS, "setup", "alice@rig.test",
                            "--yes", "--resolver", dns.where, "--ca-file", authority.ca)
        truth("mail.rig.test" in shown and rig.password("alice") not in line + shown, shown)
        equal(line.count("\n"), 1, "lines")
        run("sh", "-c", line.replace("easfs mount", EASFS + " mount"))
        point = scratch.path("home/alice@rig.test")
        try:
            run(EASFS, "sync", point, "--wait")
            inbox = [name for name in os.listdir(point + "/Mail") if name.lower() == "inbox"][0]
            names = os.listdir(point + "/Mail/" + inbox)
            truth(any("Budget review" in name for name in names) and any("Lunch" in name for name in names), "%r" % names)
            truth(b"Subject: Lunch" in read(point + "/Mail/%s/%s" % (inbox, [n for n in names if "Lunch" in n][0])), "bytes")
        finally:
            run(EASFS, "umount", point)
    for root, _, names in os.walk(scratch.path("config")):
        for name in names:
            truth(rig.password("alice").encode() not in read(os.path.join(root, name)), name + " holds the password")


@test
def a_client_certificate_opens_the_door(scratch):
    rig.deliver("alice", [message("The door")])
    authority = certs.Authority(scratch.path("authority"))
    stranger = certs.Authority(scratch.path("stranger"), "Somebody Else")
    nginx = Nginx(scratch, authority)
    certificate, key = authority.issue("alice")
    wrong, wrong_key = stranger.issue("alice")
    password = write(scratch.path("password"), rig.password("alice") + "\n")
    os.chmod(password, 0o600)
    os.makedirs(scratch.path("mnt"), exist_ok=True)
    base = ["--user", "alice", "--ca-file", authority.ca]
    shown = ["--client-cert", certificate, "--client-key", key]
    both = [*base, "--server", "localhost:%d" % nginx.both, "--password-file", password]
    alone = [*base, "--server", "localhost:%d" % nginx.alone, "--auth", "certificate"]

    for options in (both, [*both, "--client-cert", wrong, "--client-key", wrong_key],
                    [*alone, "--client-cert", wrong, "--client-key", wrong_key]):
        done = run(EASFS, "mount", scratch.path("mnt"), *options, "--state", scratch.path("refused"), code=77,
                   stdin=subprocess.DEVNULL, start_new_session=True)
        truth("client certificate" in done.stderr, done.stderr)
    for state, options in (("both", both), ("alone", alone)):
        mount = scratch.mount([*options, *shown], state=state)
        mount.sync()
        truth(any("The door" in name for name in os.listdir(mount.path("Mail", [
            name for name in mount.ls("Mail") if name.lower() == "inbox"][0]))), "the mailbox through " + state)
        equal(mount.status()["state"], "online", "the state")
        mount.umount()


if __name__ == "__main__":
    rigs.serve(rig)
