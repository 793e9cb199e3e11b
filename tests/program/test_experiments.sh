#!/usr/bin/env bash
# test_experiments.sh PROGRAM GRADUS: runs the experiments as their users do, right and wrong.
set -uo pipefail
experiments=$(realpath "$1") gradus=$(realpath "$2")
source "$(dirname "$0")/../support/expect.sh"

"$gradus" toy all >/dev/null
for side in en fr; do
  head -n 300 "all/train.$side" >"train.$side"
  head -n 20 "all/valid.$side" >"valid.$side"
  head -n 30 "all/test.$side" >"test.$side"
done
text=(--train train.en train.fr --valid valid.en valid.fr --test test.en test.fr)
small=(--valid-steps 1 --hidden 8 --embedding 8 --attention-size 8 --epochs 2 --min-frequency 1)

expect 0 "" "$experiments" --help
cp stdout help
expect 0 "" "$experiments" ladder --help
check "help in 80 columns" test -z "$(cat help stdout | grep '.\{81\}')"
check "flags that can be taken back" grep -q '^ *--\[no-\]toy ' stdout
"$experiments" >stdout 2>stderr
check "the help of a command line without a command" test "$? $(cat stderr)" = "2 $("$experiments" help)"
expect 2 "gradus-experiments: --out is required$(hint gradus-experiments ladder)" "$experiments" ladder --toy
expect 2 "gradus-experiments: --test SRC REF is missing$(hint gradus-experiments ladder)" "$experiments" ladder --out m
expect 2 "gradus-experiments: --toy brings its own test; leave out --test$(hint gradus-experiments ladder)" \
  "$experiments" ladder --out m --toy --test test.en test.fr
expect 2 "gradus-experiments: --train SRC TGT and --valid SRC TGT are needed, or --toy$(hint gradus-experiments ladder)" \
  "$experiments" ladder --out m --test test.en test.fr
scores="additive, concat, dot, general, scaled-dot, scaled-general, location, cosine, multi-head"
expect 2 "gradus-experiments: --scores: \"softest\" is not one of $scores$(hint gradus-experiments attention)" \
  "$experiments" attention --out m --toy --scores softest
expect 2 "gradus-experiments: --scores: dot is given twice$(hint gradus-experiments attention)" \
  "$experiments" attention --out m --toy --scores dot dot
expect 2 "gradus-experiments: unknown option --sores; did you mean --scores?$(hint gradus-experiments attention)" \
  "$experiments" attention --out m --toy --sores dot
expect 2 "gradus-experiments: --score: the experiment attention sets it itself$(hint gradus-experiments attention)" \
  "$experiments" attention --out m --toy --score dot
for wrong in "attention attend before" "ladder attend before" "lengths score dot" "lengths attend after"; do
  read -r command option value <<<"$wrong"  # which the name of an attention would have overruled
  expect 2 "gradus-experiments: --$option: the experiment $command sets it itself$(hint gradus-experiments "$command")" \
    "$experiments" "$command" --out m --toy --"$option" "$value"
done
expect 2 "gradus-experiments: --bidirectional: the experiment lengths sets it itself$(hint gradus-experiments lengths)" \
  "$experiments" lengths --out m --toy --no-bidirectional
expect 1 "gradus-experiments: none.fr: cannot read the file: No such file or directory" \
  "$experiments" ladder --out m --train train.en train.fr --valid valid.en valid.fr --test test.en none.fr

expect 1 "gradus-experiments: none-10: attention: none means nothing to a transformer; leave it at bahdanau" \
  "$experiments" lengths --out m "${text[@]}" "${small[@]}" --preset transformer
expect 1 "gradus-experiments: lengths: --short is 10, --max-length is 8; need shorter sentences than the longest" \
  "$experiments" lengths --out m "${text[@]}" "${small[@]}" --max-length 8
expect 1 "gradus-experiments: multi-head-global: attention: 3 heads for states of size 8; need a size that is a multiple of the heads [in decoder.attention]" \
  "$experiments" attention --out m "${text[@]}" "${small[@]}" --heads 3
check "nothing was made" test ! -e m

# How far translations are behind their sources: a wait of more words is longer, and whoever waits for all lags most.
expect 0 "" "$experiments" lag --out lag "${text[@]}" "${small[@]}" --energy-noise 0
check "a row each" test "$(grep -Ec '^\| (wait-[1-9]|monotonic|mocha|whole) \| [0-9.]+ \| [0-9.]+ \| [0-9.]+ \|$' lag/lag.md)" = 12
check "the whole sentence is the longest wait" grep -q '^| whole | [0-9.]* | 1.000 | ' lag/lag.md
check "a curve for wait-k, and three points" test "$(grep -c '<polyline\|<circle' lag/lag.svg)" -ge 12

# Every combination that was asked for, once; what is trained is only tested again.
matrix=("$experiments" attention --out m "${text[@]}" "${small[@]}" --scores dot location --scopes global hard)
expect 0 "" "${matrix[@]}"
check "the head" grep -qx '| score | global | global, feeding | hard | hard, feeding |' m/attention.md
check "a row each" grep -cq '^| dot | .* → .* BLEU, ppl .*BLEU, ppl .*BLEU, ppl .*BLEU, ppl ' m/attention.md
check "the table on the screen" test "$(tail -n 4 stdout)" = "$(tail -n +2 m/attention.md)"
check "the folders" test "$(cd m && echo */)" = "dot-global-feeding/ dot-global/ dot-hard-feeding/ dot-hard/ \
location-global-feeding/ location-global/ location-hard-feeding/ location-hard/"
check "a cell of the picture each" test "$(grep -c '<rect x=' m/attention.svg)" = 8
check "validations" test "$(grep -c 'valid perplexity' stdout)" = 16
cp m/attention.md table.md
expect 0 "" "${matrix[@]}"
check "no training again" test "$(grep -c 'valid perplexity' stdout)" = 0
check "the same table" cmp table.md m/attention.md
expect 1 "gradus-experiments: experiments: m/dot-hard: another process is writing this folder; wait for its end, or name another folder" \
  flock m/dot-hard "${matrix[@]}"
mkdir strange
in_strange=("${matrix[@]}")
in_strange[3]=strange
for file in attention.md attention.svg; do
  echo "of a stranger" >strange/$file
  expect 1 "gradus-experiments: attention: strange/$file is there already; --force replaces it" "${in_strange[@]}"
  check "as it was" test "$(cat strange/*)" = "of a stranger"
  rm strange/$file
done
echo "of a stranger" >m/attention.md
expect 0 "" "${matrix[@]}" --force
check "the table once more" cmp table.md m/attention.md
expect 1 "gradus-experiments: m/dot-global: holds a model with hidden 8, not 10; choose another --out" \
  "${matrix[@]}" --hidden 10

# Before the recurrence and after it.
expect 0 "" "$experiments" attention --out w "${text[@]}" "${small[@]}" --scores dot --scopes global --when after before
check "the head" grep -qx '| score | global | global, feeding | global, before | global, before, feeding |' w/attention.md
check "before" test "$(grep -l '"attend": "before"' w/*/config.json | wc -l)" = 2

# After Ctrl-C the same command comes to the same end.
ladder=("$experiments" ladder "${text[@]}" "${small[@]}" --preset luong)
"${ladder[@]}" --out whole >/dev/null 2>&1
"${ladder[@]}" --out stopped >/dev/null 2>stderr & pid=$!
while [ ! -e stopped/dropout/config.json ] && kill -0 $pid; do sleep 0.01; done
kill -TERM $pid
wait $pid
check "exit code after a signal" test $? = 130
check "message after a signal" test "$(cat stderr)" = "gradus-experiments: interrupted; the same command goes on"
check "it had stopped early" test ! -e stopped/local-p
expect 0 "" "${ladder[@]}" --out stopped
check "seven systems" test "$(grep -c '^| [t+]' whole/ladder.md)" = 7
check "the same ladder" cmp whole/ladder.md stopped/ladder.md
check "the paper's scores" test "$(for step in base dropout attention feeding local-p; do
  sed -n 's/^  "score": "\(.*\)",$/\1/p' whole/$step/config.json; done | tr '\n' ' ')" = \
  "additive additive location location general "

expect 0 "" "$experiments" lengths --out l "${text[@]}" "${small[@]}" --short 5 --bin-width 4
check "a curve each" test "$(sed -n 3p l/lengths.md | grep -o 'BLEU [a-z ]*, up to [0-9]* words' | tr '\n' ';')" = \
  "BLEU no attention, up to 5 words;BLEU no attention, up to 100 words;BLEU attention, up to 5 words;BLEU attention, up to 100 words;"
check "a picture" grep -q '</svg>' l/lengths.svg

# On the toy language, whose alignments are known.
expect 0 "" "$experiments" attention --out toy --toy --hidden 16 --embedding 16 --epochs 1 --scores dot --scopes global
check "alignment errors" grep -q '^| dot .*AER 0\.[0-9]* .*AER 0\.[0-9]* |$' toy/attention.md

finish
