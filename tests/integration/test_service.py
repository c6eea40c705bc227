#!/usr/bin/env python3
"""What easfs installs beside itself: units, the helper of mount(8), manual pages, completions. Catches: a verb, an
option or a key that a page or a shell does not know, a service that is ready before it can be read, or that leaves a dead
mount behind."""
import os
import re
import shlex
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import BUILD, EASD, EASFS, TOP, equal, message, read, run, test, truth, wait_for, write


def installed(scratch):
    top = scratch.path("root")
    run("make", "-s", "-C", TOP, "install", "BUILD=" + os.path.relpath(BUILD, TOP), "DESTDIR=" + top, "PREFIX=/usr",
        "SBINDIR=/sbin", timeout=300)
    return lambda *parts: os.path.join(top, *parts)


def verbs():
    return re.findall(r"^  ([a-z]+) ", run(EASFS, "--help").stdout, re.M)


def options(*command):
    return sorted(set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", run(*command, "--help").stdout, re.M)))


def keys():
    return re.findall(r"^  ([a-z-]+) = ", run(EASFS, "--keys").stdout, re.M)


def account(scratch, name="work"):
    write(scratch.path("mailbox/Mail/Inbox/a.eml"), message("Budget review"))
    server = scratch.easd()
    os.chmod(write(scratch.path("config/easfs/easfs.conf"), "[%s]\nserver = %s\nuser = alice\ninsecure-http = yes\n"
             "password-file = %s\n" % (name, server.url, server.password_file)), 0o600)
    os.environ.update(XDG_STATE_HOME=scratch.path("states"), HOME=scratch.path("home"))
    os.makedirs(scratch.path("home"), exist_ok=True)
    return server


@test
def the_pages_tell_of_every_verb_option_and_key(scratch):
    root = installed(scratch)
    pages = {name: read(root("usr/share/man", section, name)).decode().replace("\\-", "-")
             for section, name in (("man1", "easfs.1"), ("man1", "easd.1"), ("man5", "easfs.conf.5"))}
    for verb in verbs():
        truth(".SS easfs %s" % verb in pages["easfs.1"], "easfs.1 lacks " + verb)
        for option in options(EASFS, verb):
            truth(re.search(r"^\.B (-\w, )?%s( |$)" % option, pages["easfs.1"], re.M), "easfs.1 lacks %s %s" % (verb, option))
    truth(len(keys()) > 20, "keys: %r" % keys())
    for key in keys():
        truth(re.search(r"^\.B %s = " % key, pages["easfs.conf.5"], re.M), "easfs.conf.5 lacks " + key)
    for option in options(EASD):
        truth(re.search(r"^\.B %s( |$)" % option, pages["easd.1"], re.M), "easd.1 lacks " + option)
    for code in (64, 65, 68, 69, 70, 71, 73, 74, 75, 76, 77, 78):
        truth(".B %d\n" % code in pages["easfs.1"], "easfs.1 lacks the exit code %d" % code)
    for name, text in pages.items():
        truth("@" not in re.sub(r"\S+@\S+", "", text), "a gap in " + name)
    told = run("mandoc", "-T", "lint", "-W", "error", *[root("usr/share/man/man%s" % n[-1], n) for n in pages], code=None)
    equal(told.stdout, "", "mandoc")


@test
def what_is_a_key_is_an_option_of_mount(scratch):
    """One table: what the file takes the command line takes, but for the password itself."""
    known = options(EASFS, "mount")
    for key in keys():
        equal("--" + key in known, key != "password", key)


def completed(shell, root, line, scratch):
    """What a shell offers at the end of a line."""
    words = line.split(" ")
    environment = {**os.environ, "PATH": os.path.dirname(EASFS) + ":" + os.environ["PATH"]}
    if shell == "bash":
        script = "source %s; COMP_WORDS=(%s ''); COMP_CWORD=%d; COMP_WORDS[$COMP_CWORD]=%s; _easfs; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
            root("usr/share/bash-completion/completions/easfs"), " ".join(map(shlex.quote, words[:-1])), len(words) - 1,
            shlex.quote(words[-1]))
        out = run("bash", "--norc", "-c", script, env=environment).stdout
    elif shell == "fish":
        out = run("fish", "--no-config", "-c", "source %s; complete -C %s" % (
            root("usr/share/fish/vendor_completions.d/easfs.fish"), shlex.quote(line)),
            env={**environment, "HOME": scratch.path("home"), "XDG_DATA_HOME": scratch.path("data")}).stdout
        out = "\n".join(row.split("\t")[0] for row in out.splitlines())
    else:
        script = ("_describe() { for n in ${(P)4}; do print -- ${n%%%%:*}; done }; _files() { : };"
                  "compadd() { if [[ $1 == -a ]]; then print -l -- ${(P)2}; else shift; print -l -- $@; fi };"
                  "words=(%s ''); CURRENT=%d; words[$CURRENT]=%s; f() { source %s }; f" % (
                      " ".join(map(shlex.quote, words[:-1])), len(words), shlex.quote(words[-1]),
                      root("usr/share/zsh/site-functions/_easfs")))
        out = run("zsh", "-f", "-c", script, env=environment).stdout
    return set(out.split())


@test
def the_shells_know_every_verb_option_and_account(scratch):
    root = installed(scratch)
    account(scratch)
    for shell in ("bash", "zsh", "fish"):
        offered = completed(shell, root, "easfs ", scratch)
        for verb in verbs():
            truth(verb in offered, "%s lacks %s: %r" % (shell, verb, offered))
        for verb in verbs():
            offered = completed(shell, root, "easfs %s --" % verb, scratch)
            for option in options(EASFS, verb):
                truth(option in offered, "%s lacks %s %s: %r" % (shell, verb, option, offered))
        truth("work" in completed(shell, root, "easfs mount --account ", scratch), shell + " lacks the account")


class Manager:
    """As much of a service manager as a unit of Type=notify needs."""

    def __init__(self, scratch, unit, instance):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(scratch.path("notify"))
        self.socket.settimeout(60)
        lines = [line.split("=", 1) for line in read(unit).decode().splitlines() if "=" in line and line[0] != "#"]
        whole = dict(lines)
        equal(whole["Type"], "notify", "Type")
        self.environment = {**os.environ, "NOTIFY_SOCKET": scratch.path("notify")}
        name, value = self.specify(whole["Environment"], scratch, instance).split("=", 1)
        self.environment[name] = value
        self.commands = [shlex.split(self.specify(whole[key], scratch, instance).replace("${%s}" % name, value))
                         for key in ("ExecStartPre", "ExecStart")]
        equal(self.commands[1][0], "/usr/bin/easfs", "the program of the unit")
        self.commands[1][0] = EASFS
        self.point = value

    @staticmethod
    def specify(text, scratch, instance):
        return text.replace("%h", scratch.path("home")).replace("%i", instance or "")

    def start(self):
        before = [self.commands[0][0].lstrip("-"), *self.commands[0][1:]]
        run(*before, code=None if self.commands[0][0][0] == "-" else 0)
        self.process = subprocess.Popen(self.commands[1], env=self.environment, stderr=subprocess.PIPE, text=True)

    def told(self):
        return self.socket.recv(4096).decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process.stderr.close()
        return code


@test
def a_service_is_ready_when_it_can_be_read_and_ends_clean(scratch):
    root = installed(scratch)
    account(scratch)
    for unit, instance in (("easfs@.service", "work"), ("easfs.service", None)):
        manager = Manager(scratch, root("usr/lib/systemd/user", unit), instance)
        manager.start()
        try:
            equal(manager.told(), "READY=1", "the first word")
            truth(os.path.ismount(manager.point), "ready without a mount")
            truth("Mail" in os.listdir(manager.point), "ready without folders")
        finally:
            code = manager.stop()
        equal(code, 0, "the exit after SIGTERM")
        equal(manager.told(), "STOPPING=1", "the last word")
        truth(not os.path.ismount(manager.point), "a mount is left behind")
        manager.socket.close()
        os.unlink(scratch.path("notify"))


@test
def a_killed_service_is_healed_by_its_next_start(scratch):
    root = installed(scratch)
    account(scratch)
    manager = Manager(scratch, root("usr/lib/systemd/user", "easfs@.service"), "work")
    manager.start()
    scratch.callback(run, "fusermount3", "-uzq", manager.point, code=None)
    equal(manager.told(), "READY=1")
    manager.process.kill()
    manager.process.wait()
    manager.process.stderr.close()
    manager.start()
    equal(manager.told(), "READY=1", "the second start")
    truth("Mail" in os.listdir(manager.point), "healed")
    equal(manager.stop(), 0)


@test
def mount_mounts_an_account(scratch):
    """As mount(8) calls its helper for a line of fstab."""
    root = installed(scratch)
    account(scratch)
    helper, point = root("sbin/mount.fuse.easfs"), scratch.path("mnt")
    os.makedirs(point)
    environment = {**os.environ, "EASFS": EASFS}
    run(helper, "work", point, "-o", "rw,noauto,user,_netdev,nofail,x-systemd.automount,noxattr,nosuid,nodev", env=environment)
    try:
        line = [row.split() for row in read("/proc/mounts").decode().splitlines() if row.split()[1] == point][0]
        equal((line[0], line[2]), ("work", "fuse.easfs"), "source and type")
        truth("nosuid" in line[3] and "nodev" in line[3], line[3])
        truth("Mail" in os.listdir(point), "the tree")
    finally:
        run("umount", point)
    wait_for("the daemon's end", lambda: subprocess.run([EASFS, "cache", "verify", "--account", "work"],
                                                        capture_output=True).returncode == 0)
    run(helper, code=64)
    run(helper, "work", point, "-f", env=environment)
    truth(not os.path.ismount(point), "a fake mount mounted")
    run(helper, "nobody-here", point, env=environment, code=78)


@test
def what_is_installed_names_its_place(scratch):
    root = installed(scratch)
    for directory, _, names in os.walk(root()):
        for name in names:
            path = os.path.join(directory, name)
            truth(b"@BINDIR@" not in read(path), path)
    truth(b"<key>Label</key>" in read(os.path.join(TOP, "contrib/launchd/org.easfs.mount.plist")), "the plist")
    import plistlib
    with open(os.path.join(TOP, "contrib/launchd/org.easfs.mount.plist"), "rb") as file:
        truth("easfs mount -f" in plistlib.load(file)["ProgramArguments"][2], "the plist's command")


if __name__ == "__main__":
    harness.main()
