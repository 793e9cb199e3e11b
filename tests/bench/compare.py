#!/usr/bin/env python3
"""Measures training steps of Gradus and of PyTorch alternately, and prints the ratio of their speeds.

    compare.py --data DIR --ours build/tests/bench/bench_train [--python PYTHON] [--attention luong] [--runs 5]

Both programs train the same model on DIR/train.de and DIR/train.en (the peer also reads val.* and test.*), and print a line
`train: N target tok/s … M ms/step`.
Every run of one is followed by one of the other, so that what else the machine does falls on both. Medians are given with
the smallest and the largest figure. The peer runs at its best: the OpenMP variant of OpenBLAS, where there is one (the threads
of the pthread variant fight PyTorch's), and the kernel for this CPU, which PyTorch's OpenBLAS may not know.
"""
import argparse
import os
import re
import statistics
import subprocess

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_seq2seq.py")
OPENMP_BLAS = "/usr/lib/x86_64-linux-gnu/openblas-openmp"


def measure(command, environment):
    """-> (target tokens/s, ms a step), from the first line that gives them; what the program does after it is cut off"""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            found = re.match(r"train: (\d+) target tok/s.* ([\d.]+) ms/step", line)
            if found:
                process.kill()
                return float(found[1]), float(found[2])
    raise SystemExit(f"no figures from: {' '.join(command)}")


def spread(figures, digits):
    return f"{statistics.median(figures):.{digits}f} ({min(figures):.{digits}f} to {max(figures):.{digits}f})"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--peer", default=PEER, help="the model in PyTorch")
    arguments.add_argument("--ours", required=True, help="the program bench_train")
    arguments.add_argument("--python", default="python3", help="the Python that has PyTorch")
    arguments.add_argument("--attention", default="bahdanau", choices=["bahdanau", "luong"])
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--steps", type=int, default=60, help="in each run, after five to warm up")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--core-type", default="SapphireRapids", help="OPENBLAS_CORETYPE of the peer")
    a = arguments.parse_args()

    same = ["--attention", a.attention, "--threads", str(a.threads)]
    peer = [a.python, "-u", a.peer, "--data", a.data, "--bench", str(a.steps), *same]
    ours = [a.ours, a.data, "--steps", str(a.steps), *same]
    peer_environment = dict(os.environ, OPENBLAS_CORETYPE=a.core_type)
    if os.path.isdir(OPENMP_BLAS):
        peer_environment["LD_LIBRARY_PATH"] = OPENMP_BLAS
    results = {"PyTorch": [], "Gradus": []}
    for _ in range(a.runs):
        results["PyTorch"].append(measure(peer, peer_environment))
        results["Gradus"].append(measure(ours, dict(os.environ)))
    for name, figures in results.items():
        rates, times = zip(*figures)
        print(f"{name:8} {spread(rates, 0)} target tok/s   {spread(times, 1)} ms/step")
    ratios = [their[1] / our[1] for their, our in zip(results["PyTorch"], results["Gradus"])]
    print(f"ratio    {spread(ratios, 2)} times as fast, {a.attention}, {a.threads} threads, {a.runs} runs each")


if __name__ == "__main__":
    main()
