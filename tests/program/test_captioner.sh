#!/usr/bin/env bash
# test_captioner.sh PROGRAM: runs the example as its users do, right and wrong.
set -uo pipefail
captioner=$(realpath "$1")
source "$(dirname "$0")/../support/expect.sh"
small=(--pictures 50 --test 20 --steps 2)

expect 0 "" "$captioner" --help
check "options in the help" grep -q -- '--pictures' stdout
check "help in 80 columns" test -z "$(grep '.\{81\}' stdout)"

# Wrong command lines and folders end before the training.
expect 2 "gradus-captioner: unknown option --picture; did you mean --pictures?$(hint gradus-captioner)" "$captioner" --picture
expect 2 "gradus-captioner: --pictures: 0 is too small; need a whole number from 1 to 1000000$(hint gradus-captioner)" \
  "$captioner" --pictures 0
expect 2 "gradus-captioner: --steps: many is no whole number; need a whole number from 1 to 1000000$(hint gradus-captioner)" \
  "$captioner" --steps many
expect 2 "gradus-captioner: --out: the value is empty; need DIR$(hint gradus-captioner)" "$captioner" --out=
touch file
expect 1 "gradus-captioner: file/pictures: cannot make the folder: Not a directory" "$captioner" --out file/pictures
expect 1 "gradus-captioner: file: cannot make the folder: Not a directory" "$captioner" --out file
check "no word of a training" test ! -s stdout

# A picture that cannot be written.
mkdir -p taken/1.svg
expect 1 "gradus-captioner: taken/1.svg: cannot write the file: Is a directory" "$captioner" "${small[@]}" --out taken

# What it writes depends on the seed alone.
expect 0 "" "$captioner" "${small[@]}" --show 2 --out a/b
cp stdout first
check "two pictures" test "$(ls a/b)" = $'1.svg\n2.svg'
check "scores" grep -q '^new pictures  *[0-9.]*  *[0-9.]*  *[0-9.]*$' stdout
expect 0 "" "$captioner" "${small[@]}" --show 2 --out a/b
check "the same again" cmp first stdout
expect 0 "" "$captioner" "${small[@]}" --show 2 --out a/b --seed 2
check "another seed" test "$(cat first)" != "$(cat stdout)"

finish
