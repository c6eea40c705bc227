"""A terminal with somebody who answers what they are asked."""
import os
import pty
import select
import time

from harness import equal, truth


def typed(answers, *command, code=0):
    """Runs a command at a terminal; each answer is typed when its question stands there. Returns (stdout, the terminal)."""
    out, out_end = os.pipe()
    pid, terminal = pty.fork()
    if not pid:
        os.dup2(out_end, 1)
        os.execv(command[0], list(command))
    os.close(out_end)
    shown, stdout, waiting = b"", b"", list(answers)
    end = time.monotonic() + 60
    open_ends = [terminal, out]
    while open_ends and time.monotonic() < end:
        for fd in select.select(open_ends, [], [], 1)[0]:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                piece = b""
            if not piece:
                open_ends.remove(fd)
            elif fd == out:
                stdout += piece
            else:
                shown += piece
        if waiting and waiting[0][0].encode() in shown:
            question, answer = waiting.pop(0)
            shown = shown.replace(question.encode(), b"", 1)
            os.write(terminal, answer.encode() + b"\n")
    os.close(terminal)
    os.close(out)
    got = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    equal(got, code, "exit; the terminal showed %r" % shown)
    truth(not waiting, "never asked: %r; the terminal showed %r" % (waiting, shown))
    return stdout.decode(), shown.decode()
