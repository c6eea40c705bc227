#!/usr/bin/env python3
"""A short soak with a fixed seed: see tests/soak/soak.py. Catches what that catches, where it shows early."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "soak"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import harness
from soak import soak


harness.tests.clear()  # those of the whole soak


@harness.test
def a_few_hundred_changes_and_a_fault_of_each_kind(scratch):
    soak(scratch, 300, 1, 1, 120)


if __name__ == "__main__":
    harness.main()
