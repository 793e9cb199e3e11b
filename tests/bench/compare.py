#!/usr/bin/env python3
"""Runs PyTorch and Gradus alternately, and prints the ratios of their speeds and of their memory.

    compare.py train DIR --ours build/tests/bench/bench_train [--limit build/tests/bench/bench_limit] [--attention luong]
    compare.py decode MODEL TEXT --ours build/tests/bench/bench_decode

`train`: the same model on DIR/train.de and DIR/train.en (the peer, torch_seq2seq.py, also reads val.* and test.*); its training
step, and the peak memory until the last step ends. `decode`: sentences a second of a model that Gradus trained, with the same
weights and the same searches (torch_decode.py); b64 is in batches of 64, b1 one sentence after the other.

Every run of one is followed by one of the other, so that what else the machine does falls on both. Medians are given with
the smallest and the largest figure. The peer runs at its best: the OpenMP variant of OpenBLAS, where there is one (the threads
of the pthread variant fight PyTorch's), and the kernel for this CPU, which PyTorch's OpenBLAS may not know.
"""
import argparse
import os
import re
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
OPENMP_BLAS = "/usr/lib/x86_64-linux-gnu/openblas-openmp"


def run(command, environment, last_line=None):
    """-> (the lines the program prints, up to the one that begins with `last_line`; its peak memory until then, in MiB)"""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if last_line and line.startswith(last_line):
                process.kill()
                break
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode > 0:
            raise SystemExit(f"status {process.returncode}: {' '.join(command)}")
    return lines, usage.ru_maxrss / 1024


def spread(figures, digits):
    return f"{statistics.median(figures):.{digits}f} ({min(figures):.{digits}f} to {max(figures):.{digits}f})"


def ratio(numerators, denominators, digits=2):
    return spread([a / b for a, b in zip(numerators, denominators)], digits)


def measure_training(command, environment):
    """-> (target tokens/s, ms a step, MiB)"""
    lines, memory = run(command, environment, "train:")
    for line in lines:
        if found := re.match(r"train: (\d+) target tok/s.* ([\d.]+) ms/step", line):
            return float(found[1]), float(found[2]), memory
    raise SystemExit(f"no figures from: {' '.join(command)}")


def measure_limit(command, environment):
    """-> ms a step"""
    for line in run(command, environment)[0]:
        if found := re.match(r"limit: ([\d.]+) ms/step", line):
            return float(found[1])
    raise SystemExit(f"no figures from: {' '.join(command)}")


def compare_training(a, environments):
    same = ["--attention", a.attention, "--threads", str(a.threads)]
    commands = {
        "PyTorch": [a.python, "-u", f"{HERE}/torch_seq2seq.py", "--data", a.data, "--bench", str(a.steps), *same],
        "Gradus": [a.ours, a.data, "--steps", str(a.steps), *same],
    }
    results = {name: [] for name in commands}
    limits = []
    for _ in range(a.runs):
        for name, command in commands.items():
            results[name].append(measure_training(command, environments[name]))
        if a.limit:
            limits.append(measure_limit([a.limit, *commands["Gradus"][1:]], environments["Gradus"]))
    for name, figures in results.items():
        rates, times, memory = zip(*figures)
        print(f"{name:8} {spread(rates, 0)} target tok/s   {spread(times, 1)} ms/step   {spread(memory, 0)} MiB")
    theirs, ours = (list(zip(*results[name])) for name in commands)
    print(f"ratio    {ratio(theirs[1], ours[1])} times as fast, {ratio([100 * m for m in ours[2]], theirs[2], 1)} % of the "
          f"memory; {a.attention}, {a.threads} threads, {a.runs} runs each")
    if limits:
        print(f"limit    {spread(limits, 1)} ms/step for the matrix products; Gradus takes {ratio(ours[1], limits)} times that")


def measure_decoding(command, environment):
    """-> {search: (sentences/s, p50 or None)}"""
    figures = {}
    for line in run(command, environment)[0]:
        if found := re.match(r"decode (\w+ b\d+): ([\d.]+) sent/s(?:  p50 ([\d.]+) ms)?", line):
            figures[found[1]] = float(found[2]), float(found[3]) if found[3] else None
    if not figures:
        raise SystemExit(f"no figures from: {' '.join(command)}")
    return figures


def compare_decoding(a, environments):
    same = [a.model, a.text, "--threads", str(a.threads), "--max-length", str(a.max_length), "--sentences", str(a.sentences),
            "--single", str(a.single)]
    commands = {"PyTorch": [a.python, f"{HERE}/torch_decode.py", *same], "Gradus": [a.ours, *same, "--repeat", "1"]}
    results = {name: [] for name in commands}
    for _ in range(a.runs):
        for name, command in commands.items():
            results[name].append(measure_decoding(command, environments[name]))
    for search in results["Gradus"][0]:
        theirs, ours = ([run[search] for run in results[name]] for name in commands)
        print(f"{search:11} PyTorch {spread([r[0] for r in theirs], 1)}   Gradus {spread([r[0] for r in ours], 1)} sent/s   "
              f"ratio {ratio([r[0] for r in ours], [r[0] for r in theirs])}")
        if ours[0][1]:
            print(f"{'':11} p50 {spread([r[1] for r in theirs], 1)} and {spread([r[1] for r in ours], 1)} ms")
    print(f"{a.sentences} sentences, {a.single} one after the other, of up to {a.max_length} words, {a.threads} threads, "
          f"{a.runs} runs each")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = arguments.add_subparsers(required=True)
    train, decode = what.add_parser("train"), what.add_parser("decode")
    train.add_argument("data")
    train.add_argument("--attention", default="bahdanau", choices=["bahdanau", "luong"])
    train.add_argument("--steps", type=int, default=60, help="in each run, after five to warm up")
    train.add_argument("--limit", help="the program bench_limit, which runs the step's matrix products alone")
    train.set_defaults(compare=compare_training)
    decode.add_argument("model", help="folder of a trained model, with attention")
    decode.add_argument("text", help="one sentence a line")
    decode.add_argument("--sentences", type=int, default=1000)
    decode.add_argument("--single", type=int, default=200, help="how many of them to translate one after the other")
    decode.add_argument("--max-length", type=int, default=60)
    decode.set_defaults(compare=compare_decoding)
    for command in (train, decode):
        command.add_argument("--ours", required=True, help="the program of Gradus")
        command.add_argument("--python", default="python3", help="the Python that has PyTorch")
        command.add_argument("--threads", type=int, default=2)
        command.add_argument("--runs", type=int, default=5)
        command.add_argument("--core-type", default="SapphireRapids", help="OPENBLAS_CORETYPE of the peer")
    a = arguments.parse_args()
    peer = dict(os.environ, OPENBLAS_CORETYPE=a.core_type)
    if os.path.isdir(OPENMP_BLAS):
        peer["LD_LIBRARY_PATH"] = OPENMP_BLAS
    a.compare(a, {"PyTorch": peer, "Gradus": dict(os.environ)})


if __name__ == "__main__":
    main()
