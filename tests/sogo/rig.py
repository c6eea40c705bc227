"""A real ActiveSync server on loopback: SOGo over Dovecot and PostgreSQL, behind nginx, all from
Debian's packages, everything of theirs below one directory.

    tests/sogo/rig.py [USER...]     start it; print address, users and CA; Ctrl-C ends it

As a module: Rig(directory, users).up(); deliver() puts messages into Dovecot's Maildir, add_event()
and add_contact() go through DAV, messages() is the server's own view by IMAP. Needs root (the servers
run as their own users). Every process started is recorded and only those are ended.
"""
import base64
import http.client
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import smtp

DOMAIN = "rig.test"

DOVECOT = """
base_dir = {top}/dovecot/run
state_dir = {top}/dovecot/state
instance_name = easfs-rig
log_path = {top}/log/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Ln
first_valid_uid = 1
mail_uid = mail
mail_gid = mail
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 200
imap_max_line_length = 4M
mail_plugins = acl
stats_writer_socket_path =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {top}/passwd
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={top}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
}}
plugin {{
  acl = vfile
}}
protocol imap {{
  mail_plugins = acl imap_acl
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  process_limit = 300
}}
"""

NGINX = """
user www-data;
worker_processes 1;
pid {top}/nginx/pid;
error_log {top}/log/nginx-error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log {top}/log/nginx-access.log;
  client_body_temp_path {top}/nginx/body;
  proxy_temp_path {top}/nginx/proxy;
  fastcgi_temp_path {top}/nginx/fastcgi;
  uwsgi_temp_path {top}/nginx/uwsgi;
  scgi_temp_path {top}/nginx/scgi;
  client_max_body_size 256m;
  keepalive_timeout 3600;
  ssl_certificate {top}/tls/server.pem;
  ssl_certificate_key {top}/tls/server.key;
  server {{
    listen 127.0.0.1:{http};
    listen 127.0.0.1:{https} ssl;
    proxy_http_version 1.0;
    proxy_read_timeout 3900;
    proxy_buffers 64 256k;
    proxy_buffer_size 256k;
    proxy_busy_buffers_size 512k;
    proxy_set_header Host $http_host;
    proxy_set_header x-webobjects-server-protocol HTTP/1.0;
    proxy_set_header x-webobjects-remote-host 127.0.0.1;
    proxy_set_header x-webobjects-server-name $server_name;
    proxy_set_header x-webobjects-server-url $scheme://$http_host;
    proxy_set_header x-webobjects-server-port $server_port;
    location /Microsoft-Server-ActiveSync {{
      proxy_pass http://127.0.0.1:{wo}/SOGo/Microsoft-Server-ActiveSync;
    }}
    location /SOGo {{ proxy_pass http://127.0.0.1:{wo}; }}
    location / {{ return 404; }}
  }}
}}
"""

POSTGRES = """
listen_addresses = '127.0.0.1'
port = {pg}
unix_socket_directories = '{top}/pgsock'
max_connections = 200
shared_buffers = 64MB
dynamic_shared_memory_type = mmap
fsync = off
synchronous_commit = off
full_page_writes = off
"""


class RigError(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, test, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if test():
            return
        time.sleep(0.05)
    raise RigError("the rig waited in vain for " + what)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Rig:
    """up() starts everything, down() ends it; users is a list of names, each with NAME-secret."""

    def __init__(self, directory="/tmp/easfs-rig", users=("alice", "bob")):
        self.top = directory
        self.users = list(users)
        self.processes = []
        self.port = {name: free_port() for name in ("imap", "http", "https", "memcached", "pg", "wo", "smtp")}
        self.smtp = None

    # -- what tests use ---------------------------------------------------------------------
    @property
    def url(self):
        return "http://127.0.0.1:%d/Microsoft-Server-ActiveSync" % self.port["http"]

    @property
    def tls_url(self):
        return "https://localhost:%d/Microsoft-Server-ActiveSync" % self.port["https"]

    @property
    def ca(self):
        return self.top + "/tls/ca.pem"

    def password(self, user):
        return user + "-secret"

    def imap(self, user):
        connection = imaplib.IMAP4("127.0.0.1", self.port["imap"])
        connection.login(user, self.password(user))
        return connection

    def messages(self, user, folder="INBOX"):
        """Every message of a folder without \\Deleted as the server holds it: {uid: bytes}."""
        connection = self.imap(user)
        code, _ = connection.select('"%s"' % folder, readonly=True)
        found = {}
        if code == "OK":
            _, data = connection.uid("search", "UNDELETED")
            for uid in data[0].split():
                _, parts = connection.uid("fetch", uid, "(BODY.PEEK[])")
                found[int(uid)] = parts[0][1]
        connection.logout()
        return found

    def deliver(self, user, messages, folder="INBOX"):
        """Puts messages (bytes) into a folder's Maildir, quickly, as a delivery would."""
        path = "%s/mail/%s/Maildir" % (self.top, user)
        if folder != "INBOX":
            path += "/." + folder.replace("/", ".")
        owner = pwd.getpwnam("mail")
        created = not os.path.isdir(path)
        for part in ("", "/tmp", "/cur", "/new"):
            os.makedirs(path + part, exist_ok=True)
        for number, message in enumerate(messages):
            name = "%d.%06d_%d.rig" % (time.time_ns(), number, os.getpid())
            with open("%s/tmp/%s" % (path, name), "wb") as out:
                out.write(message)
            os.chown(out.name, owner.pw_uid, owner.pw_gid)
            os.rename(out.name, "%s/cur/%s:2," % (path, name))
        if created:
            for root, directories, files in os.walk("%s/mail/%s" % (self.top, user)):
                os.chown(root, owner.pw_uid, owner.pw_gid)
        connection = self.imap(user)
        if folder != "INBOX":
            connection.subscribe('"%s"' % folder)
        self.condstore(connection, folder)
        connection.logout()

    def deliver_known(self, user, messages):
        if user in self.users:
            self.deliver(user, messages)

    @staticmethod
    def condstore(connection, folder):
        """SOGo's sync of a folder starts only once its mod-sequences were asked for."""
        connection._simple_command("SELECT", '"%s"' % folder, "(CONDSTORE)")
        connection.state = "SELECTED"

    def dav(self, method, user, path, body=None, content_type=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port["http"], timeout=60)
        token = base64.b64encode(("%s:%s" % (user, self.password(user))).encode()).decode()
        headers = {"Authorization": "Basic " + token, **({"Content-Type": content_type} if content_type else {})}
        connection.request(method, "/SOGo/dav/%s/%s" % (user, urllib.parse.quote(path)), body, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def dav_put(self, user, path, body, content_type):
        return self.dav("PUT", user, path, body, content_type)

    def add_event(self, user, name, ics):
        return self.dav_put(user, "Calendar/personal/%s.ics" % name, ics, "text/calendar; charset=utf-8")

    def add_contact(self, user, name, vcf):
        return self.dav_put(user, "Contacts/personal/%s.vcf" % name, vcf, "text/vcard; charset=utf-8")

    def choose_zone(self, user, zone):
        """The time zone in the user's settings on the server, UTC without; before the first log-in."""
        made = self.psql("insert into sogo_user_profile (c_uid, c_defaults) values ('%s', '{\"SOGoTimeZone\": \"%s\"}')" %
                         (user, zone), "sogo", "sogo")
        if made.returncode:
            raise RigError(made.stderr)

    def calendar(self, user):
        """What it stores of the user's events and tasks, all in one text."""
        return self.psql("select c_content from sogo_store join sogo_folder_info using (c_folder_id) where c_deleted is null "
                         "and c_path = '/Users/%s/Calendar/personal' order by c_name" % user, "sogo", "sogo").stdout

    def stop_web(self):
        """The server is gone: connections are refused."""
        self.end("nginx")

    def start_web(self):
        self.run("nginx", None, ["/usr/sbin/nginx", "-c", self.top + "/nginx/nginx.conf", "-p", self.top + "/nginx",
                                 "-e", self.top + "/log/nginx-error.log", "-g", "daemon off;"])
        wait_until("nginx", lambda: listens(self.port["http"]))

    # -- life ----------------------------------------------------------------------------------
    def run(self, name, user, command, environment=None):
        log = open("%s/log/%s.out" % (self.top, name), "ab")
        who = pwd.getpwnam(user) if user else None
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
            env={**os.environ, **(environment or {})},
            **({"user": who.pw_uid, "group": who.pw_gid, "extra_groups": os.getgrouplist(user, who.pw_gid)} if who else {}))
        self.processes.append((name, process))
        with open(self.top + "/pids", "a") as pids:
            pids.write("%d\n" % process.pid)

    def end(self, wanted=None):
        """Ends what run() started, newest first: the process groups of exactly those."""
        for name, process in reversed(list(self.processes)):
            if wanted not in (None, name):
                continue
            gentle = signal.SIGINT if name == "postgres" else signal.SIGTERM
            if process.poll() is None:
                process.send_signal(gentle)
                try:
                    process.wait(0.5 if name == "sogod" else 10)
                except subprocess.TimeoutExpired:
                    pass
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            self.processes.remove((name, process))

    def write(self, name, text, owner=None, mode=0o644):
        path = self.top + "/" + name
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)
        if owner:
            who = pwd.getpwnam(owner)
            os.chown(path, who.pw_uid, who.pw_gid)

    def directory(self, name, owner=None, mode=0o755):
        path = self.top + "/" + name
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        if owner:
            shutil.chown(path, owner, owner if owner != "mail" else "mail")

    def certificates(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.top + "/tls", check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key",
                "-subj", "/CN=easfs test CA", "-days", "30", "-out", "ca.pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "server.key",
                "-subj", "/CN=localhost", "-out", "server.csr")
        self.write("tls/server.ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                "-extfile", "server.ext", "-out", "server.pem")

    def postgres(self):
        base = "/usr/lib/postgresql"
        binaries = os.path.join(base, sorted(os.listdir(base))[-1], "bin")
        self.directory("pg", "postgres", 0o700)
        self.directory("pgsock", "postgres")
        who = pwd.getpwnam("postgres")
        subprocess.run([binaries + "/initdb", "-D", self.top + "/pg", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                        "--no-locale", "--no-sync"], check=True, capture_output=True, cwd="/",
                       user=who.pw_uid, group=who.pw_gid, extra_groups=[])
        self.write("pg/rig.conf", POSTGRES.format(top=self.top, **self.port), "postgres")
        self.run("postgres", "postgres", [binaries + "/postgres", "-D", self.top + "/pg", "-c",
                                          "config_file=%s/pg/rig.conf" % self.top,
                                          "-c", "hba_file=%s/pg/pg_hba.conf" % self.top,
                                          "-c", "ident_file=%s/pg/pg_ident.conf" % self.top])
        wait_until("PostgreSQL", lambda: self.psql("select 1").returncode == 0)
        self.psql("create role sogo login password 'sogo'")
        self.psql("create database sogo owner sogo template template0 encoding 'UTF8'")
        rows = "".join("insert into people values ('%s','%s','%s','%s','%s@%s');\n" %
                       (user, user, self.password(user), user.capitalize() + " Rig", user, DOMAIN) for user in self.users)
        made = self.psql("create table people (c_uid text primary key, c_name text, c_password text, c_cn text, mail text);\n"
                         + rows, "sogo", "sogo")
        if made.returncode:
            raise RigError(made.stderr)

    def psql(self, sql, database="postgres", user="postgres"):
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port["pg"]), "-U", user, "-d", database,
                               "-v", "ON_ERROR_STOP=1"], input=sql, text=True, capture_output=True)

    def sogod(self):
        database = "postgresql://sogo:sogo@127.0.0.1:%d/sogo" % self.port["pg"]
        quoted = {
            "WOPort": "127.0.0.1:%d" % self.port["wo"], "WOPidFile": self.top + "/sogo/pid", "WOLogFile": "-",
            "SOGoProfileURL": database + "/sogo_user_profile", "OCSFolderInfoURL": database + "/sogo_folder_info",
            "OCSSessionsFolderURL": database + "/sogo_sessions_folder",
            "OCSEMailAlarmsFolderURL": database + "/sogo_alarms_folder", "OCSStoreURL": database + "/sogo_store",
            "OCSAclURL": database + "/sogo_acl", "OCSCacheFolderURL": database + "/sogo_cache_folder",
            "OCSAdminURL": database + "/sogo_admin", "SOGoMemcachedHost": "127.0.0.1:%d" % self.port["memcached"],
            "SOGoIMAPServer": "imap://127.0.0.1:%d" % self.port["imap"], "SOGoMailDomain": DOMAIN,
            "SOGoMailingMechanism": "smtp", "SOGoSMTPServer": "smtp://127.0.0.1:%d" % self.port["smtp"], "SOGoLanguage": "English",
            "SOGoTimeZone": "UTC", "SOGoSentFolderName": "Sent", "SOGoTrashFolderName": "Trash",
            "SOGoDraftsFolderName": "Drafts",
        }
        # A worker never notices that the client of its Ping has gone: it is lost to the others until the interval is over, or
        # the same device sends another Ping. Each mount that a test ends leaves one behind for the five minutes it asked for;
        # once they are all taken, sogod says "No child available" and answers nobody. So there are more than tests mount.
        plain = {
            "WOWorkersCount": "32", "WONoDetach": "YES", "WOListenQueueSize": "64", "WOMaxUploadSize": "262144",
            "SxVMemLimit": "4096", "SOGoIMAPAclConformsToIMAPExt": "YES", "SOGoMaximumFailedLoginCount": "0",
            "SOGoAppointmentSendEMailNotifications": "YES", "SOGoVacationEnabled": "YES", "SOGoMaximumPingInterval": "3540", "SOGoMaximumSyncInterval": "3540",
            "SOGoInternalSyncInterval": "1",
            "SOGoUserSources": '( { type = sql; id = directory; viewURL = "%s/people"; canAuthenticate = YES; '
                               'isAddressBook = YES; displayName = "Directory"; userPasswordAlgorithm = plain; } )' % database,
        }
        arguments = [part for key, value in quoted.items() for part in ("-" + key, '"%s"' % value)]
        arguments += [part for key, value in plain.items() for part in ("-" + key, value)]
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self.top + "/sogo/nap.so", HERE + "/nap.c"], check=True)
        self.run("sogod", "sogo", ["/usr/sbin/sogod", *arguments],
                 {"HOME": self.top + "/sogo", "LD_PRELOAD": self.top + "/sogo/nap.so"})

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port["http"], timeout=5)
        token = base64.b64encode(("%s:%s" % (self.users[0], self.password(self.users[0]))).encode()).decode()
        try:
            connection.request("OPTIONS", "/Microsoft-Server-ActiveSync", headers={"Authorization": "Basic " + token})
            return connection.getresponse().getheader("MS-ASProtocolVersions") is not None
        except OSError:
            return False

    def up(self):
        if os.getuid() != 0:
            raise RigError("the real-server tests need root: its servers run as users of their own")
        missing = [p for p in ("/usr/sbin/sogod", "/usr/sbin/dovecot", "/usr/sbin/nginx", "/usr/bin/memcached",
                               "/usr/lib/postgresql") if not os.path.exists(p)]
        if missing:
            raise RigError("not installed: " + " ".join(missing) + "; contrib/install-deps sogo")
        self.down()
        self.directory("")
        for name, owner in (("log", None), ("tls", None), ("dovecot", None), ("nginx", None), ("mail", "mail"),
                            ("sogo", "sogo")):
            self.directory(name, owner)
        self.write("passwd", "".join("%s:{PLAIN}%s::::::\n" % (u, self.password(u)) for u in self.users), "dovecot", 0o640)
        self.write("dovecot/conf", DOVECOT.format(top=self.top, **self.port))
        self.write("nginx/nginx.conf", NGINX.format(top=self.top, **self.port))
        self.certificates()
        self.run("dovecot", None, ["/usr/sbin/dovecot", "-F", "-c", self.top + "/dovecot/conf"])
        self.run("memcached", "nobody", ["/usr/bin/memcached", "-l", "127.0.0.1", "-U", "0", "-p",
                                         str(self.port["memcached"]), "-m", "64"])
        self.postgres()
        wait_until("memcached", lambda: listens(self.port["memcached"]))
        wait_until("dovecot", lambda: listens(self.port["imap"]))
        for user in self.users:
            connection = self.imap(user)
            for folder in ("INBOX", "Drafts", "Sent", "Trash"):
                self.condstore(connection, folder)
            connection.logout()
        self.smtp = smtp.Sink(self.port["smtp"], DOMAIN, self.deliver_known)
        self.sogod()
        self.start_web()
        wait_until("SOGo", self.answers)
        return self

    def down(self):
        self.end()
        if self.smtp:
            self.smtp.close()
            self.smtp = None
        if os.path.exists(self.top + "/pids"):
            shutil.rmtree(self.top)


def serve(rig, prepare=lambda: None):
    """What a file of tests ends with: the server up, its tests, the server down."""
    import harness  # whoever has tests has it

    try:
        rig.up()
    except RigError as error:
        print("not ok the real server does not start: %s; without it set EASFS_TESTS=no-sogo" % error)
        sys.exit(1)
    try:
        prepare()
        harness.main()
    finally:
        rig.down()


def main(arguments):
    rig = Rig(users=arguments or ("alice", "bob")).up()
    print("ActiveSync", rig.url)
    print("with TLS  ", rig.tls_url, "CA", rig.ca)
    print("IMAP       127.0.0.1:%d" % rig.port["imap"])
    print("users     ", " ".join("%s/%s" % (u, rig.password(u)) for u in rig.users))
    print("Ctrl-C ends it", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        rig.down()


if __name__ == "__main__":
    main(sys.argv[1:])
