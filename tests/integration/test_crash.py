#!/usr/bin/env python3
"""A sample of make crash: the daemon dies at some steps of each scenario, and some answers are lost. Catches what the
whole of it catches (tests/crash/crash.py): an edit that is lost or doubled, a mail that goes out twice or unmeant."""
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CRASH = os.path.join(TOP, "tests", "crash", "crash.py")

os.execv(sys.executable, [sys.executable, CRASH, "--sample", os.environ.get("EASFS_CRASH_SAMPLE", "25"),
                          "--version", "14.1"] + sys.argv[1:])
