"""The WBXML reader's speed against libwbxml's converter over the same document."""
import os
import re
import subprocess

import harness
from workshop import row


def measure(_shop):
    program = os.path.join(harness.BUILD, "bench", "wbxml")
    subprocess.run(["make", "-s", "-C", harness.TOP, os.path.relpath(program, harness.TOP)], check=True)
    out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    ratio = float(re.search(r"ratio ([0-9.]+)", out).group(1))
    yield row("WBXML read, MB/s", "libwbxml's converter", ratio, None, "more", detail=" ".join(out.split()))
