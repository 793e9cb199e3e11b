#!/usr/bin/env bash
# test_ranks.sh GRADUS MPIRUN [OPTION...]: what a program that mpirun starts several times does: the same bits for any number of ranks
# and threads, one voice, an end for all when one is gone, and a training that others go on with.
set -uo pipefail
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1  # a container has no other user
mpirun=("${@:2}")
set -- "$1"
source "$(dirname "$0")/small_text.sh"

on() { timeout 300 "${mpirun[@]}" -n "$1" "${@:2}" </dev/null; }  # on RANKS COMMAND...
same() { check "$1" test "$(cat "$2"/model.safetensors "$2"/{source,target}.vocab | sha256sum)" = "$(cat "$3"/model.safetensors "$3"/{source,target}.vocab | sha256sum)"; }
# Everything random, several batches a step, and a rate that falls back to the best weights.
recipe=(train --train train.de train.en "${small[@]}" --groups 4 --accumulate 2 --dropout 0.2 --average-decay 0.9 --schedule plateau
        --plateau-steps 10 --validate-every 7steps --epochs 4 --patience 100)

expect 0 "" "$gradus" "${recipe[@]}" --threads 2 --model one
for ranks in 2 3 4 8; do
  for threads in 1 2; do
    expect 0 "" on $ranks "$gradus" "${recipe[@]}" --threads $threads --model "of$ranks-$threads"
    same "$ranks ranks with $threads threads train to the same bits" one "of$ranks-$threads"
  done
done
check "the log says it, too" test "$(sed 's/"seconds":[^,}]*//' one/log.jsonl | sha256sum)" = "$(sed 's/"seconds":[^,}]*//' of3-1/log.jsonl | sha256sum)"
check "other groups are another training" test "$("$gradus" "${recipe[@]}" --groups 2 --model two >/dev/null; sha256sum <two/model.safetensors)" != "$(sha256sum <one/model.safetensors)"

# Rank 0 alone speaks, also of what is wrong.
on 3 "$gradus" "${recipe[@]}" --threads 1 --model once >output 2>&1
check "each epoch is told once" test "$(grep -c 'best  ' output)" -le "$(grep -c '"best"' one/log.jsonl)"
check "and the end" test "$(grep -c 'once holds the model' output)" = 1
on 3 "$gradus" --version >output 2>&1
check "the version is told once" test "$(grep -c '^gradus ' output)" = 1
on 3 "$gradus" train --train train.de missing.en --model none >output 2>&1
check "a file that is not there fails" test $? -ne 0
check "and is told once" test "$(grep -c '^gradus: missing.en: cannot read the file' output)" = 1
check "without a word of lost ranks" test "$(grep -c 'no sign of life\|MPI_ABORT' output)" = 0
on 2 "$gradus" train --toy --epochs none --model none >output 2>&1
check "a wrong option is told once" test "$(grep -c '^gradus: --epochs' output)" = 1

# Groups that nobody asked for.
on 2 "$gradus" train --train train.de train.en "${small[@]}" --epochs 1 --model decided >output 2>&1
check "a group for each rank is decided" grep -q '^decided     --groups 2: one for each of the processes' output
check "and kept" grep -q '"groups": 2' decided/config.json
on 3 "$gradus" train --resume --model decided --epochs 2 >output 2>&1
check "more ranks than groups are told of" grep -q '^warning     3 processes share 2 groups' output
expect 0 "" "$gradus" train --resume --model decided --epochs 3
expect 0 "" "$gradus" train --train train.de train.en "${small[@]}" --epochs 3 --groups 2 --model straight
same "whoever goes on comes to the same bits" decided straight

# Several seeds, one after the other.
expect 0 "" on 2 "$gradus" "${recipe[@]}" --threads 1 --seeds 2 --model seeds
same "the first of several seeds is the same" one seeds/seed-1
expect 0 "" "$gradus" "${recipe[@]}" --seed 2 --model second
same "and the second" second seeds/seed-2

# A rank that is killed: the others end within ten seconds, and another number goes on.
victims() { pgrep -f "^$gradus .*--model $1( |$)" | sort -n; }
for victim in 1 2 3; do
  rm -rf killed
  on 3 "$gradus" "${recipe[@]}" --threads 1 --model killed --save-every 3steps --epochs 4 --patience 99 >output 2>&1 &
  for _ in $(seq 500); do [ -e killed/log.jsonl ] && [ "$(wc -l <killed/log.jsonl)" -ge $((4 * victim)) ] && break; sleep 0.02; done
  kill -KILL "$(victims killed | sed -n "${victim}p")"
  began=$SECONDS
  wait $!
  check "a training that lost a rank fails" test $? -ne 0
  check "within ten seconds" test $((SECONDS - began)) -le 10
  check "with all its ranks" test -z "$(victims killed)"
  expect 0 "" on $((victim + 1)) "$gradus" train --resume --model killed --threads 1
  same "another number of ranks goes on to the same bits" one killed
done

# A signal that asks for the end.
rm -rf asked
on 2 "$gradus" "${recipe[@]}" --threads 1 --model asked >output 2>&1 &
for _ in $(seq 500); do [ -e asked/log.jsonl ] && [ "$(wc -l <asked/log.jsonl)" -ge 6 ] && break; sleep 0.02; done
kill -TERM "$(victims asked | tail -1)"  # one of the two
wait $!
check "a rank that is asked to end stops all" test $? -ne 0
check "after a checkpoint" grep -q 'interrupted in epoch' output
expect 0 "" on 3 "$gradus" train --resume --model asked --threads 1
same "and the training goes on" one asked

# Text is shared out, and comes back in its order.
yes "$(cat train.de)" | head -300 >many.de
expect 0 "" "$gradus" translate --model one --beam 3 many.de --out alone.en
for ranks in 2 3; do
  expect 0 "" on $ranks "$gradus" translate --model one --beam 3 many.de --out "shared$ranks.en"
  check "$ranks ranks translate a file" cmp -s alone.en "shared$ranks.en"
  check "$ranks ranks translate standard input" test "$(head -30 many.de | timeout 60 "${mpirun[@]}" -n $ranks "$gradus" translate --model one --beam 3)" = "$(head -30 alone.en)"
  figures() { "$@" "$gradus" evaluate --model one --test valid.de valid.en | grep -v ' a second'; }
  check "$ranks ranks evaluate" test "$(figures on $ranks)" = "$(figures env)"
done
finish
