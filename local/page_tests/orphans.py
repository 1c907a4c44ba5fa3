"""Processes that a browser or a server leaves behind when it ends.

The first process of a container often reaps none, so they would stay as zombies.
"""
import ctypes
import os
import pathlib
import signal

# linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Makes this process the parent of processes whose own parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans():
    """Kills and reaps all children, when none of them is needed any more."""
    children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
    while children.exists() and (ids := children.read_text().split()):
        for child in map(int, ids):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
