"""A Kerberos realm on loopback (krb5-kdc), and Apache in front of easd that wants its tickets."""
import os
import pwd
import shutil
import socket
import subprocess

from harness import read, run, wait_for, write

REALM, HOST = "EXAMPLE.TEST", "localhost"

KRB5 = """[libdefaults]
default_realm = {realm}
dns_lookup_realm = false
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
default_ccache_name = FILE:{top}/cache
[realms]
{realm} = {{
    kdc = 127.0.0.1:{port}
}}
[domain_realm]
localhost = {realm}
"""
KDC = """[kdcdefaults]
kdc_ports = ""
kdc_tcp_ports = {port}
kdc_listen = ""
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{realm} = {{
    database_name = {top}/principal
    key_stash_file = {top}/stash
    acl_file = {top}/acl
    max_life = 10h
}}
[logging]
kdc = FILE:{top}/kdc.log
"""
APACHE = """ServerRoot {top}
ServerName {host}
PidFile {top}/pid
Listen 127.0.0.1:{port}
Mutex file:{top} default
ErrorLog {top}/error.log
LogLevel info
User {user}
Group {user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_gssapi_module {modules}/mod_auth_gssapi.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
KeepAliveTimeout 60
<Location />
    AuthType GSSAPI
    AuthName "the realm"
    GssapiAllowedMech krb5
    GssapiCredStore keytab:{top}/keytab
    Require valid-user
    RequestHeader set Authorization "Basic {basic}"
    ProxyPass http://127.0.0.1:{target}/
</Location>
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Realm:
    """The principals alice, whose password is given, and HTTP/localhost. Puts KRB5_CONFIG into the environment."""

    def __init__(self, scratch, password="alice's ticket"):
        self.top, self.port = scratch.path("realm"), free_port()
        os.makedirs(self.top)
        values = {"top": self.top, "port": self.port, "realm": REALM}
        os.environ["KRB5_CONFIG"] = write(self.top + "/krb5.conf", KRB5.format(**values))
        os.environ["KRB5_KDC_PROFILE"] = write(self.top + "/kdc.conf", KDC.format(**values))
        os.environ["KRB5CCNAME"] = "FILE:" + self.top + "/cache"
        for name in ("KRB5_CONFIG", "KRB5_KDC_PROFILE", "KRB5CCNAME"):
            scratch.callback(os.environ.pop, name, None)
        run("kdb5_util", "create", "-s", "-P", "the master's", "-r", REALM)
        self.admin("addprinc -pw \"%s\" alice" % password, "addprinc -randkey HTTP/" + HOST,
                   "ktadd -k %s/keytab HTTP/%s" % (self.top, HOST))
        self.kdc = subprocess.Popen(["krb5kdc", "-n", "-P", self.top + "/kdc.pid"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        scratch.callback(self.stop)
        wait_for("the KDC", lambda: listens(self.port))
        self.password = password

    def admin(self, *lines):
        for line in lines:
            run("kadmin.local", "-r", REALM, "-q", line)

    def ticket(self):
        run("kinit", "alice@" + REALM, input=self.password + "\n")

    def no_ticket(self):
        run("kdestroy", "-A", code=None)

    def stop(self):
        self.kdc.terminate()
        self.kdc.wait(30)


class Apache:
    """basic: what easd behind it is told, base64 of "alice:PASSWORD"."""

    def __init__(self, scratch, realm, target, basic):
        self.top, self.port = scratch.path("apache"), free_port()
        os.makedirs(self.top)
        user = "www-data"
        shutil.copy(realm.top + "/keytab", self.top + "/keytab")
        shutil.chown(self.top + "/keytab", user)
        conf = write(self.top + "/conf", APACHE.format(top=self.top, host=HOST, port=self.port, user=user,
                                                       modules="/usr/lib/apache2/modules", basic=basic, target=target))
        os.chmod(scratch.dir, 0o711)
        os.chown(self.top, pwd.getpwnam(user).pw_uid, -1)
        self.process = subprocess.Popen(["/usr/sbin/apache2", "-f", conf, "-D", "FOREGROUND"], stderr=subprocess.DEVNULL)
        scratch.callback(self.stop)
        wait_for("Apache", lambda: listens(self.port) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError("Apache did not start: " + read(self.top + "/error.log").decode()[-2000:])
        self.url = "http://%s:%d" % (HOST, self.port)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
