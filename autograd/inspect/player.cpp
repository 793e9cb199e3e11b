#include "autograd/inspect/player.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>

#include "autograd/inspect/backward_recording.h"
#include "autograd/inspect/describe.h"
#include "autograd/inspect/formulas.h"
#include "autograd/inspect/pages/page.h"
#include "autograd/names.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// The items, each as `text(item)`, as a list of JSON.
template <class Items, class Text>
std::string json_list(const Items& items, Text text) {
  std::string result = "[";
  for (const auto& item : items) {
    if (result.size() > 1) result += ',';
    result += text(item);
  }
  result += ']';
  return result;
}

/// The same for members, `"name":value`, of an object.
template <class Items, class Text>
std::string json_object(const Items& items, Text text) {
  std::string result = json_list(items, text);
  result.front() = '{';
  result.back() = '}';
  return result;
}

std::string json_ints(std::span<const int> numbers) {
  return json_list(numbers, [](int number) { return fmt::format("{}", number); });
}

std::string json_number(double number) { return std::isfinite(number) ? fmt::format("{}", number) : "null"; }

std::string json_picture(const Picture& picture) {
  if (picture.rows == 0) return "null";
  return fmt::format("[{},{},{}]", picture.begin, picture.rows, picture.cols);
}

/// Texts that occur often, each once: a list, and where in it each is.
class Texts {
 public:
  std::size_t number(const std::string& text) {
    const auto [found, is_new] = numbers_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return found->second;
  }
  /// Each as `text(it)`.
  template <class Text>
  std::string json(Text text) const {
    return json_list(texts_, text);
  }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> texts_;
};

std::string json_formula(const std::string& op) {
  const OpFormula* const formula = find_formula(op);
  if (formula == nullptr) return fmt::format("{{\"name\":{}}}", json_text(op));
  return fmt::format("{{\"name\":{},\"inputs\":{},\"outputs\":{},\"forward\":{},\"backward\":{},\"elementwise\":{}}}",
                     json_text(op), json_text(formula->inputs), json_text(formula->outputs),
                     json_text(formula->forward), json_text(formula->backward), formula->elementwise);
}

/// How large a tensor's numbers are: the root of the mean square of some thousand of them.
double scale_of(const Node& node) {
  const std::size_t size = node.shape.size(), stride = size / 1000 + 1;
  double squares = 0, count = 0;
  for (std::size_t i = 0; i < size; i += stride, ++count) squares += static_cast<double>(node.value[i]) * node.value[i];
  return std::sqrt(squares / count);
}

/// All that a page shows of a tape.
class PlayerData {
 public:
  PlayerData(Tensor loss, const PlayerOptions& options) : loss_(loss), options_(options), nodes_(tape().nodes()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) number_[nodes_[i]] = i;
  }

  /// Runs backward, if that has not been done.
  void record() {
    Pictures pictures(cells());
    for (const Node* node : nodes_) values_.push_back(pictures.take(node->shape, node->value));
    ran_before_ = loss_.node().grad != nullptr;
    recording_ = ran_before_ ? recording_after_backward(tape(), pictures)
                             : record_backward(loss_, pictures, std::max(0, options_.checks));
    numbers_ = pictures.numbers();
  }

  /// The slopes to measure, in such an order that, whenever time is up, those that were lie all over the tape.
  std::vector<SlopeQuery> queries() const;

  std::string page(std::span<const FiniteDifference> checks) const {
    return gradus::page(
        options_.title, json(checks), numbers_,
        {pages::terms_js, pages::player_tape_js, pages::player_map_js, pages::player_panel_js, pages::player_js});
  }

  double loss() const { return loss_.item(); }
  std::vector<Leaf*> parameters() const {
    std::vector<Leaf*> leaves;
    for (const Node* node : nodes_) {
      if (node->leaf != nullptr) leaves.push_back(node->leaf);
    }
    return leaves;
  }

 private:
  Tape& tape() const { return *loss_.node().tape; }

  /// How many cells a picture may have, from how many there will be.
  std::size_t cells() const {
    std::vector<std::size_t> sizes;
    for (const Node* node : nodes_) {
      sizes.insert(sizes.end(), 2, node->shape.size());  // its value; its last gradient, if it is a parameter
      if (node->run == nullptr) continue;
      for (const Tensor& input : node->inputs) {
        if (input.needs_grad()) sizes.insert(sizes.end(), 2, input.size());  // a contribution, and the sum with it
      }
    }
    return Pictures::cells_for(sizes, options_.max_numbers);
  }

  std::string json(std::span<const FiniteDifference> checks) const;
  std::string json_node(const Node& node, Texts& ops, Texts& paths, Texts& names) const;
  std::string json_run(const ClosureRun& run) const;
  std::string json_row_names() const;
  std::size_t node_of(const SlopeQuery& query) const {
    const auto is_meant = [&](const Node* node) {
      return query.leaf != nullptr ? node->leaf == query.leaf : node->id == nodes_.front()->id + query.node;
    };
    return std::ranges::find_if(nodes_, is_meant) - nodes_.begin();
  }

  Tensor loss_;
  const PlayerOptions& options_;
  std::vector<const Node*> nodes_;
  std::map<const Node*, std::size_t> number_;
  bool ran_before_ = false;
  std::vector<Picture> values_;  // of the nodes
  BackwardRecording recording_;
  std::vector<float> numbers_;
};

std::vector<SlopeQuery> PlayerData::queries() const {
  std::map<const Node*, std::size_t> taken;
  std::map<const Node*, double> largest;        // gradient of each tensor, which its first sample is
  std::vector<std::vector<SlopeQuery>> rounds;  // the first sample of each tensor, the second of each, …
  for (const GradientSample& sample : recording_.samples) {
    const Node& node = *sample.node;
    if (&node == &loss_.node()) continue;
    const std::size_t round = taken[&node]++;
    if (round == rounds.size()) rounds.emplace_back();
    const std::size_t offset = node.id - nodes_.front()->id;
    largest.try_emplace(&node, std::abs(sample.gradient));
    rounds[round].push_back({offset, node.leaf, sample.index, sample.gradient, largest.at(&node), scale_of(node)});
  }
  std::vector<SlopeQuery> queries;
  for (const std::vector<SlopeQuery>& round : rounds) {
    std::size_t leap = 1;  // by the golden section: each one once, evenly spread at any time
    while (static_cast<double>(leap) < static_cast<double>(round.size()) * 0.618 || std::gcd(leap, round.size()) > 1)
      ++leap;
    for (std::size_t i = 0; i < round.size(); ++i) queries.push_back(round[i * leap % round.size()]);
  }
  return queries;
}

std::string PlayerData::json_node(const Node& node, Texts& ops, Texts& paths, Texts& names) const {
  std::string text =
      fmt::format("{{\"op\":{},\"path\":{},\"shape\":{},\"value\":{}", ops.number(node.op), paths.number(node.path),
                  json_ints({node.shape.begin(), node.shape.end()}), json_picture(values_[number_.at(&node)]));
  if (!node.inputs.empty()) {
    const auto number = [&](const Tensor& input) { return fmt::format("{}", number_.at(&input.node())); };
    text += ",\"inputs\":" + json_list(node.inputs, number);
    text += fmt::format(",\"names\":{}", names.number(json_list(input_names(node), json_text)));
  }
  if (node.leaf != nullptr) text += ",\"leaf\":" + json_text(node.leaf->name());
  if (const char* const name = name_of(node)) text += ",\"name\":" + json_text(name);
  if (node.needs_grad) text += ",\"needs\":1";
  if (node.outputs.size() > 1) text += fmt::format(",\"outputs\":{}", node.outputs.size());
  if (const auto found = recording_.gradients.find(&node); found != recording_.gradients.end() && node.leaf == nullptr)
    text += ",\"grad\":" + json_picture(found->second);
  return text + "}";
}

std::string PlayerData::json_run(const ClosureRun& run) const {
  const auto noted = [](const NotedUse& use) {
    std::string text =
        fmt::format("{{\"left\":{},\"right\":{},\"product\":{},\"count\":{},\"cols\":{}", json_picture(use.left),
                    json_picture(use.right), json_picture(use.product), use.count, use.cols);
    if (!use.index.empty()) text += ",\"index\":" + json_ints(use.index);
    return text + "}";
  };
  const auto passed = [&](const Passed& to) {
    std::string text = fmt::format("{{\"to\":{},\"uses\":{},\"part\":{},\"sum\":{}", number_.at(to.to), to.uses,
                                   json_picture(to.part), json_picture(to.sum));
    if (!to.noted.empty()) text += ",\"noted\":" + json_list(to.noted, noted);
    return text + "}";
  };
  return fmt::format("{{\"node\":{},\"passed\":{}}}", number_.at(run.node), json_list(run.passed, passed));
}

std::string PlayerData::json_row_names() const {
  if (!options_.row_name) return "{}";
  std::map<const Node*, std::map<int, std::string>> names;
  for (const ClosureRun& run : recording_.runs) {
    for (const Passed& passed : run.passed) {
      for (const NotedUse& use : passed.noted) {
        for (const int row : use.index) {
          names[passed.to][row] = options_.row_name(*passed.to->leaf, row);
        }
      }
    }
  }
  return json_object(names, [&](const auto& of) {
    return fmt::format("\"{}\":{}", number_.at(of.first), json_object(of.second, [](const auto& row) {
                         return fmt::format("\"{}\":{}", row.first, json_text(row.second));
                       }));
  });
}

std::string PlayerData::json(std::span<const FiniteDifference> checks) const {
  Texts ops, paths, names;
  const std::string nodes = json_list(nodes_, [&](const Node* node) { return json_node(*node, ops, paths, names); });
  const std::string runs = json_list(recording_.runs, [&](const ClosureRun& run) { return json_run(run); });
  const std::string parameters = json_list(recording_.parameters, [&](const GatheredGradient& parameter) {
    return fmt::format("{{\"node\":{},\"before\":{},\"after\":{}}}", number_.at(parameter.node),
                       json_picture(parameter.before), json_picture(parameter.after));
  });
  const std::string about = json_list(options_.about, [](const auto& line) {
    return fmt::format("[{},{}]", json_text(line.first), json_text(line.second));
  });
  const std::string differences = json_list(checks, [&](const FiniteDifference& check) {
    return fmt::format("[{},{},{},{},{},{},{},{}]", node_of(check.query), check.query.index,
                       json_number(check.query.gradient), json_number(check.step), json_number(check.plus),
                       json_number(check.minus), json_number(check.rounding), static_cast<int>(check.verdict()));
  });
  const std::string steps = json_list(options_.steps, [](const StepNames& names) {
    return fmt::format("{{\"path\":{},\"names\":{}}}", json_text(names.path), json_list(names.names, json_text));
  });
  const std::string loss_table =
      json_list(options_.loss_table, [](const std::vector<std::string>& row) { return json_list(row, json_text); });
  return fmt::format(
      "{{\"title\":{},\"about\":{},\"loss\":{},\"ranBefore\":{},\"nodes\":{},\"ops\":{},\"paths\":{},\"names\":{},"
      "\"runs\":{},\"parameters\":{},\"checks\":{},\"steps\":{},\"rows\":{},\"lossTable\":{}}}",
      json_text(options_.title), about, number_.at(&loss_.node()), ran_before_, nodes, ops.json(json_formula),
      paths.json(json_text), names.json(std::identity()), runs, parameters, differences, steps, json_row_names(),
      loss_table);
}

void write(const std::string& path, const std::string& page) {
  std::ofstream file(path, std::ios::binary);
  file << page;
  file.close();
  if (!file) fail("write_player: cannot write {}: {}", path, std::strerror(errno));
}

}

std::string player_page(Tensor loss, const PlayerOptions& options) {
  PlayerData data(loss, options);
  data.record();
  return data.page({});
}

std::string player_page(const LossFunction& loss, const PlayerOptions& options) {
  constexpr std::uint64_t kSeed = 1;  // of dropout, the same whenever the loss is computed
  Tape tape(Tape::Record, kSeed);
  PlayerData data(loss(), options);
  const KeptGradients kept(data.parameters());
  data.record();
  return data.page(finite_differences(loss, kSeed, data.loss(), data.queries(), options.check_seconds));
}

void write_player(Tensor loss, const std::string& path, const PlayerOptions& options) {
  write(path, player_page(loss, options));
}

void write_player(const LossFunction& loss, const std::string& path, const PlayerOptions& options) {
  write(path, player_page(loss, options));
}

}
