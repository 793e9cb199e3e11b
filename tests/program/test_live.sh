#!/usr/bin/env bash
# test_live.sh GRADUS: translating while the source still comes, from a file, a pipe and a terminal, right and wrong.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

simultaneous=(--no-bidirectional --bridge learned --epochs 3)
expect 0 "" train "${simultaneous[@]}" --scope wait-k --wait-k 2 --model live
expect 0 "" train "${simultaneous[@]}" --scope mocha --chunk 2 --model mocha
expect 0 "" train "${simultaneous[@]}" --model whole
expect 1 "gradus: model: scope wait-k reads the source as it comes, from the first word on; need an encoder that reads forward only (--no-bidirectional, --no-reverse-source) and --bridge zero or learned; here are both directions and bridge last" \
  train --scope wait-k --model no
expect 1 "gradus: model: scope mocha normalises no scores, and normalizer sparsemax would do nothing" \
  train "${simultaneous[@]}" --scope mocha --normalizer sparsemax --model no

# Word by word it is the greedy translation of whole lines.
{ head -20 train.de; printf '\n  \nein  zwei\tdrei \r\nvier'; } >in.txt
for model in live mocha; do
  "$gradus" translate --model $model --beam 1 <in.txt >greedy.txt
  expect 0 "" "$gradus" translate --model $model --live <in.txt
  check "from a pipe, $model" cmp stdout greedy.txt
  expect 0 "" "$gradus" translate --model $model --live --threads 3 in.txt --out out.txt --force
  check "from a file into another, $model" cmp out.txt greedy.txt
done

# A word comes while the line still does, and what stands there is not taken back.
"$gradus" translate --model live --beam 1 <<<"ein zwei drei vier" >greedy.txt
coproc live { "$gradus" translate --model live --live; }
live_pid=$live_PID  # which is gone when it has ended
printf 'ein zwei ' >&"${live[1]}"
IFS= read -r -t 20 -n 3 -u "${live[0]}" first
check "the first word after two" test "$(head -c 3 greedy.txt)" = "$first"
printf 'drei vier\n' >&"${live[1]}"
IFS= read -r -t 20 -u "${live[0]}" rest
check "the rest after the others" test "$(cat greedy.txt)" = "$first$rest"
input=${live[1]}
exec {input}>&-
wait "$live_pid"
check "and the end" test $? = 0

# What cannot be.
expect 1 "gradus: translate: the model in whole has to see the whole sentence; --live needs one that was trained with --scope wait-k, monotonic or mocha" \
  "$gradus" translate --model whole --live <in.txt
expect 2 "gradus: --live excludes --beam$(hint gradus translate)" "$gradus" translate --model live --live --beam 5 <in.txt
expect 2 "gradus: translate: --live goes with one model$(hint gradus translate)" "$gradus" translate --model live mocha --live <in.txt
printf 'ein zwei drei vier\nein \xff zwei drei vier\n' >invalid.txt
expect 1 "gradus: invalid.txt:2: invalid UTF-8 at byte 5" "$gradus" translate --model live --live invalid.txt
check "what stands before it is translated" test "$(head -1 stdout)" = "$(cat greedy.txt)"

# How far it is behind.
expect 0 "" "$gradus" evaluate --model live --test valid.de valid.en
check "the lag" grep -Eq '^Average Lagging [0-9.]+ words, Average Proportion 0\.[0-9]+$' stdout
expect 0 "" "$gradus" evaluate --model live whole --test valid.de valid.en
check "beside that of who waits for all of five" grep -q '^Average Lagging 5.00 words, Average Proportion 1.000$' stdout
check "in the table" grep -Eq '^ .* AL +AP +perplexity' stdout
expect 0 "" "$gradus" evaluate --model whole --test valid.de valid.en
check "not without one that reads on" test "$(grep -c Lagging stdout)" = 0

finish
