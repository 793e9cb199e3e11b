#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs each for some seconds, several at once as there are cores. What they have found
# is kept in build-fuzz/corpus; an input that breaks a rule is written to build-fuzz/found, and read again by
# build-fuzz/tests/fuzz/fuzz_FORMAT FILE.
#
#     tests/fuzz/run.sh [SECONDS]            of each target; 600 if nobody says
#     tests/fuzz/run.sh SECONDS FORMAT...    these alone
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
shift $(($# > 0))
formats=("$@")
[ ${#formats[@]} -gt 0 ] || formats=($(basename -a tests/fuzz/fuzz_*.cpp | sed 's/^fuzz_//; s/\.cpp$//'))

if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
     clang++ -x c++ - -fsanitize=fuzzer,address -o /dev/null 2>/dev/null; then
  echo "SKIPPED: fuzzing, which needs clang with libFuzzer (Debian: clang, libclang-rt-14-dev)"
  exit 0
fi
[ -f build-fuzz/build.ninja ] || meson setup build-fuzz --native-file tests/native/fuzz.ini >/dev/null
ninja -C build-fuzz fuzzers

mkdir -p build-fuzz/found build-fuzz/logs
# fuzz FORMAT: runs its target. Inputs are short, the target itself makes long ones of some (fuzz.h); so memory and time that
# are not linear show.
fuzz() {
  local corpus=build-fuzz/corpus/$1
  mkdir -p "$corpus"
  build-fuzz/tests/fuzz/fuzz_"$1" "$corpus" tests/fuzz/seeds/"$1" -dict=tests/fuzz/tokens.dict -max_total_time="$2" \
    -max_len=1024 -len_control=0 -entropic=0 -timeout=5 -rss_limit_mb=1024 -malloc_limit_mb=128 -artifact_prefix=build-fuzz/found/"$1"- \
    -print_final_stats=1 -verbosity=1 >build-fuzz/logs/"$1" 2>&1
}
export -f fuzz
export UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=malloc_context_size=2:quarantine_size_mb=8  # inputs, not allocations, are to cost time
status=0
printf '%s\n' "${formats[@]}" | xargs -P "${FUZZ_JOBS:-$(nproc)}" -I{} bash -c 'fuzz "$@"' _ {} "$seconds" || status=$?
for format in "${formats[@]}"; do
  log=build-fuzz/logs/$format
  printf '%-12s %12s inputs\n' "$format" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  if grep -qE '^(SUMMARY|fuzz: )|ERROR: ' "$log"; then grep -vE '^#[0-9]+\s' "$log" | tail -60; fi
done
exit $status
