# To be sourced by a script that gets the path of gradus: goes to a folder of its own (expect.sh) with a small text, and says
# how models of it are trained.
gradus=$(realpath "$1")
source "$(dirname "${BASH_SOURCE[0]}")/../support/expect.sh"

# A small text: each word has one translation, and the order is turned round.
words=(ein zwei drei vier vier) translations=(one two three four)
for a in 0 1 2 3; do for b in 0 1 2 3; do for c in 0 1 2 3; do for d in 0 1 2 3; do
  echo "${words[a]} ${words[b]} ${words[c]} ${words[d]}" >>train.de
  echo "${translations[d]} ${translations[c]} ${translations[b]} ${translations[a]}" >>train.en
done; done; done; done
head -16 train.de >valid.de
head -16 train.en >valid.en
small=(--valid valid.de valid.en --preset defaults --valid-steps 1 --embedding 16 --hidden 32 --attention-size 16 --batch-size 16 --min-frequency 1
       --learning-rate 0.01 --dropout 0 --label-smoothing 0 --epochs 12 --patience 12)
train() { "$gradus" train --train train.de train.en "${small[@]}" "$@"; }

# The same text with two pairs that a training leaves out, and a model that has learned it.
{ cat train.de; echo; echo "ein ein ein ein ein"; } >more.de
{ cat train.en; echo "one"; echo "one"; } >more.en
train_m() { "$gradus" train --train more.de more.en "${small[@]}" --max-length 4 --model m; }
translate() { "$gradus" translate --model m "$@" <in.txt; }

# A model without attention, and one that has to write <unk> for vier, whose translations are all rare.
train_plain() { train --attention none --epochs 1 --model plain; }
awk '{ for (i = 1; i <= NF; ++i) if ($i == "four") $i = "four" NR; print }' train.en >rare.en
train_rare() { "$gradus" train --train train.de rare.en "${small[@]}" --min-frequency 50 --model rare; }

# Text that is wrong.
head -255 train.en >short.en
sed '17s/.*/ein \xff zwei/' train.de >invalid.de
sed 's/.*//' train.de >empty.de
