#include "examples/translate/report/player/translation_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "autograd/error.h"
#include "autograd/inspect/pages/page.h"
#include "autograd/inspect/pages/pictures.h"
#include "examples/translate/report/attention_map.h"
#include "examples/translate/report/player/output_chain.h"
#include "examples/translate/report/player/replay.h"
#include "examples/translate/search/beam_search.h"
#include "examples/translate/search/word_scores.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

constexpr const char* kTitle = "A translation, word by word";
constexpr int kLikeliest = 5;  // words that stand beside the one that was written

/// Numbers that are written into the page, and where they stand there: [begin, rows, columns], as parts.js reads it.
class Numbers {
 public:
  Json add(const Shape& shape, const Real* data) {
    const Picture picture = pictures_.take(shape, data);
    return Json::List{picture.begin, picture.rows, picture.cols};
  }
  Json add(Tensor x) { return x ? add(x.shape(), std::as_const(x).value().data) : Json(); }
  const std::vector<float>& all() const { return pictures_.numbers(); }

 private:
  Pictures pictures_{std::numeric_limits<std::size_t>::max()};  // so that all arrays are kept whole
};

template <class Items, class MakeJson>
Json list(const Items& items, MakeJson make_json) {
  Json::List result;
  for (const auto& item : items) result.push_back(make_json(item));
  return result;
}

/// Numbers that people read, in the digits of a float.
Json list_of_numbers(std::span<const Real> numbers) {
  return list(numbers, [](Real x) { return std::isfinite(x) ? std::stod(fmt::format("{}", x)) : double{x}; });
}

/// What a model is, in the words of its options.
Json describe(const ModelConfig& config) {
  return Json::object({{"score", name_of(config.attention.score)},
                       {"scope", name_of(config.attention.scope)},
                       {"normalizer", name_of(config.attention.normalizer)},
                       {"attend", name_of(config.attention.attend)},
                       {"feeds", config.attention.input_feeding.value},
                       {"coverage", config.attention.coverage.value},
                       {"gate", config.attention.context_gate.value},
                       {"cell", name_of(config.cell)},
                       {"readout", name_of(config.readout)},
                       {"bridge", name_of(config.bridge)},
                       {"bidirectional", config.bidirectional.value},
                       {"reversed", config.reverse_source.value},
                       {"encoderLayers", config.encoder_layers.value},
                       {"decoderLayers", config.decoder_layers.value},
                       {"heads", config.heads.value},
                       {"window", config.window.value},
                       {"waitK", config.wait_k.value},
                       {"chunk", config.chunk.value}});
}

/// A sentence pair in the words of a model.
struct Words {
  Pair pair;
  std::vector<std::string> source, target;  // as people read them, </s> last
};

/// The pair in a model's words, of which the target is still missing.
Words source_words(const Translator& model, const std::string& source) {
  Words words;
  words.source = model.source.split(source);
  if (words.source.empty()) fail("attend: the sentence has no word");
  words.pair.source = model.source.vocabulary.encode(words.source);
  words.source.push_back(model.source.vocabulary.word(kEnd));
  return words;
}

void set_target(Words& words, const Translator& model, std::vector<int> target) {
  for (const int word : target) words.target.push_back(model.target.vocabulary.word(word));
  words.pair.target = std::move(target);
}

void require_steps(const ShownModel& model) {
  const ModelConfig& config = model.translator->config;
  if (config.architecture == Architecture::Transformer) {
    fail(
        "attend: the model in {} is a Transformer, which has no recurrent states to step through, and heads in every "
        "layer instead of one attention; an .svg shows the mean of those in its last layer",
        model.name);
  }
  if (config.architecture == Architecture::Convolution) {
    fail(
        "attend: the model in {} is made of convolutions, which have no recurrent states to step through, and "
        "attention in every layer; an .svg shows the mean of these",
        model.name);
  }
  require_attention(*model.translator, model.name);
}

void require_alike(const ShownModel& a, const Words& of_a, const ShownModel& b, const Words& of_b) {
  const auto require = [&](const char* side, std::size_t in_a, std::size_t in_b) {
    if (in_a == in_b) return;
    fail("attend: the models cut the {} into {} words, by {}, and {}, by {}; side by side they need as many", side,
         in_a - 1, a.name, in_b - 1, b.name);
  };
  require("source", of_a.source.size(), of_b.source.size());
  require("target", of_a.target.size(), of_b.target.size());
}

/// What a page says of one model, written into the page's numbers.
class ModelPart {
 public:
  ModelPart(const ShownModel& model, const Words& words, Numbers& numbers)
      : model_(model), words_(words), numbers_(numbers), replay_(replay(model.translator->model, words.pair)) {}

  Json json(bool with_saliency) {
    const OutputChain chain = output_chain(replay_);
    for (std::size_t i = 0; i < chain.given.size() && chain.obstacle.empty(); ++i) id_[chain.given[i]] = next_id_++;
    Json::List steps;
    for (std::size_t t = 0; t < replay_.steps.size(); ++t) {
      Json step = step_json(t);
      if (chain.obstacle.empty()) step.set("chain", chain_json(chain.steps[t]));
      steps.push_back(std::move(step));
    }
    Json result = Json::object({{"name", model_.name},
                                {"is", describe(model_.translator->config)},
                                {"source", words_.source},
                                {"target", words_.target},
                                {"unknown", unknown_source()},
                                {"logProbability", log_probability_},
                                {"states", states_json()},
                                {"steps", std::move(steps)},
                                {"obstacle", chain.obstacle}});
    if (chain.obstacle.empty()) {
      result.set("given", list(chain.given, [&](const Node* node) { return numbers_.add(node->shape, node->value); }));
      result.set("vocabulary", vocabulary());
    }
    if (with_saliency) result.set("saliency", list_of_numbers(saliency(model_.translator->model, words_.pair)));
    return result;
  }

  double log_probability() const { return log_probability_; }

 private:
  const std::string& word(int number) const { return model_.translator->target.vocabulary.word(number); }

  /// Which words of the source the model reads as <unk>.
  Json unknown_source() const {
    Json::List places;
    for (std::size_t j = 0; j < words_.pair.source.size(); ++j) {
      if (words_.pair.source[j] == kUnknown) places.push_back(j);
    }
    return places;
  }

  Json vocabulary() const {
    Json::List words;
    for (std::size_t i = 0; i < model_.translator->target.vocabulary.size(); ++i)
      words.push_back(word(static_cast<int>(i)));
    return words;
  }

  /// The states of each word: [of the forward direction, of the backward one], as far as there are two.
  Json states_json() {
    const bool both = model_.translator->config.bidirectional;
    const ConstArray states = std::as_const(replay_.states).value();
    const int size = both ? states.cols() / 2 : states.cols();
    Json::List result;
    for (int j = 0; j < states.rows(); ++j) {
      Json::List halves;
      for (int begin = 0; begin < states.cols(); begin += size)
        halves.push_back(numbers_.add({1, size}, states.row(j) + begin));
      result.push_back(std::move(halves));
    }
    return result;
  }

  Json step_json(std::size_t t) {
    const ReplayStep& step = replay_.steps[t];
    const Array logits = Tensor(step.logits).value();
    const WordScores scores({&logits, 1});
    const WordScores::Row& row = scores.row(0);
    const int written = words_.pair.target[t];
    const double log_p = row.log_probability(row.scores[written]);
    log_probability_ += log_p;
    std::vector<int> order(scores.words());
    std::iota(order.begin(), order.end(), 0);
    const auto count = std::min<std::ptrdiff_t>(kLikeliest, scores.words());
    std::ranges::partial_sort(order, order.begin() + count,
                              [&](int a, int b) { return row.scores[a] > row.scores[b]; });
    const auto rank =
        std::count_if(row.scores, row.scores + scores.words(), [&](Real x) { return x > row.scores[written]; });
    const auto likely = [&](int number) {
      return Json::List{word(number), number, row.scores[number], row.log_probability(row.scores[number])};
    };
    const StepOutput& out = step.output;
    const std::span weights = std::as_const(out.weights).value();
    return Json::object({{"read", word(t == 0 ? kBegin : words_.pair.target[t - 1])},
                         {"written", likely(written)},
                         {"rank", rank + 1},
                         {"likeliest", list(std::span(order).first(count), likely)},
                         {"scores", scores_json(out.scores)},
                         {"scoring", scoring_json(out.scores)},
                         {"weights", list_of_numbers(weights)},
                         {"embedded", numbers_.add(step.embedded)},
                         {"query", numbers_.add(out.query)},
                         {"context", numbers_.add(out.context)},
                         {"state", numbers_.add(step.state)},
                         {"attentional", numbers_.add(step.attentional)},
                         {"readout", numbers_.add(step.readout)}});
  }

  /// Those of each head.
  static Json scores_json(Tensor scores) {
    const ConstArray rows = std::as_const(scores).value();
    Json::List result;
    for (int k = 0; k < rows.rows(); ++k) {
      result.push_back(list_of_numbers({rows.row(k), static_cast<std::size_t>(rows.cols())}));
    }
    return result;
  }

  /// [op, query, keys, and v of additive scores] where the scores are sums over the numbers of one query; else null.
  Json scoring_json(Tensor scores) {
    const Node& node = scores.node();
    const std::string_view op = node.op;
    if ((op != "additive_scores" && op != "dot_scores") || node.inputs[0].dim(0) != 1) return {};
    Json::List result{node.op};
    for (const Tensor& input : node.inputs) {
      const auto [place, is_new] = place_.try_emplace(&input.node());  // keys serve all steps
      if (is_new) place->second = numbers_.add(input);
      result.push_back(place->second);
    }
    return result;
  }

  /// [op, its inputs, its outputs, their shapes] of each; all by number, the weights 0, the logits last.
  Json chain_json(const OutputChain::Step& step) {
    std::map<const Node*, std::size_t> ids = id_;
    std::size_t next = next_id_;
    ids[step.weights] = next++;
    const auto id = [&](const Node* node) { return ids.at(node); };
    return list(step.ops, [&](const OutputChain::Op& op) {
      const Json inputs = list(op.last->inputs, [&](const Tensor& input) { return id(&input.node()); });
      for (const Node* output : op.outputs) ids[output] = next++;
      const Json shape = list(op.last->shape, [](int length) { return length; });
      return Json::List{op.last->op, inputs, list(op.outputs, id), shape};
    });
  }

  const ShownModel& model_;
  const Words& words_;
  Numbers& numbers_;
  Tape tape_;
  Replay replay_;
  double log_probability_ = 0;
  std::map<const Node*, Json> place_;      // of what scores are made of
  std::map<const Node*, std::size_t> id_;  // of what the chain of ops is given
  std::size_t next_id_ = 0;
};

const char* name_of(SearchTree::Fate fate) {
  switch (fate) {
    case SearchTree::Fate::Kept:
      return "kept";
    case SearchTree::Fate::Ended:
      return "ended";
    case SearchTree::Fate::Pruned:
      return "pruned";
    case SearchTree::Fate::Hopeless:
      return "hopeless";
  }
  return "";
}

Json tree_json(const SearchTree& tree, const SearchOptions& options, const Vocabulary& words) {
  const Json nodes = list(tree.nodes, [&](const SearchTree::Node& node) {
    return Json::List{node.parent,          node.step,          words.word(node.word),
                      node.log_probability, name_of(node.fate), node.score};
  });
  return Json::object({{"beam", options.beam},
                       {"power", options.length_power},
                       {"penalty", name_of(options.length_penalty)},
                       {"coverage", options.coverage_penalty},
                       {"best", tree.best},
                       {"nodes", nodes}});
}

}

TranslationPage translation_page(std::span<const ShownModel> models, const TranslationPageOptions& options) {
  std::vector<Words> words;
  for (const ShownModel& model : models) {
    require_steps(model);
    words.push_back(source_words(*model.translator, options.source));
  }
  Translator& first = *models[0].translator;
  TranslationPage page;
  Json tree;
  if (options.target) {
    page.target = *options.target;
    if (first.target.split(page.target).empty()) fail("attend: the target has no word");
    set_target(words[0], first, first.target.encode(page.target));
  } else {
    SearchTree found;
    const Member member{&first.model, {&words[0].pair.source, 1}};
    const int only = 0;
    Hypothesis best = beam_search({&member, 1}, {&only, 1}, options.search, &found).front().front();
    page.target = first.text(best);
    best.words.push_back(kEnd);
    set_target(words[0], first, std::move(best.words));
    tree = tree_json(found, options.search, first.target.vocabulary);
  }
  for (std::size_t m = 1; m < models.size(); ++m) {
    set_target(words[m], *models[m].translator, models[m].translator->target.encode(page.target));
    require_alike(models[0], words[0], models[m], words[m]);
  }

  Numbers numbers;
  Json::List parts, about{Json::List{"source", options.source}, Json::List{"translation", page.target}};
  for (std::size_t m = 0; m < models.size(); ++m) {
    ModelPart part(models[m], words[m], numbers);
    parts.push_back(part.json(options.saliency));
    page.log_probabilities.push_back(part.log_probability());
    const std::string name = models.size() == 1 ? "log P of the translation" : "log P by " + models[m].name;
    about.push_back(
        Json::List{name, fmt::format("−{:.4f}", std::abs(part.log_probability()))});  // with the pages' own minus
  }
  const Json data = Json::object({{"title", kTitle}, {"about", about}, {"models", parts}, {"tree", tree}});
  page.html = gradus::page(kTitle, data.dump(-1, Json::InvalidUtf8::Replace), numbers.all(), pages::translation_js,
                           pages::translation_css);
  return page;
}

}
