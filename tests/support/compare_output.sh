#!/usr/bin/env bash
# compare_output.sh PROGRAM FILE: fails, showing the difference, unless the program prints just what the file holds. Meson says with what a
# program for another architecture is run.
set -euo pipefail
diff --unified "$2" <(${MESON_EXE_WRAPPER:-} "$1")
