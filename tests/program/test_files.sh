#!/usr/bin/env bash
# test_files.sh GRADUS: the files that commands read and write: texts to translate, and what is replaced, and what is not.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

expect 0 "" train_m

# Texts to translate, before --model and after it, one after the other, from files and from standard input.
printf 'ein zwei drei vier\n' >a.de
printf 'vier ein ein zwei' >b.de
both=$'four three two one\ntwo one one four'
for words in "a.de b.de --model m" "a.de --model m b.de" "--model m a.de b.de" "--model m m a.de b.de" "--model m a.de --model m b.de" \
  "--beam 2 --model m a.de b.de"; do
  # shellcheck disable=SC2086
  check "translate $words" test "$("$gradus" translate $words </dev/null | sort)" = "$(sort <<<"$both")"
done
check "in their order" test "$("$gradus" translate --model m a.de b.de)" = "$both"
check "among them standard input" test "$("$gradus" translate --model m - b.de <a.de)" = "$both"
check "its lines count on" test "$("$gradus" translate --model m --n-best 1 a.de b.de | cut -d' ' -f1 | paste -sd' ')" = "0 1"
check "a pipe" test "$("$gradus" translate --model m <(cat a.de) b.de)" = "$both"
expect 1 "gradus: translate: none.de: no such file or folder; need text to translate, or the folder of one more model" \
  "$gradus" translate --model m a.de none.de
check "nothing is translated before" test ! -s stdout
expect 1 "gradus: none.de: cannot read the file: No such file or directory" "$gradus" translate a.de none.de --model m
check "nor then" test ! -s stdout
expect 1 "gradus: .: cannot read the file: Is a directory" "$gradus" translate . --model m
expect 1 "gradus: b.de: not a folder; need the folder of a model" "$gradus" translate --model b.de
expect 2 "gradus: translate: standard input (-) can stand for one file only$(hint gradus translate)" "$gradus" translate --model m - a.de -
expect 2 "gradus: translate: standard input (-) can stand for one file only$(hint gradus translate)" \
  "$gradus" translate --model m --replace-unknown --dictionary -
{ cat a.de; printf 'zw\xc3\n'; } >invalid.txt
expect 1 "gradus: invalid.txt:2: invalid UTF-8 at byte 3" "$gradus" translate --model m b.de invalid.txt a.de
check "what stands before it" test "$(cat stdout)" = $'two one one four\nfour three two one'

# Translations in a file.
expect 0 "" "$gradus" translate --model m a.de b.de --out out.txt
check "all of them, and nothing on standard output" test "$(cat out.txt stdout)" = "$both"
expect 1 "gradus: translate: out.txt is there already; --force replaces it" "$gradus" translate --model m b.de --out out.txt
expect 0 "" "$gradus" translate --model m b.de --out out.txt --force
check "replaced" test "$(cat out.txt)" = "two one one four"
expect 1 "gradus: invalid.txt:2: invalid UTF-8 at byte 3" "$gradus" translate --model m invalid.txt --out before.txt
check "what stands before an invalid line" test "$(cat before.txt)" = "four three two one"
expect 0 "" "$gradus" translate --model m a.de --out - --json
check "standard output" grep -q '"translation":"four three two one"' stdout

# What is there already, and no page or picture that gradus made, is replaced with --force only.
head -3 train.de >three.de
head -3 train.en >three.en
commands=("translate a.de" "attend ein zwei" "explain ein zwei" "flow --test three.de three.en"
          "evaluate --test three.de three.en --by-length" "report")
for words in "${commands[@]}"; do
  command=${words%% *} option=--out file=taken.html model=(--model m)
  case $command in
    evaluate) option=--svg file=taken.svg ;;
    report) model=(m) ;;
  esac
  # shellcheck disable=SC2086
  run=("$gradus" $words "${model[@]}" $option)
  echo "of a stranger" >$file
  expect 1 "gradus: $command: $file is there already; --force replaces it" "${run[@]}" $file
  check "$command: it is as it was, and nothing is written" test "$(cat $file)$(cat stdout)" = "of a stranger"
  expect 0 "" "${run[@]}" $file --force
  check "$command: it is replaced" bash -c "! grep -q stranger $file"
  [ "$command" = translate ] || expect 0 "" "${run[@]}" $file
  : >$file
  expect 0 "" "${run[@]}" $file
  check "$command: an empty one is" test -s $file
  expect 1 "gradus: $command: no/$file: there is no folder no; make it first" "${run[@]}" no/$file
  expect 1 "gradus: $command: a.de/$file: there is no folder a.de; make it first" "${run[@]}" a.de/$file
  mkdir -p folder.html folder.svg
  expect 1 "gradus: $command: folder.${file#*.} is a folder; need the name of a file" "${run[@]}" folder.${file#*.}
  check "$command: nothing is left behind" test -z "$(find . -name '*.tmp')"
  if [ "$command" != translate ]; then
    known=.html
    [ "$command" = evaluate ] && known=".svg or .png"
    [ "$command" = attend ] && known=".svg, .png or .html"
    for name in map.pdf map.jpg map html; do
      expect 2 "gradus: $command: $name: need the name of a file that ends with $known$(hint gradus "$command")" "${run[@]}" $name
    done
  fi
  "${run[@]}" - >dash 2>stderr
  check "$command: standard output" test $? -eq 0 -a -s dash
  check "$command: holds the file alone" bash -c "! grep -q 'written to' dash && ! grep -q '^log P' dash"
  "${run[@]}" /dev/stdout >device 2>stderr
  check "$command: as a device" cmp -s <(sed 's/"numbers":.*//; s/seconds.*//' dash) <(sed 's/"numbers":.*//; s/seconds.*//' device)
  expect 0 "" "${run[@]}" /dev/null
  check "$command: a device stays what it is" test -c /dev/null
  rm -f pipe
  mkfifo pipe
  cat pipe >piped &
  expect 0 "" "${run[@]}" pipe
  wait
  check "$command: a pipe" test -s piped -a -p pipe
  expect 2 "gradus: $option: the value is empty; need FILE$(hint gradus "$command")" "${run[@]}" ""
  rm -rf taken.* folder.*
done
expect 0 "" "$gradus" attend --model m "ein zwei" --out MAP.SVG
check "an end in capitals" grep -q '</svg>' MAP.SVG
echo mine >m/report.html
expect 1 "gradus: report: m/report.html is there already; --force replaces it" "$gradus" report m
expect 0 "" "$gradus" report m --force

# PNG pictures, where gradus was built with librsvg.
without="gradus: attend: map.png: gradus was built without librsvg, which draws PNG pictures; install librsvg2-dev and build it anew, or write .svg"
if "$gradus" attend --model m "ein zwei" --out map.png >stdout 2>stderr; then
  check "a picture" test "$(head -c 8 map.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a
  check "it is its own" expect 0 "" "$gradus" attend --model m "ein zwei drei" --out map.png
  expect 0 "" "$gradus" evaluate --model m --test three.de three.en --by-length --svg curves.png
  check "curves" test "$(head -c 8 curves.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a
else
  echo "SKIPPED: PNG pictures, without librsvg"
  check "what is missing is named" test "$(cat stderr)" = "$without"
  check "and nothing written" test ! -e map.png
fi

finish
