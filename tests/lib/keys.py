"""Programs that want a terminal: run in one, with keys typed when the screen is quiet."""
import os
import pty
import select
import signal
import time


def type_into(command, keys, cwd=None, seconds=60):
    """Runs a command on a terminal of its own; keys: strings typed one after the other, each once the program has
    drawn and says nothing more. Returns what it drew; raises when it does not end, or ends with an error."""
    pid, fd = pty.fork()
    if pid == 0:
        try:
            if cwd:
                os.chdir(cwd)
            os.environ["TERM"] = "xterm"
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    drawn, left, end = b"", list(keys), time.monotonic() + seconds
    try:
        while True:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                raise AssertionError("%s does not end; it shows %r" % (command[0], drawn[-2000:]))
            # Quiet for a moment after it drew something: it waits for a key.
            if not select.select([fd], [], [], 0.3)[0]:
                if left and drawn:
                    os.write(fd, left.pop(0).encode())
                continue
            try:
                more = os.read(fd, 65536)
            except OSError:
                more = b""
            if not more:
                break
            drawn += more
    finally:
        os.close(fd)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 0:
        raise AssertionError("%s: exit %d; it showed %r" % (command[0], code, drawn[-2000:]))
    return drawn.decode(errors="replace")
