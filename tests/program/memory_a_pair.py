#!/usr/bin/env python3
"""Trains on made texts of growing size, and tells how much memory each pair takes, beside the pages of mapped files.

    memory_a_pair.py GRADUS [--pairs N...] [--most BYTES] [--minutes M] [-- OPTIONS OF TRAIN...]

The memory is the most that a process had of its own (RssAnon in /proc/PID/status), looked at every few milliseconds from its
start to its end: while the text is read, its words are written, and the model is trained. What a training takes for a text of
any size is not counted: of two sizes it is the difference that counts, divided by that of their pairs; of one size all is.
Fails above --most bytes a pair.
"""

import argparse
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SYLLABLES = "ka to mi re su lo ne pa du vi".split()
WORDS = ["".join(word) for word in itertools.product(SYLLABLES, repeat=3)]


def write_text(path, pairs, shift):
    """Lines of three to six words of a thousand, no two alike."""
    count = len(WORDS)
    with open(path, "w") as out:
        for begin in range(0, pairs, 10000):
            lines = (
                " ".join(WORDS[(i + shift) % count if k == 0 else (i // count**k * 7 + k * shift + i % 13) % count] for k in range(3 + i % 4))
                for i in range(begin, min(begin + 10000, pairs))
            )
            out.write("\n".join(lines) + "\n")


def own_memory(pid):
    try:
        found = re.search(r"RssAnon:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else 0


def peak_of_training(gradus, folder, pairs, options, minutes):
    text = [str(folder / f"{pairs}.a"), str(folder / f"{pairs}.b")]
    for path, shift in zip(text, (0, 3)):
        write_text(path, pairs, shift)
    few = [str(folder / "few.a"), str(folder / "few.b")]
    for path, shift in zip(few, (0, 3)):
        write_text(path, 20, shift)
    sizes = "--embedding 8 --hidden 8 --attention-size 8 --min-frequency 1 --batch-size 2000 --epochs 1 --threads 1".split()
    command = [gradus, "train", "--train", *text, "--valid", *few, "--preset", "defaults", *sizes, *options,
               "--max-minutes", str(minutes), "--model", str(folder / f"m{pairs}")]
    start, made, peak = time.monotonic(), None, 0
    with open(folder / "out", "w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        while process.poll() is None:
            peak = max(peak, own_memory(process.pid))
            if made is None and (folder / f"m{pairs}" / "tokens.bin").exists():
                made = time.monotonic() - start
            time.sleep(0.002)
        out.seek(0)
        assert process.returncode == 0, out.read()
    size = os.path.getsize(folder / f"m{pairs}" / "tokens.bin")
    print(f"{pairs} pairs: at most {peak / 1e6:.1f} MB; {size / 1e6:.1f} MB of words as numbers after {made:.1f} s", flush=True)
    return peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gradus")
    parser.add_argument("--pairs", type=int, nargs="+", default=[50_000, 200_000])
    parser.add_argument("--most", type=float, default=40)
    parser.add_argument("--minutes", type=float, default=0.02, help="of training")
    arguments, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        peaks = [peak_of_training(arguments.gradus, pathlib.Path(name), n, [o for o in options if o != "--"], arguments.minutes)
                 for n in arguments.pairs]
    peaks, pairs = ([0, *peaks], [0, *arguments.pairs]) if len(peaks) == 1 else (peaks, arguments.pairs)
    bytes_a_pair = (peaks[-1] - peaks[0]) / (pairs[-1] - pairs[0])
    print(f"{bytes_a_pair:.1f} bytes a pair, at most {arguments.most:g}")
    sys.exit(bytes_a_pair > arguments.most)


main()
