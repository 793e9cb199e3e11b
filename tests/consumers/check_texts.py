#!/usr/bin/env python3
"""check_texts.py SOURCE [BUILD]: what the pages (*.md) of SOURCE say must be true of its files and of its programs.

Every relative link leads to a file that is there, and its anchor to a heading of that page; the README has at most 150 lines.
With BUILD: the manual names every command and every kind of attention, and the commands and options that a page's ```sh blocks give to a program are those of its --help-all, the figures of the presets those of MEASURED.md, and any option
between backticks is one of some program or script.
"""
import functools
import pathlib
import re
import subprocess
import sys

OPTION = r"(?<![\w-])--[a-z][a-z0-9-]+"
source = pathlib.Path(sys.argv[1]).resolve()
failures = []


def fail(page, line, problem):
    failures.append(f"{page.relative_to(source)}:{line}: {problem}")


@functools.cache
def read(page):
    """-> (the lines of prose, those of ```sh blocks), each as (number, text)"""
    prose, shell, block = [], [], None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            block = line[3:] if block is None else None
        elif block is None:
            prose.append((number, line))
        elif block == "sh":
            shell.append((number, line))
    return prose, shell


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip().lower() for _, line in read(page)[0] if re.match("#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def check_links(page):
    for number, line in read(page)[0]:
        for link in re.findall(r"\]\(([^)\s]+)\)", line):
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            if re.match("[a-z]+:", link):
                continue
            if not target.exists():
                fail(page, number, f"{link}: no such file")
            elif anchor and anchor not in anchors(target):
                fail(page, number, f"{link}: no such heading")


@functools.cache
def help_of(*command):
    """What COMMAND --help-all prints, or None if there is no such command."""
    run = subprocess.run([*command, "--help-all"], capture_output=True, text=True, check=False)
    return run.stdout if run.returncode == 0 else None


def options_in(text):
    return set(re.findall(OPTION, text.replace("--[no-]", "--")))


def commands_of(program):
    return re.findall(r"^  ([a-z]+)  ", help_of(program), re.M)


def check_commands(pages, programs):
    scripts = [script for kind in ("*.py", "*.sh", "*.cpp") for script in (source / "tests").rglob(kind)]
    known = {"--suite", "--cross-file"}  # of Meson
    known = known.union(*(options_in(script.read_text(encoding="utf-8")) for script in scripts))
    for program in programs.values():
        for command in [(program,)] + [(program, command) for command in commands_of(program)]:
            known |= options_in(help_of(*command))
    for page in pages:
        prose, shell = read(page)
        for number, line in shell:
            for name, command, rest in re.findall(r"(?:build/(?:\w+/)*|^)(gradus(?:-\w+)?|\$E)\b(?: ([a-z]+))?([^|;&#]*)", line):
                program = programs["gradus-experiments" if name == "$E" else name]
                text = help_of(program, command) if command else help_of(program)
                if text is None:
                    fail(page, number, f"{name} has no command `{command}`")
                    continue
                for option in options_in(rest) - options_in(text):
                    fail(page, number, f"{name} {command} has no option {option}")
        for number, text in shell + [(number, code) for number, line in prose for code in re.findall("`([^`]+)`", line)]:
            for option in options_in(text.partition("#")[0]) - known:
                fail(page, number, f"nothing here has an option {option}")


def check_manual(page, gradus):
    text, train = page.read_text(encoding="utf-8"), " ".join(help_of(gradus, "train").split())
    kinds = {option: re.search(option + r" KIND [^[]*\[([^;]*);", train)[1].split(", ") for option in ("--score", "--scope")}
    for what, names in {"the command": [f"gradus {name}" for name in commands_of(gradus)], **kinds}.items():
        for name in names:
            if not re.search(rf"(?<![\w-]){name}(?![\w-])", text):
                fail(page, 1, f"does not name {what} {name}")


def check_presets(page, gradus):
    """The figures of `gradus presets` stand in a row of the page, German to English of the tokenised text."""
    table = subprocess.run([gradus, "presets"], capture_output=True, text=True, check=True).stdout
    rows = [line.split("|")[1:] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    for name, millions, minutes, bleu in re.findall(r"^([\w-]+) +([\d.]+) M +(\d+) +([\d.]+) ", table, re.M):
        measured = [[cell.strip(" *") for cell in row] for row in rows if f"`{name}`" in row[0] and row[1].strip() == "de→en"]
        found = [f"{int(row[2].replace(',', '')) / 1e6:.1f} {row[3]} {row[6]}" for row in measured]
        if f"{millions} {minutes} {bleu}" not in found:
            fail(page, 1, f"{name}: {millions} M parameters, {minutes} minutes, BLEU {bleu} of `gradus presets` are not measured here")


pages = [page for page in sorted(source.rglob("*.md")) if not re.match(r"build|\.", page.relative_to(source).parts[0])]
for page in pages:
    check_links(page)
lines = (source / "README.md").read_text(encoding="utf-8").count("\n")
if lines > 150:
    fail(source / "README.md", lines, "more than 150 lines")
version = re.search(r"^  version: '([\d.]+)'", (source / "meson.build").read_text(), re.M)[1]
header = source / "nn/package/version.h"
if re.findall(r"#define GRADUS_VERSION\w* (.+)", header.read_text()) != [*version.split("."), f'"{version}"']:
    fail(header, 1, f"is not version {version}, as meson.build says")
if len(sys.argv) > 2:
    build = pathlib.Path(sys.argv[2])
    check_manual(source / "examples/translate/MANUAL.md", build / "gradus")
    check_presets(source / "examples/translate/MEASURED.md", build / "gradus")
    check_commands(pages, {"gradus": build / "gradus",
                           "gradus-captioner": build / "examples/captioner/gradus-captioner",
                           "gradus-experiments": build / "examples/experiments/gradus-experiments"})
for failure in failures:
    print(failure)
sys.exit(f"FAILED: {len(failures)} statements of the pages" if failures else None)
