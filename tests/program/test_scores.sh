#!/usr/bin/env bash
# test_scores.sh GRADUS: scores of translations: of a model and of files, by length, of alignments, and of given translations.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

expect 0 "" train_m

# Evaluating.
expect 0 "" "$gradus" evaluate --model m --test train.de train.en
check "BLEU" grep -q '^BLEU 100.00 100.0/100.0/100.0' stdout
check "chrF" grep -q '^chrF2 100.00$' stdout
check "signature" grep -q '^  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:gradus-[0-9.]*$' stdout
check "perplexity" grep -q '^perplexity 1\.[0-9]* (cross-entropy' stdout
expect 0 "" "$gradus" evaluate --model m --test more.de more.en
check "skips of the test are counted" grep -q '^left out 1 pairs with an empty side$' stdout
expect 2 "gradus: evaluate: --test SRC REF is missing$(hint gradus evaluate)" "$gradus" evaluate --model m
expect 1 "gradus: parallel text: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  "$gradus" evaluate --model m --test train.de short.en

tac train.en >turned.en
expect 0 "" "$gradus" evaluate --model m --test train.de turned.en train.en --metrics bleu ter --bootstrap 50
check "two references" grep -q '^BLEU 100.00 100.0' stdout
check "TER" grep -q '^TER 0.00 (0 edits, 1024.0 reference words)$' stdout
check "an interval" grep -q '^  100.00 ± 0.00, from 100.00 to 100.00 in 95 % of 50 resamples$' stdout
check "a signature of both" grep -q '^  nrefs:2|bs:50|seed:12345|case:mixed|eff:no|tok:13a' stdout
expect 1 "gradus: parallel text: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  "$gradus" evaluate --model m --test train.de train.en short.en
expect 2 "gradus: --metrics: bleu is given twice$(hint gradus evaluate)" "$gradus" evaluate --model m --metrics bleu bleu

# By the length of the source, as a table and as curves.
expect 0 "" "$gradus" evaluate --model m m --test train.de train.en --by-length --bin-width 4 --svg lengths.svg
check "a row a bin" test "$(tail -3 stdout | tr -s ' ')" = $' source words sentences BLEU m BLEU m\n 1 to 4 256 100.00 100.00\ncurves written to lengths.svg'
check "a curve a model" test "$(grep -c '<path.*fill="none"' lengths.svg)" -eq 2
{ head -2 train.de; echo "ein ein ein ein ein ein ein ein ein"; } >lengths.de
expect 0 "" "$gradus" evaluate --model m --test lengths.de <(head -3 train.en) --by-length --bin-width 3
check "no row for lengths that no sentence has" test "$(tail -3 stdout | cut -c-12)" = $'  source wor\n  4 to 6    \n  7 to 9    '
expect 2 "gradus: --svg requires --by-length$(hint gradus evaluate)" "$gradus" evaluate --model m --test train.de train.en --svg a.svg
expect 2 "gradus: --bin-width: 0 is too small; need a whole number from 1 to 10000$(hint gradus evaluate)" \
  "$gradus" evaluate --model m --test train.de train.en --by-length --bin-width 0

# Scores of translations in files.
printf 'a b c d x f g\nThe cat sat.\n' >hyp.txt
printf 'a b c d e f g h\nThe cat sat.\n' >ref.txt
printf 'a b c d x f g\nThe cat sits.\n' >ref2.txt
bleu() { "$gradus" bleu "$@"; }
expect 0 "" bleu hyp.txt ref.txt
check "score and signature" test "$(cat stdout)" = "BLEU 57.89 90.9/77.8/57.1/40.0 (brevity penalty 0.913, 11 words, reference 12)
  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:$("$gradus" --version | tr ' ' -)"
cp stdout expected
check "from standard input" cmp -s expected <("$gradus" bleu - ref.txt <hyp.txt)
check "the same metric by name, before the files" cmp -s expected <("$gradus" bleu --metrics bleu hyp.txt ref.txt)
expect 0 "" bleu hyp.txt ref.txt ref2.txt --metrics bleu,chrf,ter --word-order 2 --lowercase
check "two references in one score" grep -q '^BLEU 100.00 ' stdout
check "chrF++" grep -q '^chrF2++ 100.00$' stdout
check "TER of two references" grep -q '^TER 0.00 (0 edits, 10.5 reference words)$' stdout
expect 0 "" bleu hyp.txt ref.txt --sentences --metrics bleu ter
check "a line a sentence" test "$(cat stdout)" = $'42.38\t25.00\n100.00\t0.00'
expect 0 "" bleu train.en train.en --baseline turned.en --systems train.en --metrics chrf --trials 100
check "a star for a difference" grep -q '^  train.en  *100.00  *100.00 ± 0.00  *+[0-9.]*  *0.0010\*  *0.0099\*$' stdout
check "the draws in the signature" grep -q '|bs:1000|ar:100|seed:12345|' stdout
expect 0 "" bleu train.en train.en --baseline turned.en --systems train.en --metrics bleu ter --json --paired bootstrap
check "JSON of all systems" test "$(grep -c '"name": "BLEU"' stdout) $(grep -c '"bootstrap_p": 0.00099' stdout)" = "3 4"
check "and of the test asked for" test "$(grep -c randomisation_p stdout)" -eq 0
expect 0 "" bleu hyp.txt ref.txt --baseline hyp.txt
check "no star where nothing differs" grep -q '^  hyp.txt  57.89  .*  +0.00$' stdout
expect 1 "gradus: bleu: hyp.txt has 2 lines, train.en has 256; line n of one must translate line n of the other" bleu hyp.txt train.en
expect 1 "gradus: none.txt: cannot read the file: No such file or directory" bleu hyp.txt none.txt
: >nothing.txt
expect 1 "gradus: nothing.txt: no line; need a translation a line" bleu nothing.txt nothing.txt
expect 1 "gradus: stdin: no line; need a translation a line" bash -c "'$gradus' bleu - ref.txt </dev/null"
expect 1 "gradus: invalid.de:17: invalid UTF-8 at byte 5" bleu train.en invalid.de
expect 2 "gradus: ref is required$(hint gradus bleu)" bleu hyp.txt
expect 2 "gradus: bleu: standard input (-) can stand for one file only$(hint gradus bleu)" bleu - -
expect 2 "gradus: --metrics: \"meteor\" is not one of bleu, chrf, ter; files come before --metrics$(hint gradus bleu)" \
  bleu hyp.txt ref.txt --metrics meteor
expect 2 "gradus: --smooth-value: --smooth exp takes no value; floor and add-k do$(hint gradus bleu)" bleu hyp.txt ref.txt --smooth-value 1
expect 2 "gradus: bleu: --trials is about differences to a --baseline, which is missing$(hint gradus bleu)" bleu hyp.txt ref.txt --trials 5
expect 2 "gradus: bleu: --sentences goes without --baseline, --systems and --bootstrap$(hint gradus bleu)" \
  bleu hyp.txt ref.txt --sentences --bootstrap 10
sed 's/$/ ./' train.en >tokenized.en
expect 0 "gradus: tokenized.en: 256 lines end in \" .\" and look tokenised; BLEU is meant for plain text, and --tokenize none takes words as they stand" \
  bleu tokenized.en tokenized.en
expect 0 "" bleu tokenized.en tokenized.en --tokenize none

# Alignments. A true one turns the words round.
yes "0-3 1-2 2-1 3?0" | head -256 >train.align
expect 0 "" "$gradus" aer train.align train.align
check "AER" grep -qx 'AER 0.0000 (precision 1.0000, recall 1.0000, 1024 links, 768 sure ones)' stdout
sed 's/2-1/2-2/' train.align >wrong.align
expect 0 "" "$gradus" aer wrong.align train.align
check "a wrong link" grep -qx 'AER 0.2857 (precision 0.7500, recall 0.6667, 1024 links, 768 sure ones)' stdout
sed '7s/$/ 2:1/' train.align >wrong.align
expect 1 "gradus: wrong.align:7: '2:1' is no link; need SOURCE-TARGET, or SOURCE?TARGET for a possible one" \
  "$gradus" aer wrong.align train.align
head -3 train.align >short.align
: >none.align
expect 1 "gradus: aer: none.align, none.align: no link to compare" "$gradus" aer none.align none.align
expect 1 "gradus: aer: short.align has 3 lines, train.align has 256; line n of one must translate line n of the other" \
  "$gradus" aer short.align train.align
evaluate() { "$gradus" evaluate --model m --test train.de train.en "$@"; }
expect 0 "" evaluate --alignments train.align
check "the attention of a model" grep -Eq '^AER 0\.[0-9]{4} \(precision .*, [0-9]+ links, 768 sure ones\)$' stdout
expect 1 "gradus: alignments: train.de has 256 lines, short.align has 3; line n of one must translate line n of the other" \
  evaluate --alignments short.align
sed '9s/$/ 4?1/' train.align >wrong.align
expect 1 "gradus: wrong.align:9: link 4-1 is outside of a pair of 4 and 4 words; words count from 0" \
  evaluate --alignments wrong.align
{ cat train.align; echo; echo; } >more.align
expect 0 "" "$gradus" evaluate --model m --test more.de more.en --alignments more.align
check "pairs with an empty side have no alignment" grep -Eq '^AER 0.* 768 sure ones\)$' stdout
expect 2 "gradus: --alignments requires --test$(hint gradus evaluate)" "$gradus" evaluate --model m --alignments train.align
expect 0 "" train_plain
expect 1 "gradus: evaluate: the model in plain has no attention to align with; it was trained with --attention none" \
  "$gradus" evaluate --model plain --test train.de train.en --alignments train.align

# Ensembles, and the scores of given translations.
expect 0 "" train_rare
echo "vier drei zwei vier" >in.txt
expect 0 "" "$gradus" translate --model m --model plain --json <in.txt
check "an ensemble is another model" test "$(cat stdout)" != "$("$gradus" translate --model m --json <in.txt)"
expect 1 "gradus: m, rare: they write 8 and 7 different words; the models of an ensemble must have the same target vocabulary" \
  "$gradus" translate --model m --model rare
{ head -3 train.de; echo; tail -n +4 train.de; } >gap.de
{ head -3 train.en; echo one; tail -n +4 train.en; } >gap.en
"$gradus" score --model m gap.de gap.en >scores 2>stderr
check "the perplexity is that of evaluate" \
  test "$(cut -d' ' -f1-7 stderr)" = "$("$gradus" evaluate --model m --test train.de train.en | grep perplexity | cut -d' ' -f1-6) word),"
check "what was left out is counted" grep -q ', 256 sentences, 1280 words; left out 1 pairs with an empty side$' stderr
check "a score for each pair, also one with an empty side" test "$(grep -cx -- '-[0-9]*\.[0-9]\{6\}' scores)" -eq 257
check "such a pair changes no other score" cmp -s <(sed 4d scores) <("$gradus" score --model m train.de train.en 2>stderr)
expect_tokens() { awk -F'\t' '{ n = split($2, part, " "); s = 0; for (i = 2; i <= n; i += 2) s += part[i]; d = s - $1; if (d > 1e-4 || d < -1e-4 || n != (NR == 4 ? 4 : 10)) exit 1 }'; }
check "--tokens add up" expect_tokens < <("$gradus" score --model m gap.de gap.en --tokens 2>stderr)
check "score --json" grep -q '^{"log_probability":-0.*"tokens":\["one","one","one","one","</s>"\],"log_probabilities":\[-' \
  < <("$gradus" score --model m --json --tokens gap.de gap.en 2>stderr)
printf 'ein\n\n \t\n' >empty_sides.de
printf '\none\n\n' >empty_sides.en
cat train.de >>empty_sides.de
cat train.en >>empty_sides.en
check "JSON of each pair, whatever side is empty" test "$("$gradus" score --model m --json empty_sides.de empty_sides.en 2>stderr | grep -c '^{"log_probability":-')" -eq 259
check "an ensemble scores otherwise" test "$(cat scores)" != "$("$gradus" score --model m --model plain gap.de gap.en 2>stderr)"
expect 1 "gradus: parallel text: train.de has 256 lines, gap.en has 257; line n of one must translate line n of the other" \
  "$gradus" score --model m train.de gap.en
expect 1 "gradus: empty.de, train.en: no sentence pair to score" "$gradus" score --model m empty.de train.en

# Systems, compared.
expect 0 "" train --epochs 2 --model early
compare() { "$gradus" compare "$@"; }
expect 0 "" compare m early --test train.de train.en --sentences 2
check "which is which" test "$(head -2 stdout)" = $'A  m\nB  early'
check "a table for each metric" test "$(grep -c '^  A  .* ± ' stdout) $(grep -c '^  B  .* 0\.[0-9]*\*  *0\.[0-9]*\*$' stdout)" = "3 3"
check "a verdict" grep -Eq '^  B is [0-9.]+ worse than A; chance alone hardly makes such a difference$' stdout
check "perplexities" grep -Eq '^perplexity: A 1\.[0-9]+ a word, B [0-9.]+ a word; less is better$' stdout
check "two sentences, with all that belongs to them" \
  test "$(grep -Ec '^(line [0-9]+|  source     |  reference  |  A +[0-9.]+  |  B +[0-9.]+  )' stdout)" -eq $((2 * 5 + 6))
check "80 columns" test "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' stdout)" -le 80
check "no marks but on a terminal" bash -c '! grep -q $'"'\\e'"' stdout'
check "on a terminal words that differ stand out" grep -q $'\e\\[1;33mone\e\\[0m' \
  <(TERM=xterm-256color NO_COLOR= script -qec "env -u NO_COLOR $gradus compare m early --test train.de train.en" /dev/null)
translate_all() { "$gradus" translate --model "$1" <train.de; }
translate_all m >m.en
translate_all early >early.en
expect 0 "" compare m early --test train.de train.en --out comparison.html
sed '/^page written\|^perplexity\|^$/d' stdout >by_models
expect 0 "" compare m.en early.en --test train.de train.en
check "translations in files are as good as their models" cmp -s <(sed 's/\.en$//; /^$/d' stdout) by_models
check "a page" grep -q '<b class="grad">' comparison.html
{ cat early.en; echo; echo; } >more_early.en
expect 0 "" compare m - --test more.de more.en <more_early.en
check "pairs with an empty side are left out" grep -q '^Of 257 sentences' stdout
expect 0 "" compare m plain early --test train.de train.en --metrics ter --bootstrap 0
check "three models, and one test" test "$(grep -Ec '^  [BC] +[0-9.]+ +[-+][0-9.]+ +0\.[0-9]{4}\*?$' stdout)" -eq 2
expect 0 "" compare m rare --test train.de train.en --sentences 0
check "other words" grep -q '^perplexity: A .*; not to be compared, ' stdout
check "no sentence, if none is asked for" bash -c '! grep -q "^line" stdout'
cp -r m twin
expect 0 "" compare m twin --test train.de train.en
check "twins" test "$(grep -c '^  B and A are equally good.$' stdout) $(tail -2 stdout | head -1)" = "3 Of 256 sentences 256 are translated alike. By the BLEU of a sentence, the best"
expect 2 "gradus: compare: m is given twice$(hint gradus compare)" compare m m --test train.de train.en
expect 1 "gradus: compare: none: no such file or folder; need the folder of a model, or a file of translations" \
  compare m none --test train.de train.en
expect 1 "gradus: compare: train.de has 256 lines, short.en has 255; line n of one must translate line n of the other" \
  compare m short.en --test train.de train.en
expect 2 "gradus: compare: standard input (-) can stand for one file only$(hint gradus compare)" compare m - --test - train.en
expect 2 "gradus: --test is required$(hint gradus compare)" compare m early
expect 2 "gradus: models: 1 is too few; need at least 2$(hint gradus compare)" compare m
expect 2 "gradus: models: 1 is too few; need at least 2$(hint gradus compare)" "$gradus" compare m --test valid.de valid.en
expect 2 "gradus: models: 1 is too few; need at least 2$(hint gradus compare)" "$gradus" compare --test valid.de valid.en --beam 2 m

# Models of lower case, and references that are not.
sed 's/one/One/' train.en >cased.en
note="the translations are all in lower case, and 175 of 256 references have capitals, which they cannot match; --lowercase compares without regard to case"
expect 0 "gradus: m: $note" "$gradus" evaluate --model m --test train.de cased.en
expect 0 "gradus: m.en: $note" bleu m.en cased.en --metrics chrf
expect 0 "gradus: m: $note"$'\n'"gradus: early: $note" compare m early --test train.de cased.en
for options in --lowercase "--metrics ter"; do
  # shellcheck disable=SC2086
  expect 0 "" "$gradus" evaluate --model m --test train.de cased.en $options
done
expect 0 "gradus: m.en: $note" bleu m.en cased.en --metrics ter --case-sensitive
expect 0 "" bleu cased.en cased.en
expect 0 "" train --lowercase --epochs 1 --model lower
expect 0 "gradus: lower: trained with --lowercase, it reads and writes lower case only" \
  "$gradus" translate --model lower <<<$'ein zwei\nEin zwei\nEin'
expect 0 "" "$gradus" translate --model lower <<<"ein zwei"

# Standard input in the place of any file.
same() { # FILE COMMAND...: with - in the place of FILE the command reads it from standard input, and writes the same
  local file=$1 word from_stdin=() ; shift
  for word in "$@"; do [ "$word" = "$file" ] && word=-; from_stdin+=("$word"); done
  check "$* from standard input" cmp -s <("$@" 2>&1 | sed '/ sentences in /d; /"system"/d') <("${from_stdin[@]}" <"$file" 2>&1 | sed '/ sentences in /d; /"system"/d')
}
for file in train.de train.en train.align; do same $file evaluate --alignments train.align; done
for file in train.de turned.en; do same $file "$gradus" evaluate --model m --test train.de train.en turned.en; done
for file in gap.de gap.en; do same $file "$gradus" score --model m gap.de gap.en; done
for file in train.align; do same $file "$gradus" aer $file wrong.align; done
for file in hyp.txt ref.txt ref2.txt b.txt c.txt; do
  cp hyp.txt b.txt; cp ref2.txt c.txt
  same $file "$gradus" bleu hyp.txt ref.txt ref2.txt --systems c.txt --baseline b.txt --json
done
for wrong in "evaluate --model m --test - -" "evaluate --model m --test - train.en --alignments -" "score --model m - -" "aer - -" \
  "bleu hyp.txt - --baseline -" "bleu hyp.txt ref.txt --systems - -" "flow --model m --test - -" \
  "train --model never --train - - --valid valid.de valid.en" "train --model never --train - train.en --valid - valid.en" \
  "train --model never --train - train.en --valid valid.de valid.en --config -"; do
  # shellcheck disable=SC2086
  expect 2 "gradus: ${wrong%% *}: standard input (-) can stand for one file only$(hint gradus ${wrong%% *})" "$gradus" $wrong
done
for file in train.de train.en valid.de valid.en; do
  words=("$gradus" train --train train.de train.en "${small[@]}" --epochs 1 --force --model from_stdin)
  for i in "${!words[@]}"; do [ "${words[i]}" != $file ] || words[i]=-; done
  expect 0 "" "${words[@]}" <$file
  expect 0 "" train --epochs 1 --force --model from_file
  check "a training with $file from standard input" cmp -s from_stdin/model.safetensors from_file/model.safetensors
done
expect 0 "" train --epochs 1 --force --model from_stdin --config - <<<'{"seed": 24}'
check "a configuration from standard input" grep -q '"seed": 24' from_stdin/config.json
expect 1 'gradus: stdin: unknown key "hiden"; did you mean "hidden"?' train --model never --config - <<<'{"hiden": 8}'
expect 1 "gradus: stdin:1: not a dictionary entry: 'vier'; need a source word, one tab, and its translation" \
  "$gradus" translate --model rare train.de --replace-unknown --dictionary - <<<vier
expect 1 "gradus: parallel text: stdin has 1 lines, train.en has 256; line n of one must translate line n of the other" \
  "$gradus" score --model m - train.en <<<ein
expect 1 "gradus: stdin:1: '0:0' is no link; need SOURCE-TARGET, or SOURCE?TARGET for a possible one" "$gradus" aer - train.align <<<0:0
expect 1 "gradus: stdin, train.en: no sentence pair to score" "$gradus" score --model m - train.en <empty.de

finish
