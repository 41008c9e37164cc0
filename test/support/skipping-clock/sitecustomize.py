"""Loaded by Python at its start: its clocks jump a minute ahead at each SIGUSR2, which it confirms on stdout."""
import signal, sys, time

skipped = 0
time_, monotonic = time.time, time.monotonic
time.time = lambda: time_() + skipped
time.monotonic = lambda: monotonic() + skipped


def skip(_signal, _frame):
    global skipped
    skipped += 60
    sys.stdout.write('skipped\n')
    sys.stdout.flush()


signal.signal(signal.SIGUSR2, skip)
