#!/usr/bin/env python3
"""Trains on texts one line of which is very long, and looks whether time and memory are linear in its length.

    long_line.py GRADUS [--megabytes N] [--times N]

For each tokenizer, with a line of words and with one of a single word, N megabytes (100 if nobody says) are compared with a
fifth of that: five times the size may take --times as much processor time and memory.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

SIZES = "--embedding 8 --hidden 8 --attention-size 8 --min-frequency 1 --epochs 1 --threads 1 --preset defaults".split()


def cost(gradus, unit, tokenizer, size):
    """Seconds of processor time and bytes of memory of a training with a line of `size` bytes."""
    lines = [f"ein haus {i} ." for i in range(300)]
    lines[100] = unit * (size // len(unit))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text, few = [folder / "a", folder / "b"], [folder / "few.a", folder / "few.b"]
        for path in text:
            path.write_text("\n".join(lines) + "\n")
        for path in few:
            path.write_text("\n".join(lines[:20]) + "\n")
        vocabulary = ["--vocabulary-size", "400"] if tokenizer == "bpe" else []
        command = [gradus, "train", "--train", *text, "--valid", *few, "--tokenizer", tokenizer, *vocabulary, *SIZES, "--model", folder / "m"]
        with open(folder / "out", "w+") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
            _, status, used = os.wait4(process.pid, 0)
            out.seek(0)
            assert status == 0, out.read()
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gradus")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--times", type=float, default=8)
    arguments = parser.parse_args()
    size = int(arguments.megabytes * 1e6)
    failed = False
    for tokenizer in ("whitespace", "words", "bpe"):
        for name, unit in {"words": "wort und ", "one word": "xyzabcdefg"}.items():
            fifth, whole = (cost(arguments.gradus, unit, tokenizer, n) for n in (size // 5, size))
            seconds, memory = whole[0] / max(fifth[0], 0.1), whole[1] / fifth[1]
            print(f"{tokenizer}, {name}: {whole[0]:.1f} s, {whole[1] / 1e6:.0f} MB; of a fifth of it {fifth[0]:.1f} s, {fifth[1] / 1e6:.0f} MB", flush=True)
            failed = failed or max(seconds, memory) > arguments.times
    sys.exit(failed)


main()
