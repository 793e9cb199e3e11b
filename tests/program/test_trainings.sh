#!/usr/bin/env bash
# test_trainings.sh GRADUS: what trainings leave behind: reports, means, damaged models, interrupted trainings, and several models.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

# wait_for PATTERN: until a training in the background prints it.
wait_for() { for _ in $(seq 3000); do grep -qs "$1" progress && break; sleep 0.02; done; }

expect 0 "" train_m

# A report, and the mean of the last epochs.
expect 0 "" "$gradus" report m --out page.html
check "a page with the sample's heat map" grep -q '</svg></p>' <(tr -d '\n' <page.html)
check "a page with the norms of modules" grep -q '<th>decoder.output</th>' page.html
train --model absurd --learning-rate 100 --valid-steps 1000 >progress 2>stderr
check "a training that diverges fails" test $? -eq 1
check "with advice" grep -q '^gradus: train: epoch 12: the training diverges: .*; try a lower --learning-rate than 100' stderr
check "and leaves no model" test ! -e absurd/model.safetensors
check "a gradient that vanishes is told of" grep -q '^The gradient vanishes in ' <("$gradus" report absurd)
check "on the page too" grep -q 'class="finding">The gradient vanishes in ' absurd/report.html
check "of a good training nothing is said" test "$("$gradus" report m --out page.html)" = "report written to page.html"
expect 1 "gradus: /nowhere: no such folder; need the folder of a model" "$gradus" report /nowhere
expect 1 "gradus: train.de: not a folder; need the folder of a model" "$gradus" report train.de
expect 1 "gradus: average: m keeps no epochs; train with --keep-epochs N" "$gradus" average m --out mean
expect 0 "" train --model kept --keep-epochs 3 --force
check "three epochs are kept" test "$(cd kept && echo epoch-*)" = "epoch-0010.safetensors epoch-0011.safetensors epoch-0012.safetensors"
expect 1 "gradus: average: kept keeps 3 epochs; --last is 4" "$gradus" average kept --out mean --last 4
expect 1 "gradus: average: --out kept is the folder of the model itself; need another one" "$gradus" average kept --out kept
expect 0 "" "$gradus" average kept --out mean --last 2
check "the mean translates" test "$(echo 'ein zwei drei vier' | "$gradus" translate --model mean)" = "four three two one"
check "info tells what it is" grep -q '^the mean of epoch-0011.safetensors, epoch-0012.safetensors$' <("$gradus" info --model mean)
expect 1 "gradus: average: mean holds a model already; --force replaces it" "$gradus" average kept --out mean
expect 1 "gradus: report: mean/log.jsonl is missing; a mean, or a model of another program, has no training to report" \
  "$gradus" report mean
mkdir others; echo mine >others/log.jsonl
expect 1 "gradus: average: others/log.jsonl is there already; --force replaces it" "$gradus" average kept --out others
expect 1 "gradus: train: others/log.jsonl is there already; --force replaces it" train --model others
check "what is not a model's stays" grep -q mine others/log.jsonl
cp -r kept cut; truncate -s 2000 cut/epoch-0011.safetensors
"$gradus" average cut --out never 2>/dev/null
check "a mean that failed: code" test $? -eq 1
check "a mean that failed leaves nothing" test ! -e never

# Damaged models.
damaged() { rm -rf damaged; cp -r m damaged; }
damaged; rm damaged/source.vocab
expect 1 "gradus: damaged/source.vocab: cannot read the file: No such file or directory" "$gradus" translate --model damaged
damaged; rm damaged/model.safetensors
expect 1 "gradus: damaged/model.safetensors: not there yet: the training stopped before its first validation; gradus train --resume --model damaged" \
  "$gradus" translate --model damaged
damaged; truncate -s 2000 damaged/model.safetensors
"$gradus" translate --model damaged </dev/null 2>stderr
check "a cut-off model: code" test $? -eq 1
check "a cut-off model: message" grep -q '^gradus: safetensors: damaged/model.safetensors: the file is cut off' stderr
damaged; sed -i 's/"hidden": 32/"hidden": 16/' damaged/config.json
"$gradus" translate --model damaged </dev/null 2>stderr
check "a model of another shape: message" grep -q '^gradus: safetensors: damaged/model.safetensors: it does not fit: ' stderr
damaged
header=$(($(od -An -tu8 -N8 damaged/model.safetensors) + 8)) size=$(stat -c %s damaged/model.safetensors)
{ head -c $header damaged/model.safetensors; head -c $((size - header)) /dev/zero | tr '\0' '\377'; } >nan
mv nan damaged/model.safetensors
"$gradus" translate --model damaged </dev/null 2>stderr
check "damaged numbers: message" grep -q '^gradus: safetensors: damaged/model.safetensors: the file is damaged: its checksum is ' stderr
LC_ALL=C sed -i 's/"checksum"/"no sum!!"/' damaged/model.safetensors
expect 1 "gradus: damaged/model.safetensors: encoder.embedding.weight holds a number that is not finite; the file is damaged, or its training went wrong" \
  "$gradus" translate --model damaged
damaged; rm damaged/last.safetensors
expect 1 "gradus: damaged/last.safetensors: missing; without it no training can be resumed" \
  "$gradus" train --resume --model damaged

# The same words, but not the same text.
damaged; sed '1d;$p' train.de >other.de; cp train.en other.en
expect 1 "gradus: train: damaged began with another training or validation text; a resumed training keeps them" \
  "$gradus" train --resume --model damaged --train other.de other.en --epochs 100
check "the configuration is as it was" cmp damaged/config.json m/config.json

# Ctrl-C: the step ends, a checkpoint is saved, and resuming ends with the same model as an undisturbed training.
train --model whole --epochs 100 --patience 100 >/dev/null
set -m  # else the shell makes what runs in the background ignore SIGINT
"$gradus" train --train train.de train.en "${small[@]}" --model parts --epochs 100 --patience 100 >progress &
wait_for '^epoch'
kill -INT $! 2>/dev/null
wait $!
check "exit code after Ctrl-C" test $? -eq 130
check "how to resume" grep -q '; go on with: gradus train --resume --model parts$' progress
expect 0 "" "$gradus" train --resume --model parts
check "the same result" cmp -s <("$gradus" evaluate --model whole --test train.de train.en | head -5) \
                               <("$gradus" evaluate --model parts --test train.de train.en | head -5)

# What stands in the way of a new training, and what does not.
"$gradus" train --train train.de train.en "${small[@]}" --model busy --epochs 1000 --patience 1000 >progress &
wait_for '^epoch'
busy="busy: another process is writing this folder; wait for its end, or name another folder"
expect 1 "gradus: train: $busy" train --model busy --force
expect 1 "gradus: train: $busy" "$gradus" train --resume --model busy
expect 1 "gradus: average: $busy" "$gradus" average kept --out busy --force
kill -TERM $!
wait $!
check "exit code after SIGTERM" test $? -eq 130
check "SIGTERM saves" grep -q '; go on with: gradus train --resume --model busy$' progress
"$gradus" translate --model busy <valid.de >before
for _ in $(seq 100); do cat train.de >>long.de; cat train.en >>long.en; done
"$gradus" train --train train.de train.en "${small[@]:3}" --valid long.de long.en --valid-beam 50 --model long >progress &
for _ in $(seq 3000); do [ "$(cat long/log.jsonl 2>/dev/null | wc -l)" -eq 16 ] && break; sleep 0.02; done
sleep 0.5
kill -TERM $!
wait $!
check "exit code after SIGTERM in a validation of minutes" test $? -eq 130
check "which is not finished" bash -c '! grep -q validation long/log.jsonl'
(ulimit -f 20; train --model busy --force --hidden 200 >stdout 2>stderr)
check "a disk that is full: code" test $? -eq 1
check "a disk that is full: message" grep -q '^gradus: busy/.next-model.part/last.safetensors: cannot write the file: File too large$' stderr
check "the old model is as it was" cmp -s before <("$gradus" translate --model busy <valid.de)
check "nothing is left" test -z "$(find busy -name '.next*' -o -name '*tmp')"
mkdir early; cp m/config.json early
expect 0 "" train --model early --epochs 1
expect 0 "" env -C / "$gradus" train --resume --model "$PWD/early" --epochs 2
printf x | dd of=m/model.safetensors bs=1 seek=3000 conv=notrunc 2>/dev/null
"$gradus" translate --model m </dev/null 2>stderr
check "a changed byte is noticed" grep -q '^gradus: safetensors: m/model.safetensors: the file is damaged: ' stderr
rm -rf m; expect 0 "" train_m

# Checkpoints and validations between ends of epochs: any of them is one to go on from, to the same bits.
often=(--validate-every 7steps --save-every 3steps --epochs 6 --patience 100)
expect 0 "" train --model whole_often "${often[@]}"
check "validations within epochs" grep -q '^step     7  loss' stdout
"$gradus" train --train train.de train.en "${small[@]}" --model killed "${often[@]}" >progress &
wait_for '^step    28'
kill -KILL $! 2>/dev/null
wait $! 2>/dev/null
expect 0 "" "$gradus" train --resume --model killed
check "a kill changes no bit" cmp whole_often/model.safetensors killed/model.safetensors
expect 2 'gradus: --save-every: "5 miles" is no interval; need a number of steps, minutes or epochs, such as 500steps, 10min or 2epochs, or off'"$(hint gradus train)" \
  train --model never --save-every "5 miles"

# The checking mode: the same result, and where a NaN comes from.
losses() { grep -o '"loss":[^,]*' "$1/log.jsonl"; }
expect 0 "" train --model checked --epochs 2 --check
GRADUS_CHECK=1 expect 0 "" train --model checked_too --epochs 2
check "the mode changes no bit" cmp <(losses checked) <(losses m | head -$(losses checked | wc -l))
check "nor by the environment" cmp <(losses checked) <(losses checked_too)
spoil() { train --architecture transformer --embedding 32 --heads 4 --optimizer sgd --learning-rate 100 --clip 0 --model spoilt --force "$@" >stdout 2>stderr; }
first='train: update [0-9]* (epoch [0-9]*, batch [0-9]*): the loss is [a-z0-9.+]* and the gradient.s norm [a-z0-9.+]*; the first that is not'
spoil
check "a NaN: code" test $? -eq 1
check "a NaN: update, op, what it was made of, and a hint" \
  grep -q "^gradus: $first finite: [a-z_]*: .* out of .*finite.*; need .*; try a lower --learning-rate than 100, or --clip 1$" stderr
spoil --check
check "a NaN under the mode: code" test $? -eq 1
check "a NaN under the mode" grep -q "^gradus: train: update [0-9]* (epoch [0-9]*, batch [0-9]*): [a-z_]*: .* out of .*finite.*; need .*finite" stderr

# Several seeds: each is the training that it would be alone. Ctrl-C in the first one, then in the second one.
seeds() { "$gradus" train --train train.de train.en "${small[@]}" --epochs 40 --patience 40 "$@"; }
# interrupt PATTERN COMMAND...: Ctrl-C when the pattern stands in what it prints.
interrupt() {
  local pattern=$1
  shift
  : >progress
  "$@" >progress &
  wait_for "$pattern"
  kill -${signal:-INT} $! 2>/dev/null
  wait $!
  check "exit code after Ctrl-C at $pattern" test $? -eq 130
  check "how to resume after Ctrl-C at $pattern" grep -q '; go on with: gradus train --resume --model several$' progress
}
interrupt '^epoch' "$gradus" train --train train.de train.en "${small[@]}" --epochs 40 --patience 40 --seed 7 --seeds 2 --model several
check "folders of all seeds" test "$(ls several)" = $'seed-7\nseed-8\ntokens.bin'
signal=HUP interrupt '^seed 8' env --default-signal=HUP "$gradus" train --resume --model several
expect 0 "" "$gradus" train --resume --model several
check "the table of all seeds" test "$(tail -6 stdout | sed -E 's/ +[0-9.]+\*?$//')" = \
  $'  model               validation BLEU\n  several/seed-7\n  several/seed-8\n  mean\n  standard deviation\n  * the best'
for seed in 7 8; do
  expect 0 "" seeds --seed "$seed" --model alone --force
  check "seed $seed is what it is alone" cmp -s <(losses alone) <(losses "several/seed-$seed")
  check "its configuration too" cmp -s alone/config.json "several/seed-$seed/config.json"
done
losses several/seed-7 >before
expect 0 "" "$gradus" train --resume --model several --seeds 3
check "finished seeds are kept" cmp -s before <(losses several/seed-7)
check "one seed more" test "$(ls several)" = $'seed-7\nseed-8\nseed-9\ntokens.bin'
expect 1 "gradus: train: --seeds: 2 is less than the 3 that several holds" "$gradus" train --resume --model several --seeds 2
expect 1 "gradus: train: --seeds: m holds a single model, not those of several seeds" "$gradus" train --resume --model m --seeds 2
expect 1 "gradus: train: several holds models already; --resume goes on with their training, --force replaces them" \
  seeds --seeds 2 --model several
expect 1 "gradus: train: several holds the models of several seeds; a single one needs another folder" seeds --model several --force
expect 1 "gradus: train: m holds a model itself; those of several seeds need another folder" seeds --seeds 2 --model m --force
expect 1 "gradus: several: the folder holds the models of several seeds; name one of them, such as several/seed-7" \
  "$gradus" translate --model several
cp -r several before_force
(ulimit -f 20; seeds --seeds 2 --seed 7 --model several --force --hidden 200 >stdout 2>stderr)
check "a disk that is full: code" test $? -eq 1
check "a disk that is full: message" grep -q '^gradus: several/seed-7/.next-model.part/last.safetensors: cannot write the file: File too large$' stderr
check "the old models are as they were" diff -r before_force several
expect 0 "" seeds --seeds 2 --epochs 1 --model several --force
check "--force leaves no seed of the old ones" test "$(ls several)" = $'seed-1\nseed-2\ntokens.bin'
cp -r before_force/seed-7 several/seed-3  # as if the machine had stopped before the last of them was replaced
sed -i 's/"hidden": [0-9]*/"hidden": 200/' several/seed-3/config.json
expect 1 "gradus: train: several/seed-1 and several/seed-3 are not of one training, their --hidden differs; to replace both, the command of the new one once more, with --force" \
  "$gradus" train --resume --model several
rm -r several/seed-3

# Several models: one by one with their mean, or together.
mkdir nothing
expect 0 "" train_rare
check "an ensemble of a list" test "$(echo ein | "$gradus" translate --model m alone --json)" = \
  "$(echo ein | "$gradus" translate --model m --model alone --json)"
expect 0 "" "$gradus" evaluate --model several/seed-* --test train.de train.en --metrics bleu ter
check "each model has its scores" test "$(grep -c '^BLEU ' stdout) $(grep -cx 'several/seed-[12]' stdout)" = "2 2"
check "mean and deviation" awk '/^BLEU / { n++; s += $2; q += $2 * $2 } $1 == "mean" { mean = $2 } $1 == "standard" { deviation = $3 }
  END { m = s / n; d = sqrt((q - n * m * m) / (n - 1)); exit !(n == 2 && (mean - m) ^ 2 < 1e-3 && (deviation - d) ^ 2 < 1e-3) }' stdout
expect 0 "" "$gradus" evaluate --model several/seed-* m --test train.de train.en --metrics bleu ter
check "models of other trainings have no mean" bash -c '! grep -Eq "^  (mean|standard)" stdout'
check "why, and what to do instead" \
  grep -q '^  without a mean: the models differ in more than their seeds (--train, .*); `gradus compare` tests which one is better$' stdout
check "the best of each" grep -Eq '^  m  .* 100\.00\*  +0\.00\*  +1\.[0-9]+\*$' stdout
expect 0 "" "$gradus" evaluate --model m several/seed-1 --ensemble --test train.de train.en
check "an ensemble has one score" test "$(grep -c '^BLEU ' stdout)" -eq 1
check "and the perplexity of its mean probabilities" test "$(grep '^perplexity' stdout)" =   "$("$gradus" score --model m --model several/seed-1 train.de train.en 2>&1 >/dev/null | sed 's/,.*//')"
expect 0 "" "$gradus" evaluate --model m rare --test train.de train.en
check "no perplexities side by side of different words" test "$(tail -2 stdout | head -1)" = "  without perplexities: the models do not write the same words"
expect 1 "gradus: nothing: the folder holds no model; nothing/config.json is missing"   "$gradus" evaluate --model m nothing --test train.de train.en
expect 2 "gradus: evaluate: --test SRC REF is missing$(hint gradus evaluate)" "$gradus" evaluate --model m alone
expect 0 "" train --tokenizer words --epochs 1 --model worded
expect 1 "gradus: m, worded: their tokenizers are whitespace and words; the models of an ensemble must have the same tokenizer"   "$gradus" translate --model m worded

finish
