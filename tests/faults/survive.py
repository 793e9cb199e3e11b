#!/usr/bin/env python3
"""Ends trainings at exact operations on files, spoils these operations, and looks at what is left.

    survive.py FAULTS GRADUS [--count N | --all] [--random-kills N] [--seed N] [--ranks N --mpirun COMMAND]

FAULTS is the program of faults.cpp. Whatever happens to a command, its folder must then be one from which the same
command goes on, or --resume, and must end with the same bits as if nothing had happened, with no file too many. With
--count, so many of all kills, and of all faults, are tried, evenly among them; --random-kills are by the clock.

With --ranks, mpirun starts a training so many times. What happens then happens to one of the ranks, or, by the clock, to
all at once; the others must end by themselves, and one rank fewer goes on.
"""

import argparse
import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NOT_ALLOWED, NOT_REACHED = 98, 99
# Which operations can have which fault.
APPLIES = {
    "EIO": None,
    "ENOSPC": {"write", "fsync", "truncate", "rename", "link", "make"},
    "EMFILE": {"open"},
    "EINTR": {"open", "read", "write", "fsync", "lock", "truncate"},
    "short": {"read", "write"},
}
HARMLESS = {"short"}  # the command must not fail
SECONDS_TO_END = 12  # for the ranks that are left: ten are promised, and mpirun needs some as well


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def without_times(path):
    """The contents of a file, but for how long the training took."""
    data = path.read_bytes()
    if path.name == "log.jsonl":
        return re.sub(rb'"seconds":[0-9.e-]+', b"", data)
    if path.name == "last.safetensors":
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        state = json.loads(header["__metadata__"].pop("training"))
        header["__metadata__"].pop("checksum")
        state.pop("seconds")
        return json.dumps([header, state]).encode() + data[8 + length :]
    return data


def state_of(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(without_times(path)).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def ranks_in(place):
    """The processes that work in a folder, but for the mpirun that started them."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == place and (process / "exe").readlink().name == "gradus":
                found.append(int(process.name))
        except OSError:
            pass  # it has ended
    return found


class Scenario:
    """A command that writes the folder `m`, what was there before, and two commands of which one must go on."""

    def __init__(self, name, before, command, go_on, again=None):
        self.name, self.before, self.command = name, before, command
        self.after = (again or command, go_on)

    def prepare(self, place):
        if self.before is not None:
            shutil.copytree(self.before, place / "m")

    def expect(self, place):
        code, _, errors = run(self.command, place)
        assert code == 0, (self.name, errors)
        self.expected = state_of(place / "m")

    def count(self, faults, place):
        code, _, errors = run([faults, "m", "0", "count", *self.command], place)
        if code == NOT_ALLOWED:
            print("SKIPPED: this system does not let one process trace another")
            sys.exit(77)
        assert code == 0, (self.name, errors)
        names = {"open", "read", "write", "fsync", "truncate", "chmod", "lock", "list", "rename", "link", "remove", "make"}
        lines = [line.split(" ", 1) for line in errors.splitlines()]
        self.operations = [line for line in lines if line[0] in names and len(line) == 2]


def problem_with(gradus, scenario, place, code, errors, fault):
    """What is wrong after a command was ended or spoilt, and then went on; None if nothing is."""
    if fault is not None:
        if code not in (0, 1):
            return f"exit code {code}: {errors}"
        if code == 1 and fault in HARMLESS:
            return f"failed: {errors}"
        if code == 1 and "m/" not in errors and "m:" not in errors:
            return f"the message names no file: {errors}"
    for old in sorted(scenario.before.rglob("model.safetensors")) if scenario.before else []:
        model = pathlib.Path("m", old.parent.relative_to(scenario.before))
        translated, _, complaint = run([gradus, "translate", "--model", model, "a.de"], place)
        if translated != 0 and "not there yet" not in complaint:
            return f"neither the old model nor the new one: {complaint}"
    tries = []
    for command in scenario.after:
        again, _, complaint = run(command, place)
        if again == 0:
            break
        tries.append(complaint.strip())
    else:
        return f"does not go on: {tries}"
    found = state_of(place / "m")
    if found != scenario.expected:
        differing = {name for name in found.keys() | scenario.expected.keys() if found.get(name) != scenario.expected.get(name)}
        return f"other files than without it: {sorted(differing)}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("faults")
    parser.add_argument("gradus")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--random-kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", nargs="*", default=["1", "2"])
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--mpirun", type=shlex.split, default=["mpirun", "--oversubscribe"])
    arguments = parser.parse_args()
    os.environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}  # a container has no other user
    faults, gradus = (str(pathlib.Path(path).resolve()) for path in (arguments.faults, arguments.gradus))
    rng = random.Random(arguments.seed)

    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        numbers = itertools.count()

        def new_place():
            place = root / f"run-{next(numbers)}"
            place.mkdir()
            words = list(itertools.product(("ein", "zwei", "drei"), repeat=4))
            translations = {"ein": "one", "zwei": "two", "drei": "three"}
            (place / "a.de").write_text("".join(" ".join(line) + "\n" for line in words))
            (place / "a.en").write_text("".join(" ".join(translations[word] for word in line) + "\n" for line in words))
            return place

        home = new_place()
        text = [str(home / "a.de"), str(home / "a.en")]

        def on(ranks, command):
            return command if ranks == 1 else [*arguments.mpirun, "-n", str(ranks), *command]

        def training(threads, *more):
            sizes = "--embedding 8 --hidden 8 --attention-size 8 --batch-size 16 --min-frequency 1 --epochs 3".split()
            often = "--keep-epochs 1 --save-every 2steps --validate-every 3steps --average-decay 0.9".split()
            return [gradus, "train", "--train", *text, "--valid", *text, "--preset", "defaults", *sizes, *often, "--learning-rate", "0.02",
                    "--groups", str(arguments.ranks), "--threads", threads, "--model", "m", *more]

        def finished(*command):
            place = new_place()
            code, _, errors = run(list(command), place)
            assert code == 0, errors
            return place / "m"

        scenarios = []
        for threads in arguments.threads:
            new, resume = training(threads), [gradus, "train", "--resume", "--model", "m"]
            begun = finished(*training(threads, "--epochs", "1"))
            old = finished(*training(threads, "--tokenizer", "bpe", "--vocabulary-size", "268", "--seed", "7"))
            longer = [*resume, "--epochs", "3"]
            seeds = ["--seeds", "2", "--epochs", "1"]
            old_seeds = finished(*training(threads, *seeds, "--hidden", "4"))

            def scenario(name, before, command, go_on):
                fewer = max(1, arguments.ranks - 1)
                return Scenario(f"{name}, threads {threads}", before, on(arguments.ranks, command), go_on, on(fewer, command))

            scenarios += [
                scenario("a training", None, new, resume),
                scenario("--resume", begun, longer, longer),
                scenario("--force", old, [*new, "--force"], resume),
                scenario("--seeds", None, [*new, *seeds], resume),
                scenario("--seeds --force", old_seeds, [*new, *seeds, "--force"], resume),
            ]
        if arguments.ranks == 1:
            mean = [gradus, "average", str(begun), "--out", "m", "--force"]
            scenarios.append(Scenario("average --force", old, mean, mean))

        kills, spoilt = [], []
        for scenario in scenarios:
            for action in (scenario.expect, lambda place, of=scenario: of.count(faults, place)):
                place = new_place()
                scenario.prepare(place)
                action(place)
            for at, (operation, path) in enumerate(scenario.operations, 1):
                kills.append((scenario, at, "kill", operation, path))
                spoilt += [(scenario, at, fault, operation, path) for fault, where in APPLIES.items() if where is None or operation in where]
        print(f"{len(scenarios)} commands, {len(kills)} operations, {len(spoilt)} faults of them")
        trials = kills + spoilt
        if not arguments.all:
            trials = [all_of[i * len(all_of) // arguments.count] for all_of in (kills, spoilt) for i in range(arguments.count)]

        def still_there(place):
            """Waits for what is left of ranks that lost one of them, and says if they stay."""
            end = time.monotonic() + SECONDS_TO_END
            while left := ranks_in(place):
                if time.monotonic() > end:
                    return f"{len(left)} ranks do not end"
                time.sleep(0.05)
            return None

        def attempt(trial):
            scenario, at, fault, operation, path = trial
            place = new_place()
            scenario.prepare(place)
            code, _, errors = run([faults, "m", str(at), fault, *scenario.command], place)
            problem = still_there(place) or problem_with(gradus, scenario, place, code, errors, None if fault == "kill" else fault)
            shutil.rmtree(place)
            return problem and f"{scenario.name}: {fault} at operation {at}, {operation} {pathlib.Path(path).name}: {problem}"

        def kill_somewhere(delay):
            scenario = scenarios[rng.randrange(len(scenarios))]
            place = new_place()
            scenario.prepare(place)
            process = subprocess.Popen(scenario.command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            victims = [process.pid] if arguments.ranks == 1 else ranks_in(place)
            for victim in victims if rng.random() < 0.2 else rng.sample(victims, min(1, len(victims))):
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it was ready
            process.wait()
            problem = still_there(place) or problem_with(gradus, scenario, place, 0, "", None)
            shutil.rmtree(place)
            return problem and f"{scenario.name}: killed after {delay:.4f} s: {problem}"

        start = time.monotonic()
        for _ in range(3):
            place = new_place()
            run(scenarios[0].command, place)
        usual = (time.monotonic() - start) / 3
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            delays = [rng.uniform(0, 1.2 * usual) for _ in range(arguments.random_kills)]
            wrong = 0
            for problem in itertools.chain(pool.map(attempt, trials), pool.map(kill_somewhere, delays)):
                if problem:
                    wrong += 1
                    print(problem, flush=True)
        print(f"{len(trials) + len(delays)} tried, {wrong} went wrong")
        sys.exit(bool(wrong))


main()
