#!/bin/bash
# test_newcomer.sh GRADUS: what a person does who has two files of sentences and knows no machine translation, from nothing but what the
# program says: from the files to a translation, a picture of attention, a report, and a comparison of two models.
gradus=$(realpath "$1")
source "$(dirname "${BASH_SOURCE[0]}")/../support/expect.sh"

# help_says WHAT TEXT COMMAND...: the help that the person reads has the command line that comes next.
help_says() {
  local what=$1 text=$2
  shift 2
  "$@" >help 2>&1
  check "$what" grep -qF -- "$text" help
  check "$what: 80 columns" test "$(awk 'length > 80' help | wc -l)" = 0
}

# Their text: 900 pairs, as people write them.
who=("Der Mann|The man" "Die Frau|The woman" "Das Kind|The child" "Ein Hund|A dog" "Eine Katze|A cat" "Der Junge|The boy")
does=("sieht|sees" "sucht|seeks" "findet|finds" "hat|has" "mag|likes")
what=("den Ball|the ball" "ein Buch|a book" "das Haus|the house" "den Baum|the tree" "ein Brot|a bread" "die Stadt|the town")
when=("heute|today" "jetzt|now" "oft|often" "immer|always" "nie|never")
for a in "${who[@]}"; do for b in "${does[@]}"; do for c in "${what[@]}"; do for d in "${when[@]}"; do
  echo "${a%|*} ${b%|*} ${d%|*} ${c%|*}." >>text.de
  echo "${a#*|} ${b#*|} ${c#*|} ${d#*|}." >>text.en
done; done; done; done

# The program alone says what there is, and how to learn about it.
"$gradus" >help 2>&1
check "the program alone names training first" grep -qE '^ *train ' help
help_says "the program's help has an example of training" "gradus train --train" "$gradus" --help
help_says "that of train has the line for two files" "gradus train --train text.de text.en --model m" "$gradus" train --help
help_says "and how to limit its time" "--max-minutes" "$gradus" train --help
check "it is short" test "$(wc -l <help)" -le 40

# How long would it take?
expect 0 "" "$gradus" train --train text.de text.en --model m --dry-run
check "what the text decides" grep -q '^decided     --tokenizer words: raw text' stdout
check "how long it takes" grep -qE '^forecast    [0-9:]+ for [0-9]+ steps' stdout
check "nothing is written" test ! -e m

# Two trainings, cut short here: the second with another attention.
expect 0 "" "$gradus" train --train text.de text.en --model m --max-minutes 0.3
check "a part is held out" grep -q ' 90 held out to validate' stdout
check "no warning" test "$(grep -c '^warning' stdout)" = 0
check "how it ends" grep -qE '^(time is up|all epochs done|validations gain)' stdout
expect 0 "" "$gradus" train --train text.de text.en --model n --max-minutes 0.1 --attention none

# A translation.
help_says "how to translate" "gradus translate --model m" "$gradus" translate --help
echo "Der Mann sieht heute den Ball." >in.txt
expect 0 "" "$gradus" translate --model m in.txt --out out.txt
check "it is the right one" test "$(cat out.txt)" = "The man sees the ball today."

# What it looked at.
help_says "how to see attention" "gradus attend --model m" "$gradus" attend --help
expect 0 "" "$gradus" attend --model m "Die Frau mag nie das Haus." --out attention.svg
check "a picture" grep -q '</svg>' attention.svg
expect 0 "" "$gradus" attend --model m "Die Frau mag nie das Haus." --out attention.html
check "a page" grep -q '</html>' attention.html

# How the training went.
help_says "how to see a training" "gradus report m" "$gradus" report --help
expect 0 "" "$gradus" report m
check "a page of it" grep -q '</html>' m/report.html

# Which of the two is better.
help_says "how to compare" "gradus compare" "$gradus" compare --help
head -150 text.de >test.de
head -150 text.en >test.en
"$gradus" compare m n --test test.de test.en >stdout 2>stderr
check "a comparison" test $? = 0
check "which is which" test "$(head -2 stdout)" = $'A  m\nB  n'
check "scores" grep -qE '^  A +[0-9.]+ .*' stdout
check "80 columns" test "$(awk 'length > 80' stdout | wc -l)" = 0
finish
