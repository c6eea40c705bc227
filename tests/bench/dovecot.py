"""Dovecot with one user's Maildir, for mbsync to read from."""
import os
import pwd
import shutil
import socket
import subprocess
import time

import harness

CONF = """base_dir = {dir}/run
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
stats_writer_socket_path =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {dir}/passwd
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={dir}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""

MBSYNC = """FSync no

IMAPAccount rig
Host 127.0.0.1
Port {port}
User user
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account rig

MaildirStore near
Path {target}/
Inbox {target}/Inbox
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
SyncState *
"""


class Dovecot:
    def __init__(self, directory):
        self.dir = directory
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        os.makedirs(directory, exist_ok=True)
        harness.write(directory + "/passwd", "user:{PLAIN}secret::::::\n")
        harness.write(directory + "/conf", CONF.format(dir=directory, port=self.port))

    def fill(self, mailbox):
        """The messages of a mailbox directory, folder by folder, as Maildirs."""
        for root, _, files in os.walk(mailbox + "/Mail"):
            folder = os.path.relpath(root, mailbox + "/Mail")
            path = self.dir + "/home/Maildir" + ("" if folder in ("Inbox", ".") else "/." + folder.replace("/", "."))
            for part in ("cur", "new", "tmp"):
                os.makedirs(path + "/" + part, exist_ok=True)
            for name in files:
                shutil.copy(os.path.join(root, name), path + "/cur/" + name[:-4] + ".host:2,")
        owner = pwd.getpwnam("mail")
        for root, _, files in os.walk(self.dir + "/home"):
            for name in [root] + [os.path.join(root, f) for f in files]:
                os.chown(name, owner.pw_uid, owner.pw_gid)
        for directory in (self.dir, os.path.dirname(self.dir)):
            os.chmod(directory, 0o755)

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.dir + "/conf"], stderr=subprocess.DEVNULL)
        harness.wait_for("Dovecot", self.listens)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def mbsync(self, target):
        """One pass of mbsync into Maildirs below target; seconds."""
        os.makedirs(target, exist_ok=True)
        conf = harness.write(target + ".mbsyncrc", MBSYNC.format(port=self.port, target=target))
        started = time.perf_counter()
        harness.run("mbsync", "-q", "-c", conf, "-a", timeout=600)
        return time.perf_counter() - started
