#!/bin/bash
# settings.sh GRADUS FOLDER TRAIN_SRC TRAIN_TGT VALID_SRC VALID_TGT TEST_SRC TEST_TGT [NAME...]
#
# How well what `gradus train` decides by a text does beside thirty settings that a person might try by hand: trains a model
# of each in FOLDER, with one thread, and writes FOLDER/settings.md, the best first: BLEU of the test (cased, 13a, beam 5), the seconds of
# CPU that the training took, and the options. What is there already is not trained again, so that the command goes on after
# Ctrl-C. All files are raw text. Names of settings (default among them) train these alone.
set -e
gradus=$(realpath "$1") folder=$2
train=("$3" "$4") valid=("$5" "$6") test=("$7" "$8")
only=" ${*:9} "
pairs=$(wc -l <"$3")
mkdir -p "$folder"

# run NAME OPTIONS...: a line of results in FOLDER/NAME.tsv, unless it is there or others are asked for.
run() {
  local name=$1 model=$folder/$1
  shift
  if [ -s "$model.tsv" ] || { [ "$only" != "  " ] && [[ $only != *" $name "* ]]; }; then return; fi
  local TIMEFORMAT='%U'
  { time "$gradus" train --model "$model" --force --train "${train[@]}" --valid "${valid[@]}" --threads 1 "$@" \
      >"$model.log" 2>"$model.err"; } 2>"$model.seconds" || { cat "$model.err" >&2; return 0; }
  "$gradus" evaluate --model "$model" --test "${test[@]}" --tokenize 13a --beam 5 --threads 1 >"$model.eval"
  printf '%s\t%s\t%s\t%s\n' "$(awk '/^BLEU/ { print $2; exit }' "$model.eval")" "$(cat "$model.seconds")" "$name" "$*" >"$model.tsv"
  rm "$model"/last.safetensors
}

# setting NAME BATCH STEPS OPTIONS...: the fixed values, but for these, and as many epochs as make so many steps, at most 300.
setting() {
  local name=$1 batch=$2 epochs=$((($3 * $2 + pairs - 1) / pairs))
  shift 3
  run "$name" --preset defaults --batch-size "$batch" --epochs $((epochs < 300 ? epochs : 300)) --patience 1000 \
    --schedule cosine --warm-up 200 "$@"
}

size() { echo --embedding 256 --hidden "$1" --attention-size "$1"; }
subwords() { echo --tokenizer bpe --joint --tied-embeddings all --vocabulary-size "$1"; }
strong=(--dropout 0.4 --recurrent-dropout 0.2 --word-dropout 0.1)
transformer=(--architecture transformer --embedding 256 --hidden 256 --heads 4 --feed-forward 512 --encoder-layers 3
             --decoder-layers 3 --embedding-deviation 1)

run default
# shellcheck disable=SC2046  # words of options
{
  setting words-128 16 3000 --tokenizer words $(size 128) --learning-rate 0.003 --dropout 0.3
  setting words-256 16 3000 --tokenizer words $(size 256) --learning-rate 0.002 --dropout 0.4
  setting words-512 32 3000 --tokenizer words $(size 512) --learning-rate 0.002 --dropout 0.4
  setting words-256-long 16 9000 --tokenizer words $(size 256) --learning-rate 0.002 --dropout 0.4
  setting words-256-strong 16 3000 --tokenizer words $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting words-512-strong-long 32 9000 --tokenizer words $(size 512) --learning-rate 0.002 "${strong[@]}"
  setting words-256-all 16 3000 --tokenizer words --min-frequency 1 $(size 256) --learning-rate 0.002 --dropout 0.4
  setting words-256-constant 16 3000 --tokenizer words $(size 256) --learning-rate 0.001 --schedule constant --dropout 0.4
  setting bpe-1000-128 16 3000 $(subwords 1000) $(size 128) --learning-rate 0.003 --dropout 0.3
  setting bpe-1000-256 16 3000 $(subwords 1000) $(size 256) --learning-rate 0.002 --dropout 0.4
  setting bpe-1000-512 32 3000 $(subwords 1000) $(size 512) --learning-rate 0.002 --dropout 0.4
  setting bpe-1000-256-strong 16 3000 $(subwords 1000) $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting bpe-1000-256-strong-long 16 9000 $(subwords 1000) $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting bpe-1000-256-light 16 1500 $(subwords 1000) $(size 256) --learning-rate 0.002 --dropout 0.2
  setting bpe-4000-256 32 3000 $(subwords 4000) $(size 256) --learning-rate 0.003 --dropout 0.4
  setting bpe-4000-256-strong 32 3000 $(subwords 4000) $(size 256) --learning-rate 0.003 "${strong[@]}"
  setting bpe-4000-256-strong-long 32 9000 $(subwords 4000) $(size 256) --learning-rate 0.003 "${strong[@]}"
  setting bpe-4000-512-strong 32 3000 $(subwords 4000) $(size 512) --learning-rate 0.002 "${strong[@]}"
  setting bpe-4000-512-strong-long 32 9000 $(subwords 4000) $(size 512) --learning-rate 0.002 "${strong[@]}"
  setting bpe-8000-512-strong-long 64 9000 $(subwords 8000) $(size 512) --learning-rate 0.002 "${strong[@]}"
  setting unigram-1000-256-strong 16 3000 $(subwords 1000) --tokenizer unigram $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting bpe-1000-256-average 16 3000 $(subwords 1000) $(size 256) --learning-rate 0.002 "${strong[@]}" --average-decay 0.999
  setting bpe-4000-512-average-long 64 9000 $(subwords 4000) $(size 512) --learning-rate 0.002 "${strong[@]}" --average-decay 0.999
  setting bpe-1000-256-two 16 3000 --tokenizer bpe --vocabulary-size 1000 $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting luong-words-256 16 3000 --attention luong --embedding-deviation 1 --tokenizer words $(size 256) --learning-rate 0.002 --dropout 0.4
  setting luong-bpe-1000 16 3000 --attention luong --embedding-deviation 1 $(subwords 1000) $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting gru-bpe-1000 16 3000 --cell gru $(subwords 1000) $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting layers-bpe-1000 16 3000 --encoder-layers 2 --decoder-layers 2 $(subwords 1000) $(size 256) --learning-rate 0.002 "${strong[@]}"
  setting transformer-bpe-1000 32 4000 "${transformer[@]}" $(subwords 1000) --learning-rate 0.001 --dropout 0.3
  setting transformer-bpe-4000-long 64 9000 "${transformer[@]}" $(subwords 4000) --learning-rate 0.001 --dropout 0.3 --average-decay 0.999
}

{
  echo "| BLEU | seconds | setting | options |"
  echo "|---|---|---|---|"
  sort -rg "$folder"/*.tsv | awk -F'\t' '{ printf "| %s | %.0f | %s | `%s` |\n", $1, $2, $3, $4 }'
} >"$folder/settings.md"
cat "$folder/settings.md"
