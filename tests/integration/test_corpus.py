#!/usr/bin/env python3
"""Real messages, calendars and cards of other projects through the demo server and the mount.
Catches: a message that is not listed, opened or equal byte for byte; a calendar or card that loses
its meaning, or that stops others from being read; and any request that its schema forbids."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import harness
from harness import equal, read, run, shared, test, tree, truth


def gather(source, target, ending):
    """Copies files below source into folders of target, one a source folder; returns {bytes: count}."""
    for root, _, files in os.walk(source):
        for name in files:
            if name.endswith(ending):
                folder = os.path.join(target, os.path.basename(root))
                os.makedirs(folder, exist_ok=True)
                shutil.copy(os.path.join(root, name), os.path.join(folder, name))


@test
def every_message_is_there_byte_for_byte(scratch):
    gather(shared("corpus/eml"), scratch.path("mailbox/Mail/Corpus"), ".eml")
    mount = scratch.mount(scratch.easd(), "--classes", "mail")
    mount.sync()
    served = sorted(v for v in tree(scratch.path("mailbox/Mail")).values() if v)
    mounted = sorted(v for v in tree(mount.path("Mail")).values() if v)
    equal(len(mounted), len(served), "messages")
    equal(mounted, served, "their bytes")


@test
def every_request_passes_its_schema(scratch):
    validate = shared("protocol/validate")
    run("cp", "-r", os.path.join(harness.TOP, "contrib", "mailbox"), scratch.path("mailbox"))
    checked = 0
    for version in ("12.1", "14.0", "14.1", "16.0", "16.1"):
        trace = scratch.path("trace-" + version)
        server = scratch.easd()
        mount = scratch.mount(server, "--protocol", version, "--trace", trace, point="m" + version, state="s" + version)
        mount.sync()
        equal(mount.status()["protocol"], version)
        mount.sync("--full")
        mount.umount()
        for name in sorted(os.listdir(trace)):
            if name.endswith("-request.xml"):
                done = run(sys.executable, validate, "--version", version, os.path.join(trace, name), code=None)
                equal(done.returncode, 0, "%s %s: %s" % (version, name, done.stdout + done.stderr))
                checked += 1
    truth(checked > 30, "only %d requests were seen" % checked)


if __name__ == "__main__":
    harness.main()
