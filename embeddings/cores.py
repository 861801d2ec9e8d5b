"""How many threads are worth starting, and who may start them."""

import os
from functools import cache


def usable_cores() -> int:
    """CPU cores this process may run on; fewer than the machine has inside a container or under ``taskset``."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def one_thread_for_opencv() -> None:
    """Tell OpenCV, once for the whole process, to start no threads of its own.

    Pictures are decoded and measured in the pipeline's threads, one picture each; OpenCV's pool would compete with
    them for the same cores. Whatever calls OpenCV here calls this first.
    """
    import cv2

    cv2.setNumThreads(1)
