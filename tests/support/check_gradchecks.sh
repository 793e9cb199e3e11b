#!/usr/bin/env bash
# check_gradchecks.sh FOLDER SUITE...: fails, naming it, for an op that a test of these suites recorded and that no gradcheck of
# any of them covers. The suites, built in double, have left their lists in the folder; if one has not run, there is nothing
# to compare.
set -euo pipefail
folder=$1
shift
for suite in "$@"; do
  [ -f "$folder/$suite.recorded" ] || { echo "skipped: $suite has not run"; exit 77; }
done
cd "$folder"
unchecked=$(comm -23 <(sort -u "${@/%/.recorded}") <(sort -u "${@/%/.checked}"))
if [ -n "$unchecked" ]; then
  echo "recorded by a test, but never gradchecked:" $unchecked
  exit 1
fi
echo "ok: $(sort -u "${@/%/.checked}" | wc -l) ops are gradchecked"
