#!/usr/bin/env bash
# test_readme.sh SOURCE BUILD: compiles each C++ program of the README, and compares what it prints with the text block
# that follows it there. Then counts the lines of the score that it promises to be short.
set -euo pipefail
source=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Programs become 1.cpp, 2.cpp, …, and the text blocks behind them 1.expected, 2.expected, ….
awk -v folder="$folder" '
  /^```cpp$/ { file = folder "/" ++count ".cpp"; next }
  /^```text$/ && count > printed { file = folder "/" count ".expected"; printed = count; next }
  /^```/ { file = ""; next }
  file { print > file }
' "$source/README.md"

count=0
for program in "$folder"/*.cpp; do
  name=${program%.cpp}
  count=$((count + 1))
  [ -f "$name.expected" ] || { echo "FAILED: program $count of the README has no output block"; exit 1; }
  ${CXX:-g++} -std=c++20 -Wall -Wextra -Werror -I "$source" "$program" -o "$name" "$build/libgradus.a" -lfmt -lpthread -ldl
  diff --unified "$name.expected" <("$name") || { echo "FAILED: program $count of the README"; exit 1; }
done
[ "$count" -ge 3 ] || { echo "FAILED: only $count programs found in the README"; exit 1; }
lines=$(awk '/^class/,/^};/' "$source/examples/lessons/06_custom_score.cpp" | wc -l)
[ "$lines" -gt 0 ] && [ "$lines" -lt 25 ] || { echo "FAILED: the score of lesson 6 has $lines lines; the README promises less than 25"; exit 1; }
echo "ok: $count programs of the README"
