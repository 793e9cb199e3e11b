#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "autograd/gradcheck.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/model.h"
#include "examples/translate/search/search.h"
#include "ops/gemm/thread_pool.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"
#include "tests/support/randomize.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

struct OptionVariant {
  const char* name;
  std::function<void(ModelConfig&)> change;
};

void transformer(ModelConfig& c) {
  c.architecture = Architecture::Transformer;
  c.embedding = c.hidden = 4;
  c.feed_forward = 5;
}

/// With an encoder that reads forward only, as simultaneous scopes need.
AttentionConfig& forward(ModelConfig& c) { return c.bidirectional = false, c.bridge = Bridge::Learned, c.attention; }

void convolution(ModelConfig& c) {
  c.architecture = Architecture::Convolution;
  c.positions = 3;  // of which the last one is that of all others
}

AttentionConfig& luong(ModelConfig& c) { return c.attention = attention_named(AttentionKind::Luong, c.attention); }

/// Every option of a model that changes what it computes without dropout.
const std::vector<OptionVariant> kOptionVariants = {
    {"plain", [](ModelConfig&) {}},
    {"luong", [](ModelConfig& c) { luong(c); }},
    {"no attention", [](ModelConfig& c) { c.attention = attention_named(AttentionKind::None, c.attention); }},
    {"gru", [](ModelConfig& c) { c.cell = CellKind::Gru; }},
    {"luong gru", [](ModelConfig& c) { c.cell = CellKind::Gru, luong(c); }},
    {"rnn", [](ModelConfig& c) { c.cell = CellKind::Rnn; }},
    {"luong rnn, two layers, bridge copy",
     [](ModelConfig& c) {
       luong(c), c.cell = CellKind::Rnn, c.encoder_layers = c.decoder_layers = 2, c.bridge = Bridge::Copy;
     }},
    {"two encoder layers", [](ModelConfig& c) { c.encoder_layers = 2; }},
    {"two decoder layers", [](ModelConfig& c) { c.decoder_layers = 2; }},
    {"three layers, residual", [](ModelConfig& c) { c.encoder_layers = c.decoder_layers = 3, c.residual = true; }},
    {"three gru layers, residual",
     [](ModelConfig& c) { c.encoder_layers = c.decoder_layers = 3, c.residual = true, c.cell = CellKind::Gru; }},
    {"one direction", [](ModelConfig& c) { c.bidirectional = false; }},
    {"layer norm", [](ModelConfig& c) { c.layer_norm = true; }},
    {"layer norm, gru", [](ModelConfig& c) { c.layer_norm = true, c.cell = CellKind::Gru; }},
    {"layer norm, gru-reset-before", [](ModelConfig& c) { c.layer_norm = true, c.cell = CellKind::GruResetBefore; }},
    {"layer norm, rnn", [](ModelConfig& c) { c.layer_norm = true, c.cell = CellKind::Rnn; }},
    {"layer norm, two layers, one direction",
     [](ModelConfig& c) { c.layer_norm = true, c.encoder_layers = 2, c.bidirectional = false; }},
    {"bridge mean", [](ModelConfig& c) { c.bridge = Bridge::Mean; }},
    {"bridge mean, gru", [](ModelConfig& c) { c.bridge = Bridge::Mean, c.cell = CellKind::Gru; }},
    {"bridge zero", [](ModelConfig& c) { c.bridge = Bridge::Zero; }},
    {"bridge learned", [](ModelConfig& c) { c.bridge = Bridge::Learned; }},
    {"tied target embeddings", [](ModelConfig& c) { c.tied_embeddings = TiedEmbeddings::Target; }},
    {"tied embeddings", [](ModelConfig& c) { c.tied_embeddings = TiedEmbeddings::All; }},
    {"luong without input feeding", [](ModelConfig& c) { luong(c).input_feeding = false; }},
    {"bahdanau with input feeding", [](ModelConfig& c) { c.attention.input_feeding = true; }},
    {"coverage", [](ModelConfig& c) { c.attention.coverage = true; }},
    {"coverage, luong", [](ModelConfig& c) { luong(c).coverage = true; }},
    {"context gate", [](ModelConfig& c) { c.attention.context_gate = true; }},
    {"context gate, luong", [](ModelConfig& c) { luong(c).context_gate = true; }},
    {"concat, local-m", [](ModelConfig& c) { c.attention.score = "concat", c.attention.scope = "local-m"; }},
    {"dot, local-p", [](ModelConfig& c) { luong(c).score = "dot", c.attention.scope = "local-p"; }},
    {"location", [](ModelConfig& c) { luong(c).score = "location"; }},
    {"cosine, sparsemax",
     [](ModelConfig& c) { c.attention.score = "cosine", c.attention.normalizer = Normalizer::Sparsemax; }},
    {"multi-head, coverage, local-p",
     [](ModelConfig& c) {
       c.attention.score = "multi-head", c.attention.coverage = true, c.attention.scope = "local-p";
     }},
    {"coverage, input feeding, context gate",
     [](ModelConfig& c) { c.attention.coverage = c.attention.input_feeding = c.attention.context_gate = true; }},
    {"wait-k", [](ModelConfig& c) { forward(c).scope = "wait-k", c.wait_k = 1; }},
    {"wait-k, luong, coverage, two layers",
     [](ModelConfig& c) {
       luong(c), forward(c).scope = "wait-k", c.attention.coverage = true, c.wait_k = 2;
       c.encoder_layers = c.decoder_layers = 2;
     }},
    {"wait-k, multi-head, sparsemax, gru",
     [](ModelConfig& c) {
       forward(c).scope = "wait-k", c.attention.score = "multi-head", c.cell = CellKind::Gru, c.wait_k = 1;
       c.attention.normalizer = Normalizer::Sparsemax;
     }},
    {"monotonic", [](ModelConfig& c) { forward(c).scope = "monotonic"; }},
    {"monotonic, luong, multi-head, coverage",
     [](ModelConfig& c) {
       luong(c), forward(c).scope = "monotonic", c.attention.score = "multi-head", c.attention.coverage = true;
     }},
    {"mocha, gru", [](ModelConfig& c) { forward(c).scope = "mocha", c.chunk = 2, c.cell = CellKind::Gru; }},
    {"mocha, luong", [](ModelConfig& c) { luong(c), forward(c).scope = "mocha", c.chunk = 2; }},
    {"mocha, multi-head", [](ModelConfig& c) { forward(c).scope = "mocha", c.attention.score = "multi-head"; }},
    {"gru, reset before", [](ModelConfig& c) { c.cell = CellKind::GruResetBefore; }},
    {"bridge backward", [](ModelConfig& c) { c.bridge = Bridge::Backward; }},
    {"bridge copy, two layers",
     [](ModelConfig& c) { c.bridge = Bridge::Copy, c.encoder_layers = c.decoder_layers = 2; }},
    {"bridge copy, one direction, gru",
     [](ModelConfig& c) { c.bridge = Bridge::Copy, c.bidirectional = false, c.cell = CellKind::Gru; }},
    {"reversed source, luong, local-m",
     [](ModelConfig& c) { luong(c).scope = "local-m", c.reverse_source = true, c.bidirectional = false; }},
    {"fixed context",
     [](ModelConfig& c) { c.attention = attention_named(AttentionKind::None, c.attention), c.fixed_context = true; }},
    {"fixed context, gru, maxout, bridge mean",
     [](ModelConfig& c) {
       c.attention = attention_named(AttentionKind::None, c.attention), c.fixed_context = true;
       c.cell = CellKind::Gru, c.readout = Readout::Maxout, c.bridge = Bridge::Mean;
     }},
    {"fixed context, bridge copy",
     [](ModelConfig& c) {
       c.attention = attention_named(AttentionKind::None, c.attention), c.fixed_context = true, c.bridge = Bridge::Copy;
     }},
    {"maxout", [](ModelConfig& c) { c.readout = Readout::Maxout; }},
    {"maxout, input feeding", [](ModelConfig& c) { c.readout = Readout::Maxout, c.attention.input_feeding = true; }},
    {"maxout, luong", [](ModelConfig& c) { luong(c), c.readout = Readout::Maxout; }},
    {"direct readout", [](ModelConfig& c) { c.readout = Readout::Direct; }},
    {"direct readout, input feeding",
     [](ModelConfig& c) { c.readout = Readout::Direct, c.attention.input_feeding = true; }},
    {"direct readout, luong", [](ModelConfig& c) { luong(c), c.readout = Readout::Direct; }},
    {"direct readout, no attention",
     [](ModelConfig& c) {
       c.attention = attention_named(AttentionKind::None, c.attention), c.readout = Readout::Direct;
     }},
    {"transformer", [](ModelConfig& c) { transformer(c); }},
    {"transformer, one head, post-norm, tied target embeddings",
     [](ModelConfig& c) {
       transformer(c), c.heads = 1, c.pre_norm = false, c.tied_embeddings = TiedEmbeddings::Target;
     }},
    {"transformer, two layers, tied embeddings",
     [](ModelConfig& c) {
       transformer(c), c.encoder_layers = c.decoder_layers = 2, c.tied_embeddings = TiedEmbeddings::All;
     }},
    {"convolution", [](ModelConfig& c) { convolution(c); }},
    {"convolution, kernels of five words, tied embeddings",
     [](ModelConfig& c) { convolution(c), c.kernel_width = 5, c.tied_embeddings = TiedEmbeddings::All; }},
    {"convolution, two layers", [](ModelConfig& c) { convolution(c), c.encoder_layers = c.decoder_layers = 2; }},
};

/// Whose gradient is REINFORCE's estimate, which central differences do not know.
const std::vector<OptionVariant> kHardVariants = {
    {"hard", [](ModelConfig& c) { c.attention.scope = "hard"; }},
    {"hard, luong", [](ModelConfig& c) { luong(c).scope = "hard"; }},
    {"hard, multi-head, coverage",
     [](ModelConfig& c) { c.attention.scope = "hard", c.attention.score = "multi-head", c.attention.coverage = true; }},
};

std::vector<OptionVariant> all_variants() {
  std::vector<OptionVariant> all = kOptionVariants;
  all.insert(all.end(), kHardVariants.begin(), kHardVariants.end());
  return all;
}

ModelConfig varied_config(const OptionVariant& variant) {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.attention_size = config.embedding = 3;
  config.heads = config.positions = 2;
  config.window = 1;
  config.hidden = 4;
  config.dropout = 0;
  config.embedding_deviation = 1;
  variant.change(config);
  return config;
}

// Norms of so few numbers bend sharply: the usual step would be too long for them.
constexpr GradcheckOptions kShortStep{.step = 1e-6};

const std::vector<Pair> kPairs = {{{4, 5, kEnd}, {6, kEnd}}, {{8, kEnd}, {4, 4, 7, kEnd}}, {{5, 6, 7, kEnd}, {kEnd}}};

Batch batch_of(const std::vector<int>& chosen) { return make_batch(kPairs, chosen); }

void check_gradients(const char* name, const ModelConfig& config, const Seq2Seq::LossOptions& options = {}) {
  Seq2Seq model(config);
  randomize(model);
  gradcheck(
      name, {},
      [&] {
        return model.loss(batch_of({0, 1, 2}), options);
      },
      model.parameters(), kShortStep);
}

double loss_of(Seq2Seq& model, const std::vector<int>& chosen) {
  const Tape tape(Tape::Inference);
  return static_cast<double>(model.loss(batch_of(chosen), {}).item());
}

}

TEST_CASE("model options: gradients" * doctest::skip(!kGradcheck)) {
  for (const OptionVariant& variant : kOptionVariants) {
    CAPTURE(std::string(variant.name));
    check_gradients(variant.name, varied_config(variant), {.label_smoothing = Real(0.1)});
  }
}

TEST_CASE("model options: gradients of every score in every scope, wherever attention stands and whatever it feeds" *
          doctest::skip(!kGradcheck)) {
  for (const std::string score : choice_names<ScoreKind>()) {
    for (const ScopeKind scope : {"global", "local-m", "local-p"}) {
      for (unsigned bits = 0; bits < 8; ++bits) {
        ModelConfig config = varied_config(kOptionVariants[0]);
        AttentionConfig& attention = config.attention;
        attention.score = choice_named<ScoreKind>(score);
        attention.scope = scope;
        attention.attend = (bits & 1) != 0 ? AttendWhen::After : AttendWhen::Before;
        attention.input_feeding = (bits & 2) != 0;
        attention.context_gate = (bits & 4) != 0;
        const std::string name =
            fmt::format("{}, {}, {}{}{}", score, name_of(scope), name_of(attention.attend),
                        attention.input_feeding ? ", feeding" : "", attention.context_gate ? ", gate" : "");
        CAPTURE(name);
        check_gradients(name.c_str(), config);
      }
    }
  }
}

TEST_CASE("model options: the share of hard attention in the gradient, too, is divided by the loss's divisor") {
  for (const OptionVariant& variant : kHardVariants) {
    CAPTURE(std::string(variant.name));
    const auto gradients = [&](Real divisor) {
      Seq2Seq model(varied_config(variant));
      Tape tape(Tape::Record, 5);
      const HardAttentionOptions hard{.reinforce_weight = 0.5, .discount = 0.5, .entropy_weight = 0.1, .baseline = 1};
      tape.backward(model.loss(batch_of({0, 1, 2}), {.divisor = divisor, .hard_attention = hard}));
      std::vector<Real> all;
      for (Parameter* const p : model.parameters()) all.insert(all.end(), p->grad().begin(), p->grad().end());
      return all;
    };
    std::vector<Real> quarter = gradients(4);
    for (Real& number : quarter) number *= 4;
    check_numbers_close("gradients", quarter, gradients(1));
  }
}

TEST_CASE("model options: gradients with every kind of dropout" * doctest::skip(!kGradcheck)) {
  for (const CellKind cell : {CellKind::Lstm, CellKind::Gru, CellKind::Rnn}) {
    for (const bool layer_norm : {false, true}) {
      ModelConfig config = varied_config(kOptionVariants[0]);
      config.cell = cell;
      config.layer_norm = layer_norm;
      config.encoder_layers = config.decoder_layers = 2;
      config.word_dropout = config.embedding_dropout = config.layer_dropout = config.output_dropout =
          config.recurrent_dropout = Real(0.3);
      check_gradients("dropout", config);
    }
  }
}

TEST_CASE("model options: gradients without recurrence, with every kind of dropout" * doctest::skip(!kGradcheck)) {
  for (void (*const change)(ModelConfig&) : {transformer, convolution}) {
    ModelConfig config = varied_config({"", change});
    config.word_dropout = config.embedding_dropout = config.layer_dropout = Real(0.3);
    check_gradients("dropout", config);
  }
}

TEST_CASE("model options: a sentence's loss does not depend on the others in its batch") {
  for (const OptionVariant& variant : all_variants()) {
    CAPTURE(std::string(variant.name));
    Seq2Seq model(varied_config(variant));
    randomize(model);
    model.eval();
    const double alone = loss_of(model, {0}) + loss_of(model, {1}) + loss_of(model, {2});
    CHECK(loss_of(model, {0, 1, 2}) == doctest::Approx(alone).epsilon(1e-5));
    CHECK(loss_of(model, {2, 1, 0}) == doctest::Approx(alone).epsilon(1e-5));
  }
}

TEST_CASE("model options: each gives another model") {
  std::set<double> losses;
  for (const OptionVariant& variant : all_variants()) {
    Seq2Seq model(varied_config(variant));
    randomize(model);
    model.eval();
    losses.insert(loss_of(model, {0, 1, 2}));
  }
  CHECK(losses.size() == all_variants().size());
}

TEST_CASE("model options: tied tables are one parameter") {
  const auto count = [](TiedEmbeddings tied) {
    return Seq2Seq(varied_config({"", [=](ModelConfig& c) { c.tied_embeddings = tied; }})).parameter_count();
  };
  CHECK(count(TiedEmbeddings::None) - count(TiedEmbeddings::Target) == 9 * 3);
  CHECK(count(TiedEmbeddings::Target) - count(TiedEmbeddings::All) == 9 * 3);
  ModelConfig unequal = varied_config(kOptionVariants[0]);
  unequal.tied_embeddings = TiedEmbeddings::All;
  unequal.source_words = 10;
  CHECK_THROWS_WITH_AS(Seq2Seq{unequal},
                       "model: tied_embeddings all needs one vocabulary for both languages; there are 10 source words "
                       "and 9 target words",
                       Error);
}

TEST_CASE("model options: what search finds has the probability that the model gives it") {
  for (const OptionVariant& variant : all_variants()) {
    CAPTURE(std::string(variant.name));
    Seq2Seq model(varied_config(variant));
    randomize(model);
    model.eval();
    model.decoder().output().bias->value()[kEnd] += 1;
    ThreadPool pool(1);
    const std::vector<std::vector<int>> sources = {kPairs[0].source, kPairs[1].source, kPairs[2].source};
    const std::vector<Hypothesis> found = search_all(model, sources, {.beam = 3, .max_length = 8}, 64, pool);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      Pair pair{sources[i], found[i].words};
      if (pair.target.size() == 8) continue;  // it was cut off
      pair.target.push_back(kEnd);
      const int chosen = 0;
      const Tape tape(Tape::Inference);
      const double loss = model.loss(make_batch({&pair, 1}, {&chosen, 1}), {}).item();
      CHECK(found[i].log_probability == doctest::Approx(-loss).epsilon(1e-4));
    }
  }
}

TEST_CASE("model options: dropouts act in training only, and each on its own") {
  const std::vector<OptionVariant> plain = {
      {"words", [](ModelConfig& c) { c.word_dropout = Real(0.5); }},
      {"embeddings", [](ModelConfig& c) { c.embedding_dropout = Real(0.5); }},
      {"layers", [](ModelConfig& c) { c.layer_dropout = Real(0.5); }},
      {"output", [](ModelConfig& c) { c.output_dropout = Real(0.5); }},
      {"recurrent", [](ModelConfig& c) { c.recurrent_dropout = Real(0.5); }},
  };
  const auto loss_with = [](const OptionVariant& base, const OptionVariant& variant, bool training) {
    ModelConfig config = varied_config(base);
    variant.change(config);
    config.encoder_layers = config.decoder_layers = 2;
    Seq2Seq model(config);
    randomize(model);
    model.train(training);
    const Tape tape(Tape::Inference, 7);
    return static_cast<double>(model.loss(batch_of({0, 1, 2}), {}).item());
  };
  const auto check = [&](const OptionVariant& base, std::span<const OptionVariant> dropouts) {
    const double without = loss_with(base, kOptionVariants[0], true);
    std::set<double> losses{without};
    for (const OptionVariant& variant : dropouts) {
      CAPTURE(std::string(variant.name));
      CHECK(loss_with(base, variant, false) == without);
      losses.insert(loss_with(base, variant, true));
    }
    CHECK(losses.size() == dropouts.size() + 1);
  };
  check(kOptionVariants[0], plain);
  check({"transformer", transformer}, std::span(plain).first(3));
  const auto same_begin = [](ModelConfig& c) {  // which the layers' dropout changes otherwise
    convolution(c), c.initial_values = InitialValues::Luong;
  };
  check({"convolution", same_begin}, std::span(plain).first(3));
}

TEST_CASE("model options: scheduled sampling of nothing is teacher forcing, and of everything is greedy search") {
  Seq2Seq model(varied_config(kOptionVariants[0]));
  randomize(model);
  model.eval();
  std::fill_n(model.decoder().output().bias->value().data, kEnd + 1, Real(-9));  // which search would never say
  ThreadPool pool(1);
  const Hypothesis found = search_all(model, {&kPairs[0].source, 1}, {.beam = 1, .max_length = 6}, 1, pool).front();
  REQUIRE(found.words.size() >= 2);
  const auto loss_with = [&](std::vector<int> target, Real share) {
    const Pair pair{kPairs[0].source, std::move(target)};
    const int chosen = 0;
    const Tape tape(Tape::Inference);
    return static_cast<double>(model.loss(make_batch({&pair, 1}, {&chosen, 1}), {.scheduled_sampling = share}).item());
  };
  std::vector<int> other = found.words;  // the last word is read by no step
  CHECK(loss_with(other, 1) == doctest::Approx(loss_with(other, 0)).epsilon(1e-5));
  other[0] = other[0] == 5 ? 6 : 5;
  CHECK(loss_with(other, 1) != doctest::Approx(loss_with(other, 0)).epsilon(1e-3));
}
