#!/usr/bin/env python3
"""Accounts: easfs.conf and where passwords come from. Catches: a key that is misspelt and passed over, a password in a
file that everyone reads, an account that is taken for another, a keyring that is locked and taken for empty."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import EASFS, equal, message, read, run, test, truth, write
from keyring import Keyring
from terminal import typed


def conf(scratch, text, mode=0o600):
    path = write(scratch.path("config/easfs/easfs.conf"), text)
    os.chmod(path, mode)
    return path


def section(name, server, *lines):
    return "[%s]\nserver = %s\nuser = %s\ninsecure-http = yes\n%s\n" % (name, server.url, server.user, "\n".join(lines))


def fails(code, words, *command):
    """One line with the words in it; nobody sits at a terminal."""
    done = run(*command, code=code, stdin=subprocess.DEVNULL, start_new_session=True)
    truth(done.stderr.startswith("easfs: unable to ") and done.stderr.count("\n") == 1 and "; " in done.stderr, done.stderr)
    for word in [words] if isinstance(words, str) else words:
        truth(word in done.stderr, "%r lacks %r" % (done.stderr, word))
    return done.stderr


def box(scratch):
    write(scratch.path("mailbox/Mail/Inbox/a.eml"), message("Budget review"))
    write(scratch.path("mailbox/Contacts/j.vcf"), "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:j\r\nFN:Jane\r\nN:;Jane;;;\r\nEND:VCARD\r\n")
    os.makedirs(scratch.path("mnt"), exist_ok=True)
    os.environ["XDG_STATE_HOME"] = scratch.path("states")
    scratch.callback(os.environ.pop, "XDG_STATE_HOME")
    return scratch.easd()


def mounted(scratch, *options):
    """Mounts by easfs.conf, returns what is listed, unmounts."""
    run(EASFS, "mount", scratch.path("mnt"), *options)
    try:
        run(EASFS, "sync", scratch.path("mnt"), "--wait")
        source = [line.split() for line in read("/proc/self/mounts").decode().splitlines() if scratch.path("mnt") in line]
        return sorted(os.listdir(scratch.path("mnt"))), source[0][0], source[0][2]
    finally:
        run(EASFS, "umount", scratch.path("mnt"))


@test
def the_only_account_needs_no_name(scratch):
    server = box(scratch)
    conf(scratch, section("work", server, "password-file = " + server.password_file))
    listed, source, kind = mounted(scratch)
    truth("Mail" in listed and "Contacts" in listed, "%r" % listed)
    equal((source, kind), ("work", "fuse.easfs"), "source and type of the mount")
    truth(os.listdir(scratch.path("states/easfs/work")), "the state directory bears the account's name")


@test
def accounts_are_told_apart_and_options_win(scratch):
    server = box(scratch)
    conf(scratch, "# mine\n" + section("account work", server, "password = secret", "classes = contacts",
                                       "folder = Contacts; Mail/*") +
         section("home", server, "password-command = echo wrong"))
    fails(64, ["2 accounts", "--account NAME"], EASFS, "mount", scratch.path("mnt"))
    fails(78, ['no account "play"'], EASFS, "mount", scratch.path("mnt"), "--account", "play")
    fails(77, ["refuses the user name or password"], EASFS, "mount", scratch.path("mnt"), "--account", "home")
    equal(mounted(scratch, "--account", "work")[1], "work", "the source")
    kept = [line.split() for line in run(EASFS, "folders", "--account", "work").stdout.splitlines()[1:]]
    equal({row[0] for row in kept if row[1] == "contacts"}, {"yes"}, "contacts are kept")
    equal({row[0] for row in kept if row[1] != "contacts"}, {"no"}, "all else is not")
    equal(mounted(scratch, "--account", "home", "--password-file", server.password_file)[1], "home", "the source")
    truth("sound" in run(EASFS, "cache", "verify", "--account", "work").stdout, "cache --account")


@test
def what_is_wrong_in_the_file_is_told_with_its_line(scratch):
    """A table of mistakes, each with the line that is to be named."""
    server = box(scratch)
    good = section("work", server, "password-file = " + server.password_file)
    lines = good.count("\n")
    rows = [
        (good + "clases = mail\n", 1, 'no key "clases"'),
        (good + "account = x\n", 1, 'no key "account"'),
        (good + "nonsense\n", 1, "neither"),
        (good + "send-invitations = perhaps\n", 1, "yes or no"),
        (good + "[../up]\n", 1, "cannot name an account"),
        (good + "[account work]\n", 1, "two accounts"),
        ("server = x\n" + good, 1 - lines, "neither"),
        (good + "# fine\n\n[other]\nuser = y\n  pasword-command=z\n", 5, 'no key "pasword-command"'),
    ]
    for text, offset, words in rows:
        path = conf(scratch, text)
        fails(78, ["%s:%d: " % (path, lines + offset), words], EASFS, "mount", scratch.path("mnt"), "--account", "work")


@test
def a_password_in_a_file_that_others_read_is_refused(scratch):
    server = box(scratch)
    text = section("work", server, "password = secret")
    for mode in (0o644, 0o640, 0o604):
        conf(scratch, text, mode)
        line = fails(78, ["others than you", "chmod 600", ":5: "], EASFS, "mount", scratch.path("mnt"))
        truth("secret" not in line.replace("password", ""), "the message tells the password: " + line)
    conf(scratch, text, 0o600)
    mounted(scratch)
    conf(scratch, section("work", server, "password-command = cat " + server.password_file), 0o644)
    mounted(scratch)


@test
def the_terminal_is_asked_last_and_given_back(scratch):
    """The daemon asks, before it leaves the terminal: with nothing else that gives a password."""
    server = box(scratch)
    conf(scratch, section("work", server))
    _, shown = typed([("Password of work:", "secret")], EASFS, "mount", scratch.path("mnt"))
    truth("secret" not in shown, shown)
    run(EASFS, "sync", scratch.path("mnt"), "--wait")
    run(EASFS, "umount", scratch.path("mnt"))
    _, shown = typed([("Password of work:", "wrong")], EASFS, "mount", scratch.path("mnt"), "--account", "work",
                     "--state", scratch.path("cold"), code=77)
    truth("refuses the user name or password" in shown, shown)
    _, shown = typed([("Password of work:", "")], EASFS, "mount", scratch.path("mnt"), code=77)
    truth("no password was given" in shown, shown)


@test
def a_keyring_that_does_not_help_is_told_plainly(scratch):
    server = box(scratch)
    conf(scratch, section("work", server))
    fails(78, ["no keyring answers", "no terminal"], EASFS, "mount", scratch.path("mnt"))
    with Keyring(scratch) as keyring:
        fails(78, ["holds nothing for this account", "no terminal"], EASFS, "mount", scratch.path("mnt"))
        keyring.stop()


if __name__ == "__main__":
    harness.main()
