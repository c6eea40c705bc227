"""Resident memory of the daemon by the size of the mailbox, and with one message of 50 MB."""
import harness
from workshop import make_mail, memory, row

LIMIT_MIB = 64


def measure(shop):
    for count in (1000, 10000, 100000):
        server = shop.scratch.easd(shop.mailbox(count, median=1000)[0])
        mount = shop.mount(server, name="memory%d" % count)
        mount.sync("--timeout", "3000", timeout=3000)
        harness.run("grep", "-rc", "nosuchword", mount.path("Mail"), code=None, timeout=600)
        harness.run("ls", "-lR", mount.point, timeout=600)
        pid = mount.daemon()
        yield row("resident memory at most, %d messages" % count, "", memory(pid, "VmHWM"), LIMIT_MIB, unit="MiB",
                  detail="%.1f MiB now" % memory(pid))
        mount.umount()
        server.stop()
    directory = shop.dir + "/big"
    make_mail(directory, 20)
    harness.write(directory + "/Mail/Inbox/big.eml", harness.message("Fifty megabytes", body=("y" * 76 + "\r\n") * 640000))
    mount = shop.mount(shop.scratch.easd(directory), name="big")
    mount.sync("--timeout", "600", timeout=600)
    yield row("memory at most, one message of 50 MB", "", memory(mount.daemon(), "VmHWM"), LIMIT_MIB, unit="MiB")
    mount.umount()
