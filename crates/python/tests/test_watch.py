"""Work that takes long: signals, other threads, panics."""

import re
import signal
import subprocess
import sys
import threading
import time

import implicit_bias as ib
import pytest
from conftest import same_run
from implicit_bias import _native

SCRIPT = """
import sys
import implicit_bias as ib
print("begins", flush=True)
ib.train(dim=400, width=40, samples=20, steps=20_000, engine="tensor", record=3, out=sys.argv[1])
print("ended")
"""


def test_ctrl_c_leaves_a_checkpoint_from_which_the_run_goes_on(tmp_path):
    out = tmp_path / "run"
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, out], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout.readline() == "begins\n"
    deadline = time.monotonic() + 60
    while not (out / "series.csv").is_file():
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    stdout, stderr = child.communicate(timeout=60)
    assert "ended" not in stdout and child.returncode != 0
    assert f"KeyboardInterrupt: interrupted; go on with: implicit_bias.load({str(out)!r}).resume()" in stderr
    run = ib.load(out)
    assert run.stop_reason == "interrupted" and (out / "checkpoint").is_file()
    assert run.steps[-1] < 20_000
    run.resume()
    assert run.stop_reason == "completed"
    whole = ib.train(dim=400, width=40, samples=20, steps=20_000, engine="tensor", record=3,
                     out=tmp_path / "whole")
    same_run(out, whole.path)


def test_other_threads_run_meanwhile():
    ends = threading.Event()

    def work():
        ib.train(dim=400, width=40, samples=20, steps=5000, engine="tensor")
        ends.set()

    thread = threading.Thread(target=work)
    began = time.monotonic()
    thread.start()
    turns = 0
    while not ends.is_set():
        turns += 1
        time.sleep(0.001)
    thread.join()
    took = time.monotonic() - began
    # With the lock held there would be no turn until the run had ended.
    assert took > 0.05 and turns > 100 * took, (turns, took)


FORKED = """
import os, sys
import implicit_bias as ib
keys = dict(dim=3000, samples=40, width=20, steps=20)
if sys.argv[1] == "after":
    ib.train(**keys)
child = os.fork()
if child == 0:
    try:
        print(ib.train(**keys).stop_reason, flush=True)
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.parametrize("when, said", [("before", "completed"), ("after", "fork: expected .*spawn")])
def test_a_forked_process_works_or_says_why_not(when, said):
    done = subprocess.run([sys.executable, "-c", FORKED, when], capture_output=True, text=True, timeout=120)
    assert re.match(said, done.stdout), (done.stdout, done.stderr)


def test_a_panic_is_an_exception():
    with pytest.raises(RuntimeError, match="internal error: of a test"):
        _native.panic_of("of a test")


def test_what_shows_progress_may_raise(tmp_path):
    told = []

    def show(what, fraction):
        told.append((what, fraction))
        raise LookupError("of a test")

    keys = dict(dim=400, width=40, samples=20, steps=10**7, engine="tensor", record=1)
    with pytest.raises(LookupError, match="of a test"):
        _native.train(keys | {"out": str(tmp_path / "run")}, show)
    assert ib.load(tmp_path / "run").stop_reason == "interrupted"
    assert told[0][0].startswith("train") and 0 <= told[0][1] <= 1
