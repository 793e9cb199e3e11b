#!/usr/bin/env bash
# The whole test: installs what is missing, checks rooms, format and lint, builds, and runs every suite in float and double, and
# those in float once more, compiled by clang, under AddressSanitizer and UndefinedBehaviorSanitizer; then fuzzes what reads files
# for some seconds.
#
#     tests/run.sh            everything
#     tests/run.sh --quick    the optimised suites only
set -euo pipefail
cd "$(dirname "$0")/.."
source examples/install_packages.sh
need_packages "${build_packages[@]}" "${optional_packages[@]}" doctest-dev libbenchmark-dev librapidcheck-dev clang-format clang-tidy git python3 \
  chromium-driver python3-selenium cmake doxygen clang libclang-rt-dev llvm libmpich-dev mpich iproute2

quick=${1:-}
sources=$(git ls-files '*.h' '*.cpp')
section() { echo; echo "== $* (${SECONDS} s)"; }

section "rooms"
python3 tests/support/check_rooms.py
python3 tests/support/check_includes.py

if [ "$quick" != --quick ]; then
  section "format"
  clang-format --dry-run -Werror $sources
fi

section "build, optimised"
[ -f build/build.ninja ] || meson setup build --native-file tests/native/whole.ini
meson configure build -Dtests=true -Dwerror=true  # the quickstart leaves both out
ninja -C build all benchmarks

section "tests, optimised"
meson test -C build --print-errorlogs --no-rebuild --num-processes "$(($(nproc) + 2))"  # browsers and scripts wait

if [ "$quick" != --quick ]; then
  section "lint"
  # What is shipped; the suites' macros would only cost time.
  [ -f build-lint/build.ninja ] || meson setup build-lint -Dtests=false >/dev/null
  python3 tests/support/lint.py build-lint

  section "build and tests, sanitized"
  [ -f build-sanitize/build.ninja ] ||
    meson setup build-sanitize --native-file tests/native/sanitize.ini
  meson test -C build-sanitize --print-errorlogs --timeout-multiplier 5  # builds what the tests need, no more

  section "fuzzing"
  tests/fuzz/run.sh 2  # seconds of each format
fi
section "done"
