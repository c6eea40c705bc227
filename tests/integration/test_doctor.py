#!/usr/bin/env python3
"""easfs doctor: broken set-ups, each built for real on loopback, and the cause that it names for each. Catches a wrong
diagnosis, a fault that is not seen, a healthy server that is called ill, a diagnosis without end, and a password that
is told, or sent to where it must not go."""
import base64
import concurrent.futures
import hashlib
import json
import os
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import certs
import harness
import oddserver
import wbxml
from harness import EASFS, equal, run, test, truth
from issuer import Issuer
from lab import PATH, SECRET, Lab
from websites import Answer, Hole, Proxy, Raw, Site, free_address, tls_context
from wbxml import E

MINUTE = 60


# ---- the set-ups: what is broken, by the true cause and the step where it shows ----

setups = []


def setup(cause, step, told=None):
    """told: what the lines must say besides."""
    def note(build):
        setups.append((build, cause, step, told))
        return build
    return note


def status_of(space, command, status):
    return Answer(200, wbxml.write(E("%s:%s" % (space, command), E("Status", str(status)))), oddserver.WBXML_TYPE)


def only(command, answer):
    """Answers so to one command of a server that is well otherwise; to the logged-in alone."""
    return lambda ask: answer if ask.command == command and ask.basic() else None


@setup(None, None, told="the first message of the Inbox came")
def a_healthy_server(lab):
    lab.server()


@setup(None, None, told="the server holds the question")
def a_healthy_server_with_push(lab):
    lab.server()
    lab.holds_ping = True


def demo_server(lab, *extra):
    """The demo server, with its own TLS."""
    pair = lab.certificate()
    lab.secret = "secret"
    harness.write(lab.scratch.path("mailbox/Mail/Inbox/1.eml"), harness.message("Hello"))
    password = harness.write(lab.scratch.path("demo-password"), "secret\n")
    os.chmod(password, 0o600)
    lab.demo = subprocess.Popen([harness.EASD, "--mailbox", "alice=" + lab.scratch.path("mailbox"), "--listen", lab.address + ":443",
                                 "--password-file", password, "--tls-cert", pair[0], "--tls-key", pair[1], *extra],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    lab.callback(lab.demo.stdout.close)
    lab.callback(lab.demo.wait)
    lab.callback(lab.demo.terminate)
    truth("listening on" in lab.demo.stdout.readline(), "the demo server does not start")


@setup(None, None, told="ActiveSync 16.1")
def the_demo_server(lab):
    demo_server(lab)


@setup(None, None, told="the server's policy is taken; ActiveSync 14.0")
def the_demo_server_with_a_policy(lab):
    demo_server(lab, "--policy", "--protocol", "12.1,14.0")


@setup("throttled", "folders")
def the_demo_server_too_busy_for_folders(lab):
    demo_server(lab, "--fault", "http=503,FolderSync,retry-after=20")


@setup("device-blocked", "item")
def the_demo_server_that_blocks_at_the_first_item(lab):
    demo_server(lab, "--fault", "status=129,Sync")


@setup(None, None, told="the server's policy is taken")
def a_healthy_server_with_a_policy(lab):
    lab.server()
    lab.odd.provision = "142"


@setup("dns-nxdomain", "dns")
def a_name_that_does_not_exist(lab):
    lab.options = ["--server", "mial.example.test"]


@setup("dns-nxdomain", "dns")
def a_domain_that_does_not_exist(lab):
    lab.email, lab.options = "alice@exampel.test", []


@setup("dns-timeout", "dns")
def name_servers_that_are_silent(lab):
    lab.dns.silent = True


@setup("dns-timeout", "dns")
def name_servers_that_fail(lab):
    lab.dns.fails = True


@setup("dns-timeout", "dns")
def a_name_server_that_answers_rubbish(lab):
    lab.dns.rubbish = True


@setup("dns-lies", "dns")
def a_name_server_that_answers_for_any_name(lab):
    lab.dns.lie = free_address()
    lab.enter_context(Site(lab.dns.lie, lambda ask: Answer(200, "<html>Did you mean ...?</html>"), lab.certificate()))
    lab.options = ["--server", "mial.example.test"]


@setup("dns-lies", "dns")
def a_name_server_that_blocks_the_name(lab):
    lab.dns.zone["mail.example.test"] = {}
    lab.dns.a("mail.example.test", "0.0.0.0")


@setup("mx-relay", "autodiscover-mx", told="Proofpoint")
def mail_through_a_filtering_service(lab):
    lab.email, lab.options = "alice@example.test", []
    lab.dns.mx("example.test", "mx0a-00112233.pphosted.com")


@setup("mx-relay", "autodiscover-mx", told="Google")
def mail_through_google(lab):
    lab.email, lab.options = "alice@example.test", []
    lab.dns.mx("example.test", "aspmx.l.google.com", 1)
    lab.dns.mx("example.test", "alt1.aspmx.l.google.com", 5)


@setup("http-404", "autodiscover-mx")
def a_domain_without_any_server(lab):
    lab.email, lab.options = "alice@example.test", []
    lab.dns.zone.pop("mail.example.test")


@setup("tcp-refused", "tcp")
def nobody_listens(lab):
    pass


@setup("tcp-timeout", "tcp")
def a_firewall_that_swallows(lab):
    lab.enter_context(Hole(lab.address))


@setup("proxy-auth", "proxy")
def a_proxy_that_wants_a_name(lab):
    lab.server()
    proxy = lab.enter_context(Proxy("127.0.0.1", lambda host: lab.address, login="alice:proxy"))
    lab.options += ["--proxy", "http://127.0.0.1:%d" % proxy.port]


@setup("proxy-auth", "proxy")
def a_proxy_that_refuses_the_name(lab):
    lab.server()
    proxy = lab.enter_context(Proxy("127.0.0.1", lambda host: lab.address, login="alice:proxy"))
    lab.environment["https_proxy"] = "http://alice:wrong@127.0.0.1:%d" % proxy.port


@setup("proxy-refused", "proxy")
def a_proxy_that_forbids_the_server(lab):
    lab.server()
    proxy = lab.enter_context(Proxy("127.0.0.1", lambda host: lab.address, code=403))
    lab.options += ["--proxy", "http://127.0.0.1:%d" % proxy.port]


@setup("proxy-refused", "proxy")
def a_proxy_that_is_not_there(lab):
    lab.server()
    lab.options += ["--proxy", "http://%s:3128" % free_address()]


@setup(None, None, told="127.0.0.1:")
def a_proxy_that_works(lab):
    lab.server()
    proxy = lab.enter_context(Proxy("127.0.0.1", lambda host: lab.address, login="alice:proxy"))
    lab.options += ["--proxy", "http://alice:proxy@127.0.0.1:%d" % proxy.port]


@setup("tls-not-tls", "tls")
def plain_http_at_the_port_of_tls(lab):
    lab.site(lambda ask: Answer(200, "<html>"), plain=True, port=443)


@setup("tls-not-tls", "tls")
def a_mail_server_at_the_port(lab):
    lab.enter_context(Raw(lab.address, 443, lambda c: (c.sendall(b"220 mail.example.test ESMTP\r\n"), c.recv(500),
                                                       c.sendall(b"500 what?\r\n"), time.sleep(0.2))))


@setup("tls-not-tls", "tls")
def a_connection_that_is_cut_in_the_handshake(lab):
    lab.enter_context(Raw(lab.address, 443, lambda c: c.recv(500)))


@setup("tls-self-signed", "tls", told="--pin ")
def a_certificate_signed_by_itself(lab):
    lab.server(certificate=lab.certificate(self_signed=True))


@setup(None, None, told="the key has one of the pins")
def a_self_signed_certificate_with_its_pin(lab):
    certificate = lab.certificate(self_signed=True)
    lab.server(certificate=certificate)
    lab.ca = None
    der = subprocess.run(["openssl", "x509", "-in", certificate[0], "-pubkey", "-noout"], capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=der, capture_output=True).stdout
    lab.options += ["--pin", hashlib.sha256(der).hexdigest()]


@setup("tls-pin", "tls")
def a_key_that_matches_no_pin(lab):
    lab.server()
    lab.options += ["--pin", "ab" * 32]


@setup("tls-untrusted", "tls", told="Other Authority")
def an_authority_that_nobody_knows(lab):
    lab.server(certificate=lab.other.issue("mail.example.test"))


@setup("tls-expired", "tls")
def a_certificate_that_has_expired(lab):
    lab.server(certificate=lab.certificate(since=-400, until=-3))


@setup("tls-not-yet", "tls")
def a_certificate_that_is_not_valid_yet(lab):
    lab.server(certificate=lab.certificate(since=3, until=400))


@setup("clock", "tls")
def a_clock_that_is_behind(lab):
    lab.server(certificate=lab.certificate(since=300, until=700)).clock = 400 * 86400


@setup("clock", "tls")
def a_clock_that_is_ahead(lab):
    lab.server(certificate=lab.certificate(since=-700, until=-300)).clock = -400 * 86400


@setup("tls-name", "tls", told="webmail.example.test")
def a_certificate_for_another_name(lab):
    lab.server(certificate=lab.certificate("webmail.example.test"))


@setup("tls-name", "tls", told="not for this number")
def an_address_instead_of_the_name(lab):
    lab.server()
    lab.options = ["--server", lab.address]


@setup("tls-weak", "tls")
def a_signature_with_sha1(lab):
    lab.server(certificate=tls_context(lab.certificate(digest="sha1"), weak=True))


@setup("tls-weak", "tls")
def a_key_of_1024_bits(lab):
    lab.server(certificate=tls_context(lab.certificate(key=["-newkey", "rsa:1024", "-nodes"]), weak=True))


@setup("tls-weak", "tls")
def tls_of_long_ago(lab):
    lab.server(certificate=tls_context(lab.certificate(), weak=True, newest=ssl.TLSVersion.TLSv1_1))


@setup("tls-client-cert", "tls")
def a_server_that_wants_a_certificate_of_ours(lab):
    lab.server(certificate=tls_context(lab.certificate(), client_ca=lab.ca, newest=ssl.TLSVersion.TLSv1_2))


@setup("tls-client-cert", "tls")
def the_same_with_tls_1_3(lab):
    lab.server(certificate=tls_context(lab.certificate(), client_ca=lab.ca))


@setup("tls-client-cert", "tls")
def a_certificate_of_ours_that_it_does_not_know(lab):
    lab.server(certificate=tls_context(lab.certificate(), client_ca=lab.ca, newest=ssl.TLSVersion.TLSv1_2))
    mine = lab.other.issue("alice")
    lab.options += ["--client-cert", mine[0], "--client-key", mine[1]]


@setup(None, None)
def a_certificate_of_ours_that_it_knows(lab):
    lab.server(certificate=tls_context(lab.certificate(), client_ca=lab.ca))
    mine = lab.certificate("alice")
    lab.options += ["--client-cert", mine[0], "--client-key", mine[1]]


@setup("http-404", "http")
def a_web_server_without_active_sync(lab):
    lab.site(lambda ask: Answer(404, "<html>Not found</html>"))


@setup("http-html", "http")
def a_log_in_page_of_the_network(lab):
    lab.site(lambda ask: Answer(200, "<html><form>Accept our terms</form></html>"))


@setup("http-redirect-loop", "redirect")
def redirects_in_a_circle(lab):
    lab.site(lambda ask: Answer(302, headers={"Location": "/b" if ask.path != "/b" else PATH}))


@setup("http-redirect-foreign", "redirect")
def a_redirect_to_another_domain(lab):
    other = lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Basic"}), host="login.evil.test")
    lab.site(lambda ask: Answer(302, headers={"Location": "https://login.evil.test" + PATH}))
    lab.unasked = other


@setup("http-redirect-foreign", "redirect")
def a_redirect_to_plain_http(lab):
    lab.unasked = lab.site(lambda ask: Answer(401), plain=True)
    lab.site(lambda ask: Answer(301, headers={"Location": "http://mail.example.test" + PATH}))


@setup(None, None, told="https://eas.example.test")
def a_redirect_within_the_domain(lab):
    lab.server(host="eas.example.test")
    lab.site(lambda ask: Answer(302, headers={"Location": "https://eas.example.test" + PATH}))


@setup("http-5xx", "http")
def a_server_that_fails(lab):
    lab.site(lambda ask: Answer(502, "<html>Bad gateway</html>"))


@setup("throttled", "http", told="90")
def a_server_that_asks_to_wait(lab):
    lab.site(lambda ask: Answer(503, headers={"Retry-After": "90", "X-MS-ASThrottle": "CommandFrequency"}))


@setup("throttled", "options", told="CommandFrequency")
def a_server_that_asks_this_user_to_wait(lab):
    lab.server(only("OPTIONS", Answer(503, headers={"Retry-After": "60", "X-MS-ASThrottle": "CommandFrequency"})))


@setup("tcp-timeout", "http")
def a_server_that_says_nothing(lab):
    lab.site(lambda ask: Answer(hang=True))


@setup("tcp-timeout", "http")
def a_server_that_trickles(lab):
    context = tls_context(lab.certificate())

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as spoken:
            spoken.recv(4096)
            spoken.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                spoken.sendall(b"X-Slow: yes\r\n")
                time.sleep(0.5)
    lab.enter_context(Raw(lab.address, 443, talk))


@setup("auth-wrong", "options")
def a_wrong_password(lab):
    lab.server()
    lab.secret = "wrong-" + SECRET


@setup("auth-locked", "options")
def an_account_that_is_locked(lab):
    lab.server(only("OPTIONS", Answer(456)))


@setup("auth-expired", "options", told="passwords.example.test")
def a_password_that_has_expired(lab):
    lab.server(only("OPTIONS", Answer(457, headers={"X-MS-Credential-Service-Url": "https://passwords.example.test"})))


@setup("auth-kind", "auth", told="Bearer")
def a_server_that_takes_tokens_alone(lab):
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": 'Bearer authorization_uri="https://x.test"'}))


@setup("auth-kind", "auth", told="Negotiate")
def a_server_that_takes_tickets_alone(lab):
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Negotiate"}))
    lab.options += ["--auth", "basic"]


def behind_tokens(lab, refresh_token):
    """A server that takes tokens of a local issuer, and an account whose refresh token is the one given."""
    lab.server()
    lab.issuer = Issuer(lab.scratch)
    lab.tokens, lab.issuer.refresh_token = lab.issuer.token_file, "refresh-of-today"
    kept = harness.write(lab.scratch.path("refresh"), refresh_token + "\n")
    os.chmod(kept, 0o600)
    lab.options += ["--auth", "oauth", "--token-file", kept, "--insecure-http", *lab.issuer.options()]


@setup(None, None, told="the first message of the Inbox came")
def tokens_that_are_good(lab):
    behind_tokens(lab, "refresh-of-today")


@setup("oauth-expired", "options")
def a_log_in_that_has_run_out(lab):
    behind_tokens(lab, "refresh-of-last-year")


@setup("oauth-consent", "options")
def an_organisation_that_has_not_consented(lab):
    behind_tokens(lab, "refresh-of-today")
    lab.issuer.failures = [(400, {"error": "consent_required", "error_description": "AADSTS65001: no consent"})] * 9


@setup("auth-kind", "auth", told="Basic")
def tokens_for_a_server_that_takes_passwords(lab):
    behind_tokens(lab, "refresh-of-today")
    lab.tokens = None


@setup("eas-disabled", "options")
def a_user_without_active_sync(lab):
    lab.server(only("OPTIONS", Answer(403)))


@setup("eas-disabled", "provision")
def a_user_without_active_sync_by_status(lab):
    lab.server(only("Settings", status_of("Settings", "Settings", 126)))


@setup("device-blocked", "folders")
def a_device_that_is_blocked(lab):
    lab.server(only("FolderSync", status_of("FolderHierarchy", "FolderSync", 129)))


@setup("device-blocked", "folders")
def more_devices_than_allowed(lab):
    lab.server(only("FolderSync", status_of("FolderHierarchy", "FolderSync", 177)))


@setup("device-quarantined", "item")
def a_device_in_quarantine(lab):
    lab.server()
    inbox = lab.odd.find("Inbox")
    inbox.items, inbox.log = {}, []
    text = "Your mobile device is temporarily blocked from synchronizing using Exchange ActiveSync until your administrator grants it access."
    lab.odd.mail(inbox, harness.message(text), text)


@setup("auth-locked", "folders")
def an_account_that_is_disabled(lab):
    lab.server(only("FolderSync", status_of("FolderHierarchy", "FolderSync", 131)))


@setup("version-refused", "options", told="2.5,12.0")
def a_server_too_old(lab):
    lab.server()
    lab.odd.versions = "2.0,2.5,12.0"


@setup("version-refused", "options", told="16.1")
def a_version_that_the_server_lacks(lab):
    lab.server()
    lab.options += ["--protocol", "16.1"]


@setup("version-refused", "folders")
def a_version_that_is_refused_at_the_first_command(lab):
    lab.server(only("FolderSync", Answer(505)))
    lab.options += ["--protocol", "14.1"]


@setup("provision-refused", "provision")
def a_policy_that_cannot_be_met(lab):
    lab.server(only("Provision", status_of("Provision", "Provision", 139)))
    lab.odd.provision = "142"


@setup("provision-refused", "provision")
def a_policy_that_is_asked_for_again_and_again(lab):
    lab.server()
    lab.odd.provision, lab.odd.policy_keys = "142", {"1": "2"}
    lab.odd.policy_keys = {}


@setup("wipe-pending", "provision")
def an_order_to_wipe(lab):
    wipe = Answer(200, wbxml.write(E("Provision:Provision", E("Status", "1"), E("RemoteWipe"))), oddserver.WBXML_TYPE)
    lab.server(only("Provision", wipe))
    lab.odd.provision = "142"


@setup("folders-refused", "folders")
def folders_that_are_refused(lab):
    lab.server(only("FolderSync", status_of("FolderHierarchy", "FolderSync", 10)))


@setup("folders-refused", "folders")
def a_server_that_knows_no_folder_sync(lab):
    lab.server(only("FolderSync", Answer(501)))


@setup("item-refused", "item")
def an_inbox_that_is_refused(lab):
    lab.server()
    lab.odd.find("Inbox").status = ["5"] * 9


@setup("http-5xx", "item")
def an_inbox_on_a_server_that_fails(lab):
    lab.server(only("Sync", Answer(500)))


@setup("ping-refused", "ping")
def a_push_that_is_refused(lab):
    lab.server(only("Ping", status_of("Ping", "Ping", 8)))


@setup("config", "config")
def a_file_of_authorities_that_is_not_there(lab):
    lab.ca = "/nonexistent/ca.pem"


@setup("config", "config")
def plain_http_that_nobody_allowed(lab):
    lab.options = ["--server", "http://mail.example.test"]


@setup("config", "config")
def a_password_in_the_address(lab):
    lab.options = ["--server", "https://alice:%s@mail.example.test" % SECRET]


@setup("config", "config")
def a_name_server_that_is_none(lab):
    lab.options += ["--resolver", "example"]


@setup("config", "config")
def a_pin_that_is_none(lab):
    lab.options += ["--pin", "abc"]


def one(scratch, row, authorities):
    """What doctor says for one set-up: (words, whether that is right)."""
    build, cause, step, told = row
    with harness.Scratch("doctor") as own, Lab(own, *authorities) as lab:
        lab.unasked = None
        build(lab)
        lines, code, took = lab.run()
        asked = lab.unasked.asks if lab.unasked else []
    faults = [line for line in lines if line["result"] == "fault"]
    said = [(line["cause"], line["step"]) for line in faults]
    right = said == ([(cause, step)] if cause else []) and (code != 0) == bool(cause) and not asked
    right = right and (took < MINUTE or not (cause or "").endswith("timeout"))  # whatever hangs
    right = right and (not told or any(told in (l["text"] or "") + (l["advice"] or "") for l in lines))
    right = right and all(line["side"] in ("you", "network", "server", "admin") and line["advice"] for line in faults)
    return said, right, took, lines


@test
def every_broken_setup_is_named_by_its_cause(scratch):
    authorities = certs.Authority(scratch.path("ca")), certs.Authority(scratch.path("other"), "Other Authority")
    wanted = [row for row in setups if os.environ.get("SETUP", "") in row[0].__name__]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda row: one(scratch, row, authorities), wanted))
    wrong = 0
    print("# %-52s %-22s %-34s %s" % ("set-up", "true cause", "what doctor said", "seconds"))
    for (build, cause, step, _), (said, right, took, lines) in zip(wanted, told):
        wrong += not right
        print("# %-52s %-22s %-34s %4.1f%s" % (build.__name__.replace("_", " "), cause or "none",
                                          ", ".join("%s at %s" % pair for pair in said) or "no fault", took,
                                          "" if right else "  WRONG"))
        for line in [] if right else lines:
            print("#     %s" % line)
    broken = {cause for _, cause, _, _ in wanted if cause}
    print("# %d set-ups, %d broken ones, %d causes, %d wrong" % (
        len(wanted), sum(1 for row in wanted if row[1]), len(broken), wrong))
    equal(wrong, 0, "wrong diagnoses")
    if not os.environ.get("SETUP"):
        truth(sum(1 for row in wanted if row[1]) >= 40, "at least forty broken set-ups")


@test
def every_code_has_its_sentence(scratch):
    """Of the table of all codes: what each means, and what to do."""
    rows = [line.split("\t") for line in open(harness.shared("protocol/status.tsv")) if line.strip() and line[0] != "#"]
    codes = sorted({row[1] for row in rows if row[1].isdigit()}, key=int)
    truth(len(codes) > 100, "a whole table")
    silent = []
    for code in codes:
        done = run(EASFS, "explain", code, code=None)
        if done.returncode or ": " not in done.stdout or "no known meaning" in done.stdout:
            silent.append(code)
    equal(silent, [], "codes without a sentence")
    equal(len(run(EASFS, "explain").stdout.splitlines()), 40, "all words of doctor")
    for word in ("tls-expired", "mx-relay", "oauth-consent"):
        truth(run(EASFS, "explain", word).stdout.startswith(word + ": "), word)
    truth("Status 129: " in run(EASFS, "explain", "status", "129").stdout, "status 129")
    run(EASFS, "explain", "9999", code=64)
    run(EASFS, "explain", "nonsense", code=64)


@test
def what_it_says_is_for_people_too(scratch):
    """Without --json, without a password, and by the name of an account."""
    with Lab(scratch, certs.Authority(scratch.path("ca")), None) as lab:
        lab.server()
        common = ["--resolver", lab.dns.where, "--ca-file", lab.ca]
        alone = {"stdin": subprocess.DEVNULL, "start_new_session": True}
        done = run(EASFS, "doctor", "--server", "mail.example.test", "--user", "alice", *common, **alone)
        truth("no password was given" in done.stdout and "no fault was found" in done.stdout, done.stdout)
        equal(lab.told(), [], "log-ins without a password")
        password = harness.write(scratch.path("password"), SECRET + "\n")
        os.chmod(password, 0o600)
        harness.write(scratch.path("home/easfs/easfs.conf"), "\n".join([
            "[work]", "server = mail.example.test", "user = alice", "password-file = " + password,
            "resolver = " + lab.dns.where, "ca-file = " + lab.ca]) + "\n")
        home = {"env": {**os.environ, "XDG_CONFIG_HOME": scratch.path("home")}}
        done = run(EASFS, "doctor", "--account", "work", **alone, **home)
        truth("the first message of the Inbox came" in done.stdout, done.stdout)
        equal(run(EASFS, "doctor", **alone, **home).stdout, done.stdout, "the only account")
        truth(SECRET not in done.stdout + done.stderr, "the password was told")
        run(EASFS, "doctor", "--account", "work", "--trace", scratch.path("trace"), **alone, **home)
        traces = [harness.read(scratch.path("trace", name)) for name in os.listdir(scratch.path("trace"))]
        pair = base64.b64encode(("alice:" + SECRET).encode())
        truth(len(traces) > 8 and not any(SECRET.encode() in text or pair in text for text in traces), "traces")
        run(EASFS, "doctor", "--account", "other", code=78, **alone, **home)
        lab.dns.silent = True
        done = run(EASFS, "doctor", "--account", "work", code=75, **alone, **home)
        truth("cause: dns-timeout, on the side of: network" in done.stdout and "do: check the network" in done.stdout,
              done.stdout)


if __name__ == "__main__":
    harness.main()
