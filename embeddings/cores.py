"""How many threads are worth starting."""

import os


def usable_cores() -> int:
    """CPU cores this process may run on; fewer than the machine has inside a container or under ``taskset``."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
