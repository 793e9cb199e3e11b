#include "examples/translate/config/other_names.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <utility>

#include "examples/translate/base/join_words.h"

namespace gradus::translate {

namespace {

/// Names of other toolkits, with blanks between them, and what does it here: options, or a sentence, perhaps with
/// options that the command must have; a command's name if the sentence is about that one. The first row counts whose
/// options the command has.
struct OtherNames {
  std::string_view names, here, command = "";
};

constexpr OtherNames kText[] = {
    {"output output-file out-file o", "--out"},
    {"continue train-from resume-from resume-from-checkpoint restore restore-file load-checkpoint reload", "--resume"},
    {"overwrite overwrite-output-dir no-reload f", "--force"},
    {"save save-dir save-model save-path output output-dir out out-dir o destdir model-dir model-path models path "
     "checkpoint checkpoint-dir checkpoint-path ckpt load load-model model-name model-name-or-path pretrained",
     "--model"},
    {"src tgt trg source target src-train tgt-train train-src train-tgt train-trg train-source train-target train-file "
     "train-files train-path train-set train-sets trainpref train-data training-data data data-path dataset "
     "dataset-name corpus text input i",
     "--train SRC TGT"},
    {"valid-src valid-tgt valid-trg valid-file valid-set valid-sets valid-data validpref validation validation-file "
     "validation-data val val-file val-src val-tgt dev dev-file dev-set dev-src dev-tgt dev-data eval-file eval-data",
     "--valid SRC TGT"},
    {"test test-src test-tgt test-file testpref", "a test comes after the training: `gradus evaluate --test SRC REF`",
     "train"},
    {"src tgt trg source target ref refs reference references input i test-src test-tgt test-file test-set testpref "
     "data data-path dataset text valid valid-sets",
     "--test SRC REF"},
    {"src source input input-file i in text file test test-file",
     "the files need no option: `gradus translate --model DIR FILE`", "translate"},
    {"tgt target", "`gradus translate --model DIR FILE --out FILE` writes a file", "translate"},
    {"src tgt source target ref reference input", "the files need no option: `gradus score --model DIR SRC TGT`",
     "score"},
    {"ref refs reference references r hyp hypothesis hypotheses sys system input i src source",
     "the files need no option: `gradus bleu HYP REF...`", "bleu"},
    {"lang langs language languages source-lang source-language src-lang target-lang target-language tgt-lang trg-lang "
     "lang-pair lang-pairs language-pair s t",
     "languages need no names, they are those of the files after --train"},
    {"lang langs language languages source-lang source-language src-lang target-lang target-language tgt-lang trg-lang "
     "lang-pair lang-pairs language-pair s t",
     "languages need no names, they are those of the files"},
    {"c conf config-file yaml", "--config"},
    {"show-config dump-config", "--print-config"},
};

constexpr OtherNames kWords[] = {
    {"vocab vocabs voc vocab-size voc-size voc-limit dim-vocabs src-vocab tgt-vocab trg-vocab src-vocab-size "
     "tgt-vocab-size nwordssrc nwordstgt num-words max-vocab max-vocab-size bpe-size spm-size num-merges merges "
     "bpe-operations v",
     "--vocabulary-size"},
    {"share-vocab share-vocabulary shared-vocab joint-vocab joined-dictionary joint-dictionary shared-dictionary",
     "--joint"},
    {"min-freq min-count min-word-count voc-min-freq vocab-min-freq src-words-min-frequency tgt-words-min-frequency "
     "words-min-frequency thresholdsrc thresholdtgt",
     "--min-frequency"},
    {"bpe subword subwords sentencepiece spm wordpiece codes bpe-codes level tokenizer-name tokenizer-type "
     "tokenization",
     "--tokenizer bpe"},
    {"tok tokenizer tokenization bleu-tokenizer", "--tokenize"},
    {"bpe remove-bpe subwords sentencepiece spm codes detokenize detok post-process tokenizer",
     "a model splits and joins words by itself, as in its training"},
    {"lc lower lower-case do-lower-case case-insensitive ignore-case", "--lowercase"},
    {"max-len-a", "--max-length-ratio"},
    {"max-len max-len-b max-seq-len max-seq-length max-sequence-length src-seq-length tgt-seq-length max-source-length "
     "max-target-length max-sent-length max-source-positions max-target-positions max-length-crop max-new-tokens "
     "max-decoding-length max-output-length sequence-length seq-len",
     "--max-length"},
    {"min-len min-decoding-length", "--min-length"},
};

constexpr OtherNames kSizes[] = {
    {"transformer", "--architecture transformer"},
    {"arch a type model-type encoder-type decoder-type", "--architecture"},
    {"dim dims dim-rnn rnn-size hidden-size hidden-dim hid-dim hid-size hidden-units nhid d-model dmodel model-dim "
     "enc-hid-size dec-hid-size encoder-hidden-size decoder-hidden-size units num-units state-size size",
     "--hidden"},
    {"emb emb-dim emb-size emsize dim-emb embed embed-dim embed-size embedding-dim embedding-size embeddings "
     "word-vec-size src-word-vec-size tgt-word-vec-size encoder-embed-dim decoder-embed-dim",
     "--embedding"},
    {"layers layer num-layers nlayers n-layers num-hidden-layers rnn-layers depth",
     "--encoder-layers and --decoder-layers"},
    {"enc-layers enc-depth encoder-depth num-encoder-layers", "--encoder-layers"},
    {"dec-layers dec-depth decoder-depth num-decoder-layers", "--decoder-layers"},
    {"nhead nheads num-heads n-heads head attention-heads num-attention-heads encoder-attention-heads "
     "decoder-attention-heads transformer-heads",
     "--heads"},
    {"ff ffn ff-size ff-dim ffn-size ffn-dim feedforward dim-feedforward transformer-ff transformer-dim-ffn d-ff "
     "encoder-ffn-embed-dim decoder-ffn-embed-dim filter-size intermediate-size",
     "--feed-forward"},
    {"rnn rnn-type lstm gru enc-cell dec-cell cell-type unit unit-type", "--cell"},
    {"brnn birnn bidir", "--bidirectional"},
    {"attn att attn-type attention-type attention-function global-attention global-attention-function",
     "--attention and --score"},
    {"input-feed", "--input-feeding"},
    {"coverage-attn", "--coverage"},
    {"share-embeddings share-all-embeddings share-decoder-embeddings share-decoder-input-output-embed tied tie "
     "tie-embeddings tie-word-embeddings tied-embeddings-all tied-embeddings-src weight-tying tied-softmax",
     "--tied-embeddings"},
    {"drop dropout-rate dropout-prob dropout-rnn transformer-dropout hidden-dropout attention-dropout", "--dropout"},
    {"dropout-src dropout-trg token-dropout", "--word-dropout"},
    {"init param-init param-init-glorot initializer weight-init", "--initial-values"},
    {"layernorm layer-normalization", "--layer-norm"},
    {"skip skip-connections residual-connections", "--residual"},
};

constexpr OtherNames kTraining[] = {
    {"epoch e num-epochs n-epochs nepochs max-epoch max-epochs num-train-epochs train-epochs after-epochs", "--epochs"},
    {"steps num-steps max-steps train-steps training-steps total-steps updates max-update max-updates iterations iters "
     "num-iterations max-iters after after-batches",
     "--epochs or --max-minutes"},
    {"time max-time time-limit minutes hours timeout stop-time-hours", "--max-minutes"},
    {"bs batch batchsize batch-sz mini-batch minibatch max-sentences train-batch-size valid-batch-size eval-batch-size "
     "per-device-train-batch-size per-device-eval-batch-size per-gpu-train-batch-size",
     "--batch-size"},
    {"bs batch batchsize batch-size mini-batch max-sentences per-device-eval-batch-size max-tokens",
     "batches make themselves, no size is needed"},
    {"max-tokens batch-type tokens-per-batch mini-batch-words mini-batch-fit", "--batch-tokens"},
    {"update-freq accum accum-count grad-accum accumulation-steps gradient-accumulation-steps accumulate-grad-batches "
     "batch-multiplier optimizer-delay",
     "--accumulate"},
    {"optim opt adam adamw sgd adadelta", "--optimizer"},
    {"adam-betas adam-beta1 adam-beta2 adam-eps adam-epsilon betas momentum optimizer-params",
     "the optimizers of --optimizer have their usual constants, which cannot be set"},
    {"lr learn-rate learningrate peak-lr max-lr initial-lr step-size eta", "--learning-rate"},
    {"lr-scheduler lr-scheduler-type lr-schedule scheduler scheduling decay-method lr-decay-inv-sqrt "
     "lr-decay-strategy",
     "--schedule"},
    {"warmup warmup-steps warmup-updates warmup-ratio warmup-epochs num-warmup-steps lr-warmup learning-rate-warmup",
     "--warm-up"},
    {"lr-decay lr-shrink decay decay-factor decrease-factor gamma", "--learning-rate-decay"},
    {"start-decay-at start-decay-steps lr-decay-start", "--halve-after"},
    {"wd l2", "--weight-decay"},
    {"ls smoothing label-smooth label-smoothing-factor", "--label-smoothing"},
    {"clip-norm clipnorm clip-grad clip-grad-norm clip-gradient grad-clip gradient-clip gradient-clip-val "
     "max-grad-norm "
     "max-norm",
     "--clip"},
    {"ema ema-decay exponential-smoothing", "--average-decay"},
    {"early-stop early-stopping early-stopping-patience stop-after", "--patience"},
    {"keep-checkpoint keep-checkpoints keep-last-epochs keep-last-ckpts keep-best-ckpts save-total-limit",
     "--keep-epochs"},
    {"save-freq save-steps save-interval save-checkpoint-steps checkpoint-every save-interval-updates", "--save-every"},
    {"valid-freq valid-interval validate-interval validate-interval-updates validation-freq eval-every eval-steps "
     "evaluation-strategy eval-strategy",
     "--validate-every"},
    {"teacher-forcing teacher-forcing-ratio sampling-probability", "--scheduled-sampling"},
    {"random-seed manual-seed random-state rng-seed", "--seed"},
    {"log log-dir logdir log-file log-every log-freq log-interval logging-steps log-format log-level report-every "
     "report-to disp-freq tensorboard tensorboard-logdir wandb wandb-project verbose quiet",
     "log.jsonl in the model's folder has every step, and `gradus report` draws it", "train"},
};

constexpr std::string_view kDevices =
    "gpu gpus gpu-id gpu-ids gpu-ranks n-gpu cuda use-cuda no-cuda device devices device-id device-ids cpu local-rank "
    "world-size distributed-world-size tpu";

constexpr OtherNames kMachine[] = {
    {"workers num-workers nthreads n-threads num-threads cpu-threads cpus cores num-cores nproc jobs j", "--threads"},
    {kDevices, "it computes on the CPU alone, on as many cores as --threads says"},
    {kDevices, "it computes on the CPU alone"},
    {"fp16 bf16 fp32 half amp mixed-precision precision", "it computes in single precision alone"},
};

constexpr OtherNames kSearch[] = {
    {"beam-size beamsize beam-width beams n-beams num-beams", "--beam"},
    {"beam-size beamsize beam-width beam num-beams", "--valid-beam"},
    {"greedy", "--beam 1"},
    {"nbest n-best-size num-return-sequences num-hypotheses", "--n-best"},
    {"lenpen len-penalty length-norm length-normalization alpha beam-alpha normalize n word-penalty", "--length-power"},
    {"beta cov-penalty coverage-beta", "--coverage-penalty"},
    {"block-ngram-repeat no-repeat-ngram-size no-repeat-ngrams repetition-penalty", "--no-repeat-ngram"},
    {"sampling do-sample random-sampling", "--sample"},
    {"temp sampling-temperature random-sampling-temp", "--temperature"},
    {"topk sampling-topk random-sampling-topk", "--top-k"},
    {"topp nucleus sampling-topp random-sampling-topp", "--top-p"},
    {"replace-unk unk-replace copy-unk allow-unk", "--replace-unknown"},
    {"phrase-table lexicon align-dict dict user-dict", "--dictionary"},
    {"align alignment print-alignment report-align with-alignment", "--alignments"},
    {"attn-debug print-attention show-attention attention-weights output-attentions", "--json --attention"},
    {"metric eval-metric eval-metrics valid-metrics measure scorer scoring", "--metrics"},
    {"metric eval-metric eval-metrics valid-metrics best-checkpoint-metric metric-for-best-model eval-bleu",
     "the model with the best BLEU on the text after --valid is kept"},
    {"paired-bs paired-ar significance", "--baseline FILE"},
    {"confidence n-bootstrap bootstrap-resamples paired-bs-n", "--bootstrap"},
    {"sentence-level sentence-bleu sl", "--sentences"},
    {"format output-format", "--json"},
};

constexpr OtherNames kCommands[] = {
    {"infer inference predict prediction generate generation decode decoding serve server interactive run trans",
     "translate"},
    {"fit learn training fine-tune finetune start", "train"},
    {"eval evaluation test testing validate valid validation benchmark", "evaluate"},
    {"diff difference versus significance", "compare"},
    {"sacrebleu scorer metric metrics chrf ter", "bleu"},
    {"perplexity ppl logprobs likelihood rescore rescorer", "score"},
    {"attention attn visualize visualise visualization heatmap saliency", "attend"},
    {"plot curves tensorboard log logs dashboard", "report"},
    {"show inspect describe summary parameters params print", "info"},
    {"backprop debug trace gradients step", "explain"},
    {"avg average-models average-checkpoints average-ckpt mean merge", "average"},
    {"preset recipes recipe configs models list", "presets"},
    {"usage commands options", "help"},
    {"completions autocomplete shell", "completion"},
    {"manual docs", "man"},
    {"ensemble", "`gradus translate --model A B` translates with several models"},
    {"resume continue", "`gradus train --resume --model DIR` goes on with a training"},
    {"align alignment", "`gradus translate --alignments` writes alignments"},
    {"preprocess prepare binarize tokenize bpe learn-bpe apply-bpe spm-train build-vocab vocab",
     "text needs no preparation: `gradus train` reads it as it is"},
};

constexpr std::span<const OtherNames> kOptions[] = {kText, kWords, kSizes, kTraining, kMachine, kSearch};

bool knows(const OtherNames& row, const std::string& name) {
  return std::ranges::count(split_at(' ', row.names), name) > 0;
}

/// The options that a row's text names; those in quotes are of whole command lines.
std::vector<std::string> options_in(std::string_view here) {
  std::vector<std::string> options;
  if (here.find('`') == std::string_view::npos) options = split_at(' ', here);
  std::erase_if(options, [](const std::string& word) { return !word.starts_with("--"); });
  for (std::string& option : options) {
    if (option.ends_with(';') || option.ends_with(',')) option.pop_back();
  }
  return options;
}

}

std::string plain_option_name(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  std::string plain(name.substr(0, name.find('=')));
  for (char& letter : plain)
    letter = letter == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return plain;
}

std::string_view option_here(std::string_view name, const std::vector<std::string>& known, std::string_view command) {
  const std::string plain = plain_option_name(name);
  const auto is_known = [&](const std::string& option) { return std::ranges::count(known, option) > 0; };
  for (const auto& rows : kOptions) {
    for (const OtherNames& row : rows) {
      if (!knows(row, plain) || (!row.command.empty() && row.command != command)) continue;
      if (std::ranges::all_of(options_in(row.here), is_known)) return row.here;
    }
  }
  return "";
}

std::string_view command_here(std::string_view name) {
  const auto row = std::ranges::find_if(
      kCommands, [plain = plain_option_name(name)](const OtherNames& row) { return knows(row, plain); });
  return row == std::end(kCommands) ? "" : row->here;
}

std::vector<std::string> options_of_table() {
  std::vector<std::string> all;
  for (const auto& rows : kOptions) {
    for (const OtherNames& row : rows) {
      for (std::string& option : options_in(row.here)) all.push_back(std::move(option));
    }
  }
  return all;
}

std::vector<std::string> commands_of_table() {
  std::vector<std::string> all;
  for (const OtherNames& row : kCommands) {
    if (row.here.find(' ') == std::string_view::npos) all.emplace_back(row.here);
  }
  return all;
}

}
