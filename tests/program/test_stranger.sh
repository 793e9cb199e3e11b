#!/usr/bin/env bash
# test_stranger.sh GRADUS: a model folder from anybody. Whatever stands in its files, a command ends soon, in one line that
# names file and place; it writes nowhere else, and sends a terminal no control characters.
set -uo pipefail
source "$(dirname "$0")/small_text.sh"

expect 0 "" train --model m --epochs 2 --keep-epochs 1
stranger() { rm -rf s; cp -r m s; }
within() { timeout 60 "$@"; }
loads=(within "$gradus" info --model s)
resumes=(within "$gradus" train --resume --model s --epochs 3)
reports=(within "$gradus" report s --out page.html --force)

# header FILE PYTHON: what the header of a safetensors file, `h`, becomes.
header() {
  python3 - "$@" <<'PYTHON'
import json, struct, sys
bytes_ = open(sys.argv[1], "rb").read()
end = 8 + struct.unpack("<Q", bytes_[:8])[0]
h = json.loads(bytes_[8:end])
state = json.loads(h["__metadata__"].get("training", "{}"))
exec(sys.argv[2])
if isinstance(h, bytes):
  text = h
else:
  if "training" in h["__metadata__"]: h["__metadata__"]["training"] = json.dumps(state)
  h["__metadata__"].pop("checksum", None)  # who writes such a file would have made it right
  text = json.dumps(h).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + bytes_[end:])
PYTHON
}
deep() { python3 -c "print('{\"$1\": ' + '$2' * 70000)"; }

# JSON of any depth.
for open in '[' '{"a":'; do
  stranger; deep hidden "$open" >s/config.json
  expect 1 "gradus: s/config.json: malformed JSON: hidden: it is nested too deeply" "${loads[@]}"
  stranger; deep loss "$open" >s/log.jsonl
  expect 1 "gradus: s/log.jsonl:1: not a line of a training's log: loss: it is nested too deeply" "${reports[@]}"
  stranger; header s/model.safetensors "h = b'{\"w\":' + b'$open' * 70000"
  expect 1 "gradus: safetensors: s/model.safetensors: not a safetensors file: its header is not the JSON it should be: w: it is nested too deeply" "${loads[@]}"
done

# Numbers that no training has.
damaged="gradus: s/last.safetensors: the description of the training in its metadata is damaged"
state() { stranger; header s/last.safetensors "state['$1'] = $2"; }
for name in batch epoch best_epoch without_gain; do
  state $name -5
  expect 1 "$damaged: $name: -5 is too small; need a whole number from 0 to 1000000000" "${resumes[@]}"
  state $name 2147483647
  expect 1 "$damaged: $name: 2147483647 is too large; need a whole number from 0 to 1000000000" "${resumes[@]}"
done
for name in step words validated_at plateau_from; do
  state $name 18446744073709551615
  expect 1 "$damaged: $name: 18446744073709551615 is too large; need a whole number from 0 to 1000000000000000" "${resumes[@]}"
done
state learning_rate 1e300
expect 1 "$damaged: learning_rate: 1e+300 is too large; need a number from 0 to 100" "${resumes[@]}"
state seconds None
expect 1 "$damaged: seconds: null is no number; need a number from 0 to 1000000000000" "${resumes[@]}"
stranger; header s/last.safetensors "state = [1]"
expect 1 "$damaged: it is not an object" "${resumes[@]}"
stranger; header s/last.safetensors ""
truncate -s -8 s/last.safetensors && printf '\377\377\377\377\377\377\377\377' >>s/last.safetensors
"${resumes[@]}" >stdout 2>stderr
check "a moment that is no number" grep -q '^gradus: s/last.safetensors: .* holds a number that is not finite' stderr

# Sizes are compared with the file before they take memory.
fits="gradus: safetensors: s/model.safetensors: it does not fit: "
for size in hidden embedding attention_size; do
  stranger; sed -i "s/\"$size\": [0-9]*/\"$size\": 65536/" s/config.json
  "${loads[@]}" >stdout 2>stderr
  check "$size: code" test $? -eq 1
  check "$size" grep -q "^$fits\".*\" is ([0-9, ]*) in the file; need (.*\(65536\|131072\).*)$" stderr
  "${resumes[@]}" >stdout 2>stderr
  check "$size, resumed" grep -q "^gradus: safetensors: s/last.safetensors: it does not fit: .*; need (.*\(65536\|131072\).*)$" stderr
done
for size in encoder_layers decoder_layers; do
  stranger; sed -i "s/\"$size\": 1/\"$size\": 64/" s/config.json
  "${loads[@]}" >stdout 2>stderr
  check "$size" grep -q "^$fits\"" stderr
done
stranger; seq 1000000 >>s/target.vocab
"${loads[@]}" >stdout 2>stderr
check "a vocabulary" grep -q "^$fits\"decoder.*\" is (8, 16) in the file; need (1000008, 16)$" stderr
for size in window positions; do
  stranger; sed -i "s/\"$size\": [0-9]*/\"$size\": 1000000000/" s/config.json
  "${loads[@]}" >stdout 2>stderr
  check "$size ends" test $? -le 1
done
stranger; sed -i 's/"hidden": 32/"hidden": 31/' s/config.json
expect 1 "gradus: s/config.json: model: hidden size is 31; both encoder directions share it, so it must be even" "${loads[@]}"

# Many names and long ones, in linear time.
stranger; header s/model.safetensors "h.update({f't{i}': {'dtype': 'F32', 'shape': [0], 'data_offsets': [0, 0]} for i in range(200000)})"
"${loads[@]}" >stdout 2>stderr
check "empty tensors" grep -q '^gradus: safetensors: s/model.safetensors: it does not fit: "t0" (0) of the file is not asked for; .*; and 199995 more$' stderr
stranger; python3 -c "print('{\"' + 'x' * 5000000 + '\": 1}')" >s/config.json
"${loads[@]}" >stdout 2>stderr
check "a long key" grep -q '^gradus: s/config.json: unknown key "x*' stderr
check "is cut" test "$(wc -l <stderr)" -eq 1 -a "$(wc -c <stderr)" -lt 7000

# What follows a NUL.
stranger; printf '\0{}' >>s/config.json
expect 1 "gradus: s/config.json: malformed JSON: a NUL at byte $(stat -c %s m/config.json) of the text" "${loads[@]}"
stranger; printf '\0\n' >>s/log.jsonl
"${reports[@]}" >stdout 2>stderr
check "a NUL in a log" grep -q "^gradus: s/log.jsonl:[0-9]*: not a line of a training's log: a NUL at byte 0 of the text$" stderr

# Numbers of a log that no page has room for.
for number in 4e15 9007199254740993 1e300 1.7e308 -1.7e308 5e-324 null; do
  stranger; sed -i "s/\"perplexity\":[^,]*/\"perplexity\":$number/; s/\"norm\":[^,]*/\"norm\":$number/" s/log.jsonl
  expect 0 "" "${reports[@]}"
  check "a page with a perplexity of $number" bash -c "test \$(wc -c <page.html) -lt 200000 && ! grep -Eq '\"-?(nan|inf)' page.html"
done
stranger; sed -i 's/"epoch":1,/"epoch":-2147483648,/' s/log.jsonl
expect 1 "gradus: s/log.jsonl:1: not a line of a training's log: epoch: -2147483648 is too small; need a whole number from 0 to 1000000000" "${reports[@]}"

# Control characters stay in the file.
escape='\\u001b]0;mine\\u0007\\u009b31m\\nx'
stranger; echo "{\"$(printf '%b' "${escape//\\\\/\\\\}")\": 1}" >s/config.json
"${loads[@]}" >stdout 2>stderr
check "a key" grep -q 'unknown key ".*mine' stderr
check "it is visible" bash -c '! LC_ALL=C grep -q $'"'\\x1b\\|\\x07\\|\\xc2\\x9b'"' stderr && test $(wc -l <stderr) -eq 1'
stranger; header s/model.safetensors "h['\x1b]0;mine\x07\n'] = {'dtype': 'F32', 'shape': [0], 'data_offsets': [0, 0]}"
"${loads[@]}" >stdout 2>stderr
check "a tensor" grep -q 'mine' stderr
check "it is visible" bash -c '! LC_ALL=C grep -q $'"'\\x1b\\|\\x07'"' stderr && test $(wc -l <stderr) -eq 1'
stranger; sed -i '5s/.*/\x1b[31mred/' s/target.vocab
check "a word goes to a pipe as it is" bash -c "'$gradus' translate --model s --sample --seed 3 <train.de | LC_ALL=C grep -q \$'\\x1b'"
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
  check "to a terminal visible" bash -c "script -qec \"'$gradus' translate --model s --sample --seed 3 train.de\" /dev/null </dev/null | grep -q red"
  check "and without its escape" bash -c "! script -qec \"'$gradus' translate --model s --sample --seed 3 train.de\" /dev/null </dev/null | LC_ALL=C grep -q \$'\\x1b'"
fi

# Links are not followed on writing.
mkdir -p outside
for file in config.json log.jsonl model.safetensors last.safetensors epoch-0003.safetensors report.html; do
  stranger
  [ -e m/$file ] && cp m/$file outside/$file || : >outside/$file
  cp outside/$file was
  ln -sf ../outside/$file s/$file
  expect 0 "" "${resumes[@]}"
  expect 0 "" within "$gradus" report s
  check "$file: the link is replaced" test -f s/$file -a ! -L s/$file
  check "$file: what it led to is as it was" cmp was outside/$file
done
for file in report.html log.jsonl; do
  stranger; rm -f s/$file; mkfifo s/$file
  [ $file = log.jsonl ] && ln -sf ../outside/log.jsonl s/log.jsonl
  expect 0 "" within "$gradus" report s
  check "$file: no pipe is waited for" test -f s/report.html
done

# What is no file, in the place of one.
for file in config.json source.vocab target.vocab model.safetensors log.jsonl; do
  command=("${loads[@]}") before="gradus: "
  [ $file = log.jsonl ] && command=("${reports[@]}")
  [ $file = model.safetensors ] && before="gradus: safetensors: "
  stranger; rm s/$file; mkfifo s/$file
  expect 1 "${before}s/$file: this is a pipe or device; need a file" "${command[@]}"
  rm s/$file; ln -s /dev/zero s/$file
  expect 1 "${before}s/$file: this is a pipe or device; need a file" "${command[@]}"
  rm s/$file; mkdir s/$file
  expect 1 "${before}s/$file: this is a folder; need a file" "${command[@]}"
done
for what in "mkfifo s/last.safetensors" "ln -s /dev/zero s/last.safetensors"; do
  stranger; rm s/last.safetensors; $what
  expect 1 "gradus: safetensors: s/last.safetensors: this is a pipe or device; need a file" "${resumes[@]}"
done

# Text that the folder names is read from files alone; an option may name a pipe.
text() { stranger; sed -i "s|\"$PWD/$1\"|\"$2\"|" s/config.json; }
mkfifo pipe
for what in "$PWD/pipe" /dev/zero -; do
  is="a pipe or device"
  [ "$what" = - ] && is="standard input"
  text train.en "$what"
  expect 1 "gradus: s/config.json: train: $what is $is; need a file, unless --train names it" "${resumes[@]}"
  expect 1 "gradus: s/config.json: train: $what is $is; need a file, unless --train names it" within "$gradus" train --config s/config.json --model never
  expect 0 "" "${resumes[@]}" --train <(cat train.de) <(cat train.en)
  text valid.de "$what"
  expect 1 "gradus: s/config.json: valid: $what is $is; need a file, unless --valid names it" "${resumes[@]}"
done

finish
