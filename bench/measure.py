"""measure(COMMAND): wall, CPU and memory of a command and all its processes."""
import dataclasses
import mmap
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

WORKERS = 2


@dataclasses.dataclass
class Took:
    wall: float
    cpu: float
    peak: int  # bytes
    status: int


def session_memory(session):
    """Proportional set sizes of the session's processes, in bytes."""
    total = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            stat = pathlib.Path(entry.path, "stat").read_text()
            if int(stat[stat.rindex(")") + 2:].split()[3]) != session:
                continue
            rollup = pathlib.Path(entry.path, "smaps_rollup").read_text()
            total += 1024 * int(re.search(r"^Pss: +(\d+)", rollup, re.M)[1])
        except (OSError, TypeError, ValueError):
            pass  # it has ended
    return total


def sample(session, peak, done):
    """Every 50 ms, less often where looking itself takes long."""
    pause = 0
    while not done.wait(pause):
        start = time.monotonic()
        peak[0] = max(peak[0], session_memory(session))
        pause = max(0.05, 20 * (time.monotonic() - start))


def on_our_cores():
    """As many cores as workers, so that nobody's threads have more."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:WORKERS])


def touch_memory(most=6 << 30):
    """A virtual machine gives free memory back to its host, who is slow to find it again (1.2 s a GB, more than
    most of what is measured here): what is free is taken once, and let go."""
    info = pathlib.Path("/proc/meminfo").read_text()
    free = 1024 * int(re.search(r"^MemFree: +(\d+)", info, re.M)[1])
    size = min(free // 10 * 9, most) // mmap.PAGESIZE * mmap.PAGESIZE
    child = size and os.fork()  # a container may have less, and ends who takes more
    if size and not child:
        try:
            pathlib.Path("/proc/self/oom_score_adj").write_text("1000")
            mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_POPULATE", 0))
        finally:
            os._exit(0)
    if child:
        os.waitpid(child, 0)


def measure(command, env=None, clear=()):
    """Runs a list of words, or text for bash, when the disk has nothing to do."""
    for path in clear:
        shutil.rmtree(path, ignore_errors=True)
    os.sync()
    touch_memory()
    words = ["bash", "-c", f"set -euo pipefail; {command}"] if isinstance(command, str) else command
    peak, done = [0], threading.Event()
    with tempfile.TemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in words], env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, preexec_fn=on_our_cores)
        sampler = threading.Thread(target=sample, args=(process.pid, peak, done))
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        sampler.join()
        if status:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-3000:])
    return Took(wall, used.ru_utime + used.ru_stime, peak[0], process.returncode)
