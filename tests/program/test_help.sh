#!/usr/bin/env bash
# test_help.sh GRADUS: the program explains itself: help, version, presets, what was meant by a wrong command line, what shells
# complete, manual pages. What is in the help is checked by tests/translate/test_help_text.cpp.
set -uo pipefail
gradus=$(realpath "$1")
source "$(dirname "$0")/../support/expect.sh"
commands=$("$gradus" help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
unset COLUMNS

# Help: of all commands, of one, in short and whole; as wide as the terminal.
check "commands" test "$(wc -w <<<"$commands")" -ge 18
for words in --help -h help; do
  expect 0 "" "$gradus" "$words"
  check "gradus $words" grep -q '^Usage: gradus COMMAND' stdout
done
for command in $commands; do
  expect 0 "" "$gradus" "$command" --help
  cp stdout short
  check "usage of $command" grep -q "^Usage: gradus $command \[OPTIONS\]" short
  check "an example of $command" grep -q "^  .*gradus $command" short
  for same in "$command -h" "help $command" "--help $command"; do
    # shellcheck disable=SC2086
    expect 0 "" "$gradus" $same
    check "gradus $same" cmp -s stdout short
  done
  expect 0 "" "$gradus" "$command" --help-all
  cp stdout whole
  expect 0 "" "$gradus" help --all "$command"
  check "gradus help --all $command" cmp -s stdout whole
done
expect 0 "" "$gradus" train --help
check "at most 40 lines" test "$(wc -l <stdout)" -le 40
check "three examples" test "$(grep -c '^  gradus ' stdout)" -eq 3
check "tasks in their order" test "$(grep -o '^[A-Z][a-z ]*:$' stdout | tr -d '\n')" = "Text:Result:Time:Size:Going on:Examples:"
check "help despite other words" cmp -s stdout <("$gradus" train --model m --frobnicate --help --beam)
widest() { COLUMNS=$1 "$gradus" train --help-all | grep -v '^  gradus\|^ *--valid' | awk '{ if (length($0) > m) m = length($0) } END { print m }'; }
check "as wide as the terminal" test "$(widest 50)" -le 50 -a "$(widest 120)" -gt 100 -a "$(widest 120)" -le 120
check "80 columns if it does not tell" test "$(widest nonsense)" -le 80 -a "$(widest 0)" -gt 70
check "a terminal tells" test "$(script -qec "stty cols 60; '$gradus' train --help-all" /dev/null | grep -v '^  gradus\|^ *--valid' | tr -d '\r' |
  awk '{ if (length($0) > m) m = length($0) } END { print m }')" -le 60
expect 1 "gradus: cannot write the output: No space left on device" bash -c "'$gradus' help >/dev/full"

# Without a command, and its version wherever it is asked for.
"$gradus" >stdout 2>stderr
check "without a command" test "$? $(cat stdout stderr)" = "2 $("$gradus" help)"
for words in --version -V "train -V" "translate --version" "help -V" "train --model m --epochs many --version"; do
  # shellcheck disable=SC2086
  expect 0 "" "$gradus" $words
  check "gradus $words" grep -qx 'gradus [0-9.]*' stdout
done

# Presets, and one as a configuration.
expect 0 "" "$gradus" presets
check "a line a preset" grep -q '^transformer  *[0-9.]* M  *[0-9]*  *[0-9.]*  a small Transformer' stdout
check "where it was measured" grep -q '^Multi30k, German to English' stdout
check "80 columns" test -z "$(grep '.\{81\}' stdout)"
expect 0 "" "$gradus" presets luong
cp stdout mine.json
expect 1 "gradus: none: cannot read the file: No such file or directory" \
  "$gradus" train --config mine.json --train none none --valid none none --model m
expect 2 "gradus: preset: \"lung\" is not one of $("$gradus" presets | sed -n '2,/^$/s/ .*//p' | paste -sd, | sed 's/,/, /g; s/, $//'); did you mean luong?$(hint gradus presets)" \
  "$gradus" presets lung

# Commands by other names.
wrong_command() { expect 2 "gradus: unknown command $1$2$(hint gradus)" "$gradus" "$1" --model m; }
wrong_command trian "; did you mean train?"
wrong_command Train "; did you mean train?"
wrong_command evalute "; did you mean evaluate?"
wrong_command eval "; did you mean evaluate?"
for command in infer predict generate decode; do wrong_command $command "; did you mean translate?"; done
wrong_command preset "; did you mean presets?"
wrong_command preprocess "; text needs no preparation: \`gradus train\` reads it as it is"
wrong_command frobnicate ""
expect 2 "gradus: unknown command infer; did you mean translate?$(hint gradus help)" "$gradus" help infer
expect 2 "gradus: unknown command evalute; did you mean evaluate?$(hint gradus man)" "$gradus" man evalute
expect 2 "gradus: unknown command \"\"$(hint gradus)" "$gradus" ""
expect 2 "gradus: unknown option --frobnicate$(hint gradus)" "$gradus" --frobnicate

# Options by other names.
wrong_option() {  # COMMAND OPTION MEANT
  local command=$1 option=$2
  expect 2 "gradus: unknown option $option; did you mean $3?$(hint gradus "$command")" "$gradus" "$command" --model m "$option" 3
}
wrong_option train --lr --learning-rate
wrong_option train --bs --batch-size
wrong_option train --layers "--encoder-layers and --decoder-layers"
wrong_option train --vocab --vocabulary-size
wrong_option train --dim --hidden
wrong_option train --src "--train SRC TGT"
wrong_option train --max-epochs --epochs
wrong_option train --lr=0.1 --learning-rate
wrong_option train -lr --learning-rate
wrong_option train -rnn_size --hidden
wrong_option train --share_vocab --joint
wrong_option train --batch_size --batch-size
wrong_option train --Dropout --dropout
wrong_option train --atention --attention
wrong_option train --learning --learning-rate
wrong_option train --beam-size --valid-beam
wrong_option train -model --model
wrong_option train --metrics "\`gradus evaluate --metrics\`"
wrong_option translate --beam_size --beam
wrong_option translate --lr "\`gradus train --learning-rate\`"
wrong_option translate --epochs "\`gradus train --epochs\`"
wrong_option evaluate --ref "--test SRC REF"
expect 2 "gradus: unknown option --gpu; it computes on the CPU alone, on as many cores as --threads says$(hint gradus train)" \
  "$gradus" train --model m --gpu 0
expect 2 "gradus: unknown option --device; it computes on the CPU alone$(hint gradus info)" "$gradus" info --model m --device cpu
expect 2 "gradus: unknown option --lang; languages need no names, they are those of the files after --train$(hint gradus train)" \
  "$gradus" train --model m --lang de
expect 2 "gradus: unknown option --refs; the files need no option: \`gradus bleu HYP REF...\`$(hint gradus bleu)" "$gradus" bleu a --refs b
expect 2 "gradus: unknown argument a.de; files need an option before them, such as --train SRC TGT$(hint gradus train)" \
  "$gradus" train a.de a.en --model m
expect 2 "gradus: unknown argument x$(hint gradus toy)" "$gradus" toy text x

expect 2 "gradus: --model: a value is missing; need --model DIR$(hint gradus train)" "$gradus" train --model
expect 2 "gradus: --train: a value is missing; need --train SRC TGT$(hint gradus train)" "$gradus" train --model m --train a.de
expect 2 "gradus: --test: a value is missing; need --test SRC REF...$(hint gradus evaluate)" "$gradus" evaluate --test a.de --model m
expect 2 "gradus: --epochs: a value is missing; need --epochs N$(hint gradus train)" "$gradus" train --epochs --model m

# Values of other options.
wrong_value() {  # OPTION VALUE CHOICES MEANT
  expect 2 "gradus: $1: \"$2\" is not one of $3${4:+; did you mean $4?}$(hint gradus train)" "$gradus" train --model m "$1" "$2"
}
wrong_value --attention dot "none, bahdanau, luong" "--score dot"
wrong_value --attention dots "none, bahdanau, luong" "--score dot"
wrong_value --attention bahdana "none, bahdanau, luong" bahdanau
wrong_value --attention transformer "none, bahdanau, luong" "--architecture transformer"
wrong_value --attention nonsense "none, bahdanau, luong" ""
wrong_value --score dots "additive, concat, dot, general, scaled-dot, scaled-general, location, cosine, multi-head" dot
wrong_value --cell LSTM "lstm, gru, gru-reset-before, rnn" lstm
wrong_value --schedule cos "plateau, cosine, inverse-sqrt, halving, constant" cosine
wrong_value --tokenizer sentencepiece "whitespace, words, bpe, unigram" "--tokenizer bpe"
expect 2 "gradus: --metrics: \"belu\" is not one of bleu, chrf, ter; did you mean bleu?$(hint gradus bleu)" "$gradus" bleu a b --metrics belu
expect 2 "gradus: --metrics: \"a\" is not one of bleu, chrf, ter; files come before --metrics$(hint gradus bleu)" "$gradus" bleu --metrics a
echo '{"lr": 1}' >config.json
expect 1 'gradus: config.json: unknown key "lr"; did you mean "learning_rate"?' "$gradus" train --model m --config config.json
echo '{"attention": "bahdana"}' >config.json
expect 1 'gradus: config.json: attention: "bahdana" is not "none", "bahdanau" or "luong"; did you mean bahdanau?' \
  "$gradus" train --model m --config config.json
check "nothing is left behind by a wrong command line" test ! -e m

# What bash completes: after these words, with nothing or the last of them begun.
mkdir texts texts/models "texts/my models" && touch texts/a.de texts/a.en "texts/b c.de"
"$gradus" completion bash >completion.bash
completed() { (
  set -u
  cd texts && source ../completion.bash
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _gradus
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd'|'
) }
completes() {  # COMPLETED WORD...
  local expected=$1
  shift
  check "completion of $*" test "$(completed "$@")" = "$expected"
}
completes "train|translate" gradus tr
check "all commands, and options of the program" test "$(completed gradus '' | tr '|' '\n' | grep -vc '^-')" -eq "$(wc -w <<<"$commands")"
completes "--tokenizer" gradus train --tok
completes "--joint" gradus train --jo
completes "--no-joint" gradus train --no-jo
completes "bpe" gradus train --tokenizer b
completes "none" gradus train --attention = n
completes "bahdanau|luong|none" gradus train --attention =
completes "a.de|a.en" gradus train --train a
completes "a.de|a.en" gradus train --train a.de a
completes "models|my models" gradus train --model m
completes "models" gradus evaluate --model models mo
completes "a.de|a.en" gradus evaluate --test a.de a.de a
completes "a.de|a.en" gradus score --model models a
completes "b c.de" gradus bleu b
completes "multi30k-plain" gradus presets multi30k-p
completes "multi30k-plain" gradus train --preset multi30k-p
completes "train|translate" gradus help tr
completes "bash|fish|zsh" gradus completion ""
completes "" gradus train --hidden ""
check "options where nothing else is left" grep -q '|--epochs|' <(completed gradus train --train a.de a.en "")
for option in $("$gradus" train --help-all | grep -o '^  [-a-z, ]*--[-a-z]*\|^  --\[no-\][-a-z]*' | sed 's/\[no-\]//; s/.*--/--/'); do
  check "completion of $option" grep -qx -- "$option" <(completed gradus train "$option" | tr '|' '\n')
done

# The other shells.
for shell in zsh fish; do
  "$gradus" completion $shell >completion.$shell
  if ! command -v $shell >/dev/null; then
    echo "skipped: there is no $shell here to read its completion"
  else
    check "$shell reads its completion" $shell -n completion.$shell
  fi
done
if command -v fish >/dev/null; then
  fish_completed() { fish -c "set PATH '$(dirname "$gradus")' \$PATH; source completion.fish; complete -C 'gradus $1'" | cut -f1 | paste -sd'|'; }
  check "fish completes a command" test "$(fish_completed tr)" = "train|translate"
  check "fish completes an option" test "$(fish_completed 'train --tok')" = "--tokenizer"
  check "fish completes a choice" test "$(fish_completed 'train --attention ')" = "bahdanau|luong|none"
  check "fish completes a file" test "$(fish_completed 'train --train texts/a')" = "texts/a.de|texts/a.en"
  check "fish completes a folder" test "$(fish_completed 'info --model texts/mo')" = "texts/models/"
fi
check "an option with its files, for zsh" grep -qF -- "'*--train[Text to learn from\: two files, line n of TGT the translation of line n of SRC]:SRC:_files:TGT:_files'" completion.zsh
expect 2 "gradus: shell: \"csh\" is not one of bash, zsh, fish; did you mean zsh?$(hint gradus completion)" "$gradus" completion csh

# Manual pages, one a command.
expect 0 "" "$gradus" man --out pages
check "a page a command, and the program's" test "$(ls pages | wc -l)" -eq "$(($(wc -w <<<"$commands") + 1))"
for page in pages/*.1; do
  for section in NAME SYNOPSIS OPTIONS EXAMPLES "SEE ALSO"; do check "$section of $page" grep -qx ".SH $section" "$page"; done
  ! command -v groff >/dev/null || check "$page is right" test -z "$(groff -Tascii -ww -man "$page" 2>&1 >/dev/null)"
done
command -v groff >/dev/null || echo "skipped: there is no groff here to read the manual pages"
expect 0 "" "$gradus" man train
check "one page" cmp -s stdout pages/gradus-train.1
check "its options" grep -qF '\fB\-m, \-\-model DIR\fR' stdout
expect 1 "gradus: completion.zsh/pages: cannot make the folder: Not a directory" "$gradus" man --out completion.zsh/pages

finish
