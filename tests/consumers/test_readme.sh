#!/usr/bin/env bash
# test_readme.sh SOURCE BUILD: compiles each C++ program of the pages (*.md), and compares what it prints with the text block
# that follows it there. Then counts the lines of the score that the lessons promise to be short.
set -euo pipefail
source=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Programs become 1.cpp, 2.cpp, …, what the text blocks behind them say 1.expected, …, and where they stand 1.page, ….
find "$source" -name '*.md' -not -path "$source/build*" -not -path '*/.*' | sort | xargs awk -v folder="$folder" '
  /^```cpp$/ { file = folder "/" ++count ".cpp"; print FILENAME ":" FNR > (folder "/" count ".page"); next }
  /^```text$/ && count > printed { file = folder "/" count ".expected"; printed = count; next }
  /^```/ { file = ""; next }
  file { print > file }
'

# check NAME: compiles NAME.cpp and runs it.
check() {
  local page
  page=$(<"$1.page")
  [ -f "$1.expected" ] || { echo "FAILED: the program of $page has no output block"; return 1; }
  ${CXX:-g++} -std=c++20 -Wall -Wextra -Werror -I "$source" "$1.cpp" -o "$1" "$build/libgradus.a" -lfmt -lpthread -ldl &&
    diff --unified "$1.expected" <("$1") || { echo "FAILED: the program of $page"; return 1; }
}
count=0
for program in "$folder"/*.cpp; do
  check "${program%.cpp}"
  count=$((count + 1))
done
[ "$count" -ge 3 ] || { echo "FAILED: only $count programs found in the pages"; exit 1; }
lines=$(awk '/^class/,/^};/' "$source/examples/lessons/14_custom_score.cpp" | wc -l)
[ "$lines" -gt 0 ] && [ "$lines" -lt 25 ] || { echo "FAILED: the score of lesson 14 has $lines lines; the lessons promise less than 25"; exit 1; }
echo "ok: $count programs of the pages"
