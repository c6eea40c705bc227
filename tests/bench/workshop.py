"""What the benches share: made-up mail, servers, mounts, and the timing of commands in turn."""
import os
import random
import statistics
import subprocess
import tempfile
import time

import harness

WORDS = ("project review budget meeting schedule draft report invoice network storage kernel patch release coffee garden "
         "window mountain river signal vector matrix protocol mailbox folder archive summary question answer").split()


def row(what, beside, value, bar, better="less", unit="x", detail=""):
    """One figure: value against bar, in unit; better says which way is good."""
    return {"what": what, "beside": beside, "value": value, "bar": bar, "better": better, "unit": unit, "detail": detail}


def make_mail(directory, count, folders=20, median=5000, seed=7):
    """count messages of log-normal size in folders of Mail/; returns their bytes in all."""
    source = random.Random(seed)
    text = " ".join(source.choice(WORDS) for _ in range(200000))
    text = "\r\n".join(text[i:i + 76] for i in range(0, len(text), 76)).encode()
    total = 0
    for number in range(count):
        path = os.path.join(directory, "Mail", "Archive/%02d" % (number % folders) if number % folders else "Inbox")
        if number < folders:
            os.makedirs(path, exist_ok=True)
        size = min(int(source.lognormvariate(0, 0.9) * median), 1 << 20)
        at = source.randrange(len(text) - size) if size < len(text) else 0
        head = ("From: %s <p%d@example.test>\r\nTo: me@example.test\r\nDate: %s\r\nSubject: %s %d\r\n"
                "Message-ID: <%d@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" %
                (source.choice(WORDS).capitalize(), number % 50,
                 time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(1700000000 + number * 60)),
                 source.choice(WORDS), number, number)).encode()
        with open(os.path.join(path, "%06d.eml" % number), "wb") as out:
            out.write(head + text[at:at + size] + b"\r\n")
            total += out.tell()
    return total


def timed(command):
    started = time.perf_counter()
    subprocess.run(command, shell=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as out:
        out.write("3\n")


def memory(pid, key="VmRSS"):
    """MiB of a process: VmRSS now, VmHWM at most."""
    with open("/proc/%d/status" % pid) as lines:
        for line in lines:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return 0


class Workshop:
    def __init__(self, messages, rounds):
        self.messages, self.rounds = messages, rounds
        self.dir = tempfile.mkdtemp(prefix="easfs-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
        self.scratch = harness.Scratch("bench")
        self.boxes = {}

    def close(self):
        self.scratch.close()

    def mailbox(self, count, median=5000):
        """A directory of count messages, made once: (path, bytes)."""
        if (count, median) not in self.boxes:
            path = os.path.join(self.dir, "mailbox-%d-%d" % (count, median))
            self.boxes[count, median] = (path, make_mail(path, count, median=median))
        return self.boxes[count, median]

    def mount(self, server, *extra, name, timeout=3000):
        return self.scratch.mount(server, *extra, point="mnt-" + name, state="state-" + name, timeout=timeout)

    def ratio(self, ours, theirs, before=None):
        """Runs two commands in turn: the median of the pairwise ratios, and both medians in seconds."""
        times = [], []
        for _ in range(self.rounds):
            for command, into in zip((ours, theirs), times):
                if before:
                    before()
                into.append(timed(command))
        return (statistics.median(a / b for a, b in zip(*times)), *map(statistics.median, times))
