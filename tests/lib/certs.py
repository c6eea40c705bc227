"""Certificates made on the spot with openssl: an authority, and servers signed by it, for any time and any name."""
import datetime
import os
import subprocess
import threading

CONFIG = """
[ca]
default_ca = ours
[ours]
dir = {top}
database = {top}/index
serial = {top}/serial
new_certs_dir = {top}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
"""
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments, cwd):
    done = subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(arguments), done.stderr))
    return done.stdout


def when(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """Below a directory of its own. ca: the file for --ca-file."""

    def __init__(self, top, name="Test Authority"):
        self.top, self.count, self.lock = top, 0, threading.Lock()
        os.makedirs(top)
        self.config = os.path.join(top, "config")
        self.write("config", CONFIG.format(top=top))
        self.write("index", "")
        self.write("serial", "1000\n")
        openssl("req", "-x509", *CURVE, "-keyout", "ca.key", "-subj", "/CN=" + name, "-days", "3650", "-out", "ca.pem",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", cwd=top)
        self.ca = os.path.join(top, "ca.pem")

    def write(self, name, text):
        with open(os.path.join(self.top, name), "w") as file:
            file.write(text)

    def issue(self, *names, since=-10, until=365, digest="sha256", key=None, self_signed=False):
        """A certificate for the names; since and until in days from now; key: openssl's words for another kind.
        Returns (certificate, key) files."""
        with self.lock:
            return self.issue_alone(names, since, until, digest, key, self_signed)

    def issue_alone(self, names, since, until, digest, key, self_signed):
        self.count += 1
        base = "leaf%d" % self.count
        alt = ",".join(("IP:" if n.replace(".", "").isdigit() else "DNS:") + n for n in names)
        openssl("req", "-new", *(key or CURVE), "-keyout", base + ".key", "-subj", "/CN=" + names[0],
                "-addext", "subjectAltName=" + alt, "-out", base + ".csr", cwd=self.top)
        signer = ["-selfsign", "-keyfile", base + ".key"] if self_signed else ["-cert", "ca.pem", "-keyfile", "ca.key"]
        openssl("ca", "-config", self.config, "-batch", "-notext", "-md", digest, "-startdate", when(since), "-enddate",
                when(until), *signer, "-in", base + ".csr", "-out", base + ".pem", cwd=self.top)
        return os.path.join(self.top, base + ".pem"), os.path.join(self.top, base + ".key")
