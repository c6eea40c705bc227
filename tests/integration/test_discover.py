#!/usr/bin/env python3
"""From an address to its server, through easfs doctor: each way in turn, and answers that lead astray. Catches a way
that does not find, or finds out of turn; a password told to a host that nothing vouches for, or over a certificate that
is not trusted, or again and again where it is refused; an answer that is followed in a circle or read without end."""
import concurrent.futures
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import certs
import harness
from harness import EASFS, equal, run, test, truth
from lab import PATH, POX, SECRET, Lab, away, xml
from terminal import typed
from websites import Answer, Hole, Proxy, Site, free_address

SERVER = "https://mail.example.test" + PATH
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


def settings(url=SERVER):
    return xml("<Action><Settings><Server><Type>MobileSync</Type><Url>%s</Url><Name>%s</Name></Server></Settings></Action>"
               % (url, url))


def behind_login(answer):
    """Autodiscover as servers have it: a log-in first."""
    def say(ask):
        if ask.path != POX or ask.method != "POST":
            return Answer(404)
        if not ask.basic() or ask.basic()[1] != SECRET:
            return Answer(401, headers={"WWW-Authenticate": ["Negotiate", 'Basic realm="mail"']})
        truth(b"<EMailAddress>" in ask.body and b"mobilesync/responseschema/2006" in ask.body, "a whole request")
        return answer(ask) if callable(answer) else answer
    return say


def openly(answer):
    return lambda ask: answer if ask.path == POX else Answer(404)


cases = []


def case(found=None, cause=None, told=None, says=None, within=None):
    """found: the step that finds; cause: of the one fault, where nothing is found; told: the hosts that have seen the
    password; says: words that the lines must hold; within: seconds, for what hangs."""
    def note(build):
        cases.append((build, found, cause, told or [], says, within))
        return build
    return note


MAIL, HOST = "mail.example.test", "autodiscover.example.test"


# ---- each way in turn ----

@case("autodiscover-domain", told=["example.test", MAIL])
def at_the_domain(lab):
    lab.server()
    lab.site(behind_login(settings()), host="example.test")


@case("autodiscover-host", told=[HOST, MAIL])
def at_autodiscover_of_the_domain(lab):
    lab.server()
    lab.site(lambda ask: Answer(200, "<html>Our company</html>"), host="example.test")
    lab.site(behind_login(settings()), host=HOST)


@case("autodiscover-host", told=[MAIL])
def without_a_log_in(lab):
    lab.server()
    lab.site(openly(settings()), host=HOST)


@case("autodiscover-redirect", told=[MAIL, "pox.example.test"])
def by_a_plain_redirect(lab):
    lab.server()
    lab.site(lambda ask: away("https://pox.example.test" + POX), host=HOST, plain=True)
    lab.site(behind_login(settings()), host="pox.example.test")


@case("autodiscover-srv", told=[MAIL, "pox.example.test"])
def by_a_srv_record(lab):
    lab.server()
    lab.dns.srv("_autodiscover._tcp.example.test", "pox.example.test")
    lab.site(behind_login(settings()), host="pox.example.test")


@case("autodiscover-srv", told=[MAIL])
def by_the_best_of_several_srv_records(lab):
    lab.server(lambda ask: behind_login(settings())(ask) if ask.path == POX else None)
    lab.dns.srv("_autodiscover._tcp.example.test", "gone.example.test", priority=20)
    lab.dns.srv("_autodiscover._tcp.example.test", MAIL, priority=5)


@case("autodiscover-mx", told=[MAIL])
def by_the_mail_server(lab):
    lab.server()
    lab.dns.mx("example.test", MAIL)


@case("autodiscover-mx", told=["owa.example.test"], says="Mimecast")
def by_a_usual_name_behind_a_relay(lab):
    lab.server(host="owa.example.test")
    lab.dns.zone.pop(MAIL)
    lab.dns.mx("example.test", "eu-smtp-inbound-1.mimecast.com")


@case("autodiscover-v2", told=["outlook.office365.com"], says="Exchange Online")
def at_exchange_online(lab):
    lab.dns.mx("example.test", "example-test.mail.protection.outlook.com")
    url = b'{"Protocol":"ActiveSync","Url":"https://outlook.office365.com%s"}' % PATH.encode()
    lab.server(lambda ask: Answer(200, url, "application/json") if ask.path ==
               "/autodiscover/autodiscover.json/v1.0/alice@example.test" else None, host="outlook.office365.com")


@case("autodiscover-v2", told=["outlook.office365.com"])
def at_exchange_online_that_sends_on_within_itself(lab):
    lab.dns.mx("example.test", "example-test.mail.protection.outlook.com")
    url = b'{"Protocol":"ActiveSync","Url":"https://outlook.office365.com%s"}' % PATH.encode()
    lab.server(lambda ask: away("https://eur.outlook.com/v2") if "autodiscover.json" in ask.path else None,
               host="outlook.office365.com")
    lab.site(lambda ask: Answer(200, url, "application/json"), host="eur.outlook.com")


@case("autodiscover-redirect", told=["outlook.office365.com"])
def by_a_redirect_to_exchange_online(lab):
    url = b'{"Protocol":"ActiveSync","Url":"https://outlook.office365.com%s"}' % PATH.encode()
    lab.site(lambda ask: away("https://autodiscover-s.outlook.com" + POX), host=HOST, plain=True)
    lab.server(lambda ask: Answer(200, url, "application/json") if "autodiscover.json" in ask.path else None,
               host="outlook.office365.com")


@case("autodiscover-host", told=[HOST, MAIL])
def by_redirects_within_the_domain(lab):
    lab.server()
    lab.site(lambda ask: away("https://%s/other.xml" % HOST, 307) if ask.path == POX else
             Answer(401, headers={"WWW-Authenticate": "Basic"}) if not ask.basic() else settings(), host=HOST)


@case("autodiscover-host", told=["autodiscover.other.test", "example.test", "mail.other.test"],
      says="go on with al@other.test")
def by_another_address_that_the_server_names(lab):
    lab.site(behind_login(xml("<Action><Redirect>al@other.test</Redirect></Action>")), host="example.test")
    lab.dns.exists("other.test")
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Basic"}) if ask.basic() != (
        "al@other.test", SECRET) else settings("https://mail.other.test" + PATH), host="autodiscover.other.test")
    lab.server(host="mail.other.test")
    lab.users = ["al@other.test"]


@case("autodiscover-domain", told=["eas.hoster.test", "example.test"])
def a_server_elsewhere_that_a_logged_in_answer_names(lab):
    lab.site(behind_login(settings("https://eas.hoster.test" + PATH)), host="example.test")
    lab.server(host="eas.hoster.test")


@case("autodiscover-host", told=[HOST, MAIL], says="its document cannot be read: it has a DTD")
def a_broken_way_is_no_fault_where_the_next_one_finds(lab):
    lab.server()
    lab.site(openly(Answer(200, "<!DOCTYPE a [<!ENTITY b 'c'>]><Autodiscover>&b;</Autodiscover>", "text/xml")),
             host="example.test")
    lab.site(behind_login(settings()), host=HOST)


@case("autodiscover-host", told=[HOST, MAIL])
def through_a_proxy_that_alone_knows_names(lab):
    lab.server()
    lab.site(behind_login(settings()), host=HOST)
    proxy = lab.enter_context(Proxy("127.0.0.1", lab.dns.address))
    lab.options += ["--proxy", "http://127.0.0.1:%d" % proxy.port]
    lab.dns.silent = True


# ---- answers that lead astray ----

@case(cause="http-redirect-foreign")
def a_redirect_to_another_domain(lab):
    lab.site(openly(away("https://autodiscover.evil.test" + POX)), host=HOST)
    lab.site(behind_login(settings()), host="autodiscover.evil.test")


@case(cause="http-redirect-foreign")
def a_plain_redirect_to_another_domain(lab):
    lab.site(lambda ask: away("https://autodiscover.evil.test" + POX), host=HOST, plain=True)
    lab.site(behind_login(settings()), host="autodiscover.evil.test")


@case(cause="http-redirect-foreign")
def a_plain_redirect_to_plain_http(lab):
    lab.site(lambda ask: away("http://pox.example.test" + POX), host=HOST, plain=True)
    lab.site(behind_login(settings()), host="pox.example.test", plain=True)


@case(cause="http-redirect-foreign")
def a_redirect_to_plain_http(lab):
    lab.site(openly(away("http://pox.example.test" + POX)), host=HOST)
    lab.site(behind_login(settings()), host="pox.example.test", plain=True)


@case(cause="http-redirect-foreign")
def a_srv_record_for_another_domain(lab):
    lab.dns.srv("_autodiscover._tcp.example.test", "pox.evil.test")
    lab.site(behind_login(settings()), host="pox.evil.test")


@case(cause="http-redirect-foreign")
def a_mail_server_of_another_domain(lab):
    lab.dns.mx("example.test", "mx.hoster.test")
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Basic", "MS-Server-ActiveSync": "14.1"}),
             host="mx.hoster.test")


@case(cause="http-redirect-foreign")
def a_server_elsewhere_that_nobody_vouches_for(lab):
    lab.site(openly(settings("https://eas.evil.test" + PATH)), host=HOST)
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Basic"}), host="eas.evil.test")


@case(cause="http-redirect-foreign", told=[HOST])
def a_server_without_encryption(lab):
    lab.site(behind_login(settings("http://mail.example.test" + PATH)), host=HOST)
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Basic"}), plain=True)


@case(cause="http-redirect-foreign")
def an_address_of_another_domain_that_nobody_vouches_for(lab):
    lab.site(openly(xml("<Action><Redirect>alice@evil.test</Redirect></Action>")), host=HOST)
    lab.site(behind_login(settings()), host="autodiscover.evil.test")


@case(cause="http-redirect-loop")
def redirects_in_a_circle(lab):
    lab.site(lambda ask: away("https://%s/%s" % (HOST, "a" if ask.path != "/a" else "b")), host=HOST)


@case(cause="http-redirect-loop")
def redirects_without_end(lab):
    lab.site(lambda ask: away("https://%s/x%s" % (HOST, ask.path)), host=HOST)


@case(cause="http-redirect-loop", told=["example.test", "other.test"])
def addresses_in_a_circle(lab):
    for here, there in (("example.test", "b@other.test"), ("other.test", "alice@example.test")):
        lab.site(behind_login(xml("<Action><Redirect>%s</Redirect></Action>" % there)), host=here)


@case(cause="http-html")
def ten_megabytes_of_xml(lab):
    lab.site(openly(xml("<User>%s</User>" % ("x" * 100 + "<a/>") * 100000)), host=HOST)


@case(cause="http-html")
def entities_within_entities(lab):
    lol = "".join('<!ENTITY l%d "%s">' % (i, ("&l%d;" % (i - 1)) * 10 if i else "lol") for i in range(10))
    lab.site(openly(Answer(200, "<!DOCTYPE a [%s]><Autodiscover><Response><Action><Redirect>&l9;</Redirect></Action>"
                           "</Response></Autodiscover>" % lol, "text/xml")), host=HOST)


@case(cause="http-html")
def a_document_without_end(lab):
    lab.site(openly(Answer(200, "<Autodiscover><Response>" + "<a>" * 100, "text/xml")), host=HOST)


@case(cause="http-404", says="names no ActiveSync server", told=[HOST])
def the_schema_of_outlook(lab):
    lab.site(behind_login(xml("<Account><AccountType>email</AccountType><Action>settings</Action><Protocol><Type>EXCH</Type>"
                              "<Server>mb1.example.test</Server></Protocol></Account>", OUTLOOK)), host=HOST)


@case(cause="http-404", says="Invalid Request", told=[HOST])
def a_no(lab):
    lab.site(behind_login(xml('<Error Time="1" Id="2"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message>'
                              '<DebugData/></Error>')), host=HOST)


@case(cause="http-404", says="The user was not found")
def an_address_that_exchange_online_does_not_know(lab):
    lab.dns.mx("example.test", "example-test.mail.protection.outlook.com")
    lab.dns.zone.pop(MAIL)
    lab.site(lambda ask: Answer(200, '{"ErrorCode":"UserNotFound","ErrorMessage":"The user was not found"}',
                                "application/json"), host="outlook.office365.com")


@case(cause="http-redirect-foreign")
def exchange_online_that_names_another_domain(lab):
    lab.dns.mx("example.test", "example-test.mail.protection.outlook.com")
    lab.dns.zone.pop(MAIL)
    lab.site(lambda ask: Answer(200, '{"Protocol":"ActiveSync","Url":"https://eas.evil.test%s"}' % PATH,
                                "application/json"), host="outlook.office365.com")
    lab.site(lambda ask: Answer(401, headers={"WWW-Authenticate": "Basic"}), host="eas.evil.test")


@case(cause="http-404", says="outlook.office365.com does not know")
def exchange_online_that_sends_elsewhere(lab):
    lab.dns.mx("example.test", "example-test.mail.protection.outlook.com")
    lab.dns.zone.pop(MAIL)
    lab.site(lambda ask: away("https://eas.evil.test/v2"), host="outlook.office365.com")
    lab.site(lambda ask: Answer(200, '{"Url":"https://eas.evil.test/"}', "application/json"), host="eas.evil.test")


@case(cause="auth-wrong", told=[HOST, "example.test"])
def a_wrong_password_is_tried_at_two_hosts_at_most(lab):
    lab.secret = "not-" + SECRET
    lab.site(behind_login(settings()), host="example.test")
    lab.site(behind_login(settings()), host=HOST)
    lab.dns.srv("_autodiscover._tcp.example.test", "pox.example.test")
    lab.site(behind_login(settings()), host="pox.example.test")


@case(cause="tls-expired")
def a_certificate_that_has_expired(lab):
    lab.site(behind_login(settings()), host=HOST, certificate=lab.certificate(HOST, since=-100, until=-2))


@case(cause="tls-name")
def a_certificate_for_another_name(lab):
    lab.site(behind_login(settings()), host=HOST, certificate=lab.certificate("www.hoster.test"))


@case(cause="tls-self-signed")
def a_self_signed_certificate(lab):
    lab.site(behind_login(settings()), host=HOST, certificate=lab.certificate(HOST, self_signed=True))


@case(cause="http-5xx")
def autodiscover_that_fails(lab):
    lab.site(openly(Answer(500)), host=HOST)


@case(cause="throttled")
def autodiscover_that_asks_to_wait(lab):
    lab.site(openly(Answer(503, headers={"Retry-After": "30"})), host=HOST)


@case(cause="dns-timeout")
def silent_name_servers(lab):
    lab.dns.silent = True


@case(cause="tcp-timeout", within=60)
def whatever_hangs(lab):
    """Every host that could be asked swallows connections, or takes them and is silent."""
    lab.dns.mx("example.test", "mx.example.test")
    lab.dns.srv("_autodiscover._tcp.example.test", "pox.example.test")
    lab.dns.zone.pop(MAIL)
    for name in ("example.test", HOST, "pox.example.test", "owa.example.test", "mail.example.test", "mx.example.test"):
        address = free_address()
        lab.dns.a(name, address)
        if len(name) % 2:
            lab.enter_context(Hole(address))
        else:
            lab.enter_context(Site(address, lambda ask: Answer(hang=True), lab.certificate(name)))


def one(row, authorities):
    build, found, cause, told, says, within = row
    with harness.Scratch("discover") as own, Lab(own, *authorities) as lab:
        lab.email, lab.options = "alice@example.test", []
        build(lab)
        lines, code, took = lab.run()
        asked = lab.told()
    faults = [line["cause"] for line in lines if line["result"] == "fault"]
    finds = [line["step"] for line in lines if line["result"] == "ok" and line["step"].startswith("autodiscover-")
             and PATH in line["text"]]
    problems = []
    if faults != ([cause] if cause else []):
        problems.append("faults %s" % faults)
    if finds != ([found] if found else []):
        problems.append("found by %s" % finds)
    if asked != sorted(told):
        problems.append("the password went to %s" % asked)
    if says and not any(says in line["text"] for line in lines):
        problems.append("does not say %r" % says)
    if (within and took > within) or (code == 0) != bool(found):
        problems.append("exit %d after %.1f s" % (code, took))
    return problems, lines, took


@test
def every_way_finds_and_nothing_leads_astray(scratch):
    authorities = certs.Authority(scratch.path("ca")), certs.Authority(scratch.path("other"), "Other Authority")
    wanted = [row for row in cases if os.environ.get("CASE", "") in row[0].__name__]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda row: one(row, authorities), wanted))
    for (build, *_), (problems, lines, took) in zip(wanted, results):
        print("# %-58s %5.1f s  %s" % (build.__name__.replace("_", " "), took, "; ".join(problems) or "right"))
        for line in lines if problems else []:
            print("#     %(step)s %(result)s %(cause)s %(text)s" % line)
    equal([row[0].__name__ for row, (problems, *_) in zip(wanted, results) if problems], [], "wrong ones")


@test
def another_domain_is_asked_about(scratch):
    """A redirect to a hoster's domain: the password goes there when the person says so, and not otherwise."""
    os.environ.update(XDG_CONFIG_HOME=scratch.path("config"), XDG_STATE_HOME=scratch.path("states"),
                      HOME=scratch.path("home"))
    with Lab(scratch, certs.Authority(scratch.path("ca")), None) as lab:
        elsewhere = ["autodiscover.hoster.test", "mail.hoster.test"]
        lab.site(openly(away("https://%s%s" % (elsewhere[0], POX))), host=HOST)
        lab.site(behind_login(settings("https://%s%s" % (elsewhere[1], PATH))), host=elsewhere[0])
        lab.server(host=elsewhere[1])
        password = harness.write(scratch.path("password"), SECRET + "\n")
        os.chmod(password, 0o600)
        setup = [EASFS, "setup", "alice@example.test", "--password-file", password, "--resolver", lab.dns.where,
                 "--ca-file", lab.ca]
        _, shown = typed([("Log in there?", "n")], *setup, code=69)
        truth("autodiscover.hoster.test, which is of another domain" in shown, shown)
        equal(lab.told(), [], "who was told after no")
        run(*setup, "--yes", code=69)
        equal(lab.told(), [], "who was told without a question")
        out, _ = typed([("Log in there?", "y"), ("Keep which of them?", "")], *setup)
        equal(lab.told(), elsewhere, "who was told after yes")
        truth("easfs mount " in out, out)


if __name__ == "__main__":
    harness.main()
