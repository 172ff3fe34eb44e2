"""Run one command; print seconds, peak memory and exit status as JSON.

A process of its own, and a small one, because the kernel counts what a child had before it became
the command: started from the benchmark itself, every peer would seem to need the memory the
benchmark has. Arguments: processors (0 for all), seconds allowed, command.
"""

import json
import os
import signal
import sys
import time

processors, allowed, *words = sys.argv[1:]
if int(processors):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(processors)])
start = time.perf_counter()
child = os.fork()
if child == 0:
    os.setsid()
    os.dup2(2, 1)
    os.execvp(words[0], words)
signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
signal.alarm(int(float(allowed)))
_, status, usage = os.wait4(child, 0)
result = {
    "seconds": time.perf_counter() - start,
    "cpu_seconds": usage.ru_utime + usage.ru_stime,
    "peak_bytes": usage.ru_maxrss * 1024,
    "status": os.waitstatus_to_exitcode(status),
}
print(json.dumps(result))
