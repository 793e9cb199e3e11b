#!/usr/bin/env bash
# compare_output.sh PROGRAM FILE: fails, showing the difference, unless the program prints just what the file holds.
set -euo pipefail
diff --unified "$2" <("$1")
