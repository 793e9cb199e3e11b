#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>

#include "autograd/inspect/backward_recording.h"
#include "autograd/inspect/describe.h"
#include "autograd/inspect/observers.h"
#include "autograd/inspect/pages/page.h"
#include "autograd/inspect/player.h"
#include "nn/layers.h"
#include "nn/recurrent.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/gemm/packed_weights.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "tests/reference/twins.h"
#include "tests/support/contains.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;

namespace {

constexpr std::size_t kAll = 1'000'000;  // cells: more than any array here has numbers

/// What is used in all ways: parameters in noted products, lookups and plain ops, tensors used once, often, and twice
/// by one op, views, an op of several outputs, one that nobody needs.
struct PlayedNet : Module {
  Embedding embedding{this, "embedding", 7, 4};
  LSTM rnn{this, "rnn", 4, 6};
  Linear output{this, "output", 6, 5};
  Parameter scale{this, "scale", {6}};

  PlayedNet() {
    for (Parameter* parameter : parameters())
      std::ranges::copy(some_numbers(parameter->size(), 3), parameter->value().begin());
  }

  Tensor loss() {
    const int lengths[] = {3, 2}, ids[] = {1, 2, 3, 1, 6}, classes[] = {0, 1, 2, 3, 4};
    const Packing packing(lengths);
    const Tensor states = rnn(embedding(ids), packing).output * scale;
    const Tensor weights = softmax(matmul(states, transpose(states)));
    const Tensor mixed = matmul(weights, states) + states;
    square(mixed);  // nobody needs it
    const Tensor flat = reshape(mixed, {30});
    return cross_entropy(output(mixed * mixed), classes) + mean(flat) + sum(scale);
  }
};

std::vector<double> numbers(const Picture& picture, const Pictures& pictures) {
  const auto begin = pictures.numbers().begin() + static_cast<std::ptrdiff_t>(picture.begin) + 3;
  return {begin, begin + picture.rows * picture.cols};
}

void add(std::vector<double>& sum, const std::vector<double>& part) {
  sum.resize(std::max(sum.size(), part.size()));
  for (std::size_t i = 0; i < part.size(); ++i) sum[i] += part[i];
}

void check_close(const std::string& what, const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO(what, " number ", i, ": ", a[i], " and ", b[i]);
    REQUIRE(std::abs(a[i] - b[i]) <= 1e-5 * std::max(1.0, std::abs(b[i])));
  }
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}

TEST_SUITE("player") {
  TEST_CASE(
      "what closures pass to a tensor sums up to its gradient, and of a parameter, with what they note, to the "
      "leaf's") {
    PlayedNet net, plain;
    {
      Tape tape;
      tape.backward(plain.loss());
    }
    Tape tape;
    Pictures pictures(kAll);
    const BackwardRecording recording = record_backward(net.loss(), pictures, 2);
    std::map<const Node*, std::vector<double>> sums;
    int several = 0;
    for (const ClosureRun& run : recording.runs) {
      for (const Passed& passed : run.passed) {
        std::vector<double>& sum = sums[passed.to];
        several += !sum.empty();
        if (passed.part.rows > 0) add(sum, numbers(passed.part, pictures));
        for (const NotedUse& use : passed.noted) add(sum, numbers(use.product, pictures));
        if (passed.to->leaf == nullptr) check_close(passed.to->op, sum, numbers(passed.sum, pictures));
      }
    }
    CHECK(several >= 5);
    for (const auto& [node, gradient] : recording.gradients) {
      if (node->leaf == nullptr && sums.contains(node)) check_close(node->op, sums[node], numbers(gradient, pictures));
    }
    REQUIRE(recording.parameters.size() == net.parameters().size());
    for (const GatheredGradient& parameter : recording.parameters) {
      check_close(parameter.node->leaf->name(), sums[parameter.node], numbers(parameter.after, pictures));
      CHECK(parameter.before.rows == 0);
    }
    // And to look on changes nothing.
    for (std::size_t i = 0; i < net.parameters().size(); ++i) {
      const ConstArray seen = std::as_const(*net.parameters()[i]).grad(),
                       unseen = std::as_const(*plain.parameters()[i]).grad();
      CHECK(std::equal(seen.begin(), seen.end(), unseen.begin(), unseen.end()));
    }
  }

  TEST_CASE("a gradient that was not zero before is shown") {
    PlayedNet net;
    net.scale.grad()[0] = 1;
    Tape tape;
    Pictures pictures(kAll);
    for (const GatheredGradient& parameter : record_backward(net.loss(), pictures, 0).parameters) {
      CHECK((parameter.before.rows > 0) == (parameter.node->leaf == &net.scale));
    }
  }

  TEST_CASE("after backward, the gradients that are left are shown, and what is the only part of one") {
    Tape tape;
    const Tensor x = variable({2}, {1, 2}), y = square(x), loss = sum(y * y);
    tape.backward(loss);
    Pictures pictures(kAll);
    const BackwardRecording recording = recording_after_backward(tape, pictures);
    REQUIRE(recording.runs.size() == 3);
    CHECK(recording.runs[0].passed[0].part.rows == 1);  // sum: all of the product's gradient
    CHECK(recording.runs[1].passed[0].uses == 2);
    CHECK(numbers(recording.runs[1].passed[0].part, pictures) == std::vector<double>{2, 8});
    CHECK(numbers(recording.gradients.at(&x.node()), pictures) == std::vector<double>{4, 32});
  }

  TEST_CASE("slopes that are measured agree with gradients: of variables, results, views and parameters") {
    PlayedNet net;
    const auto loss = [&] { return net.loss(); };
    Tape tape(Tape::Record, 1);
    const Tensor value = loss();
    Pictures pictures(kAll);
    const BackwardRecording recording = record_backward(value, pictures, 3);
    std::vector<SlopeQuery> queries;
    const std::uint64_t first = tape.nodes().front()->id;
    for (const GradientSample& sample : recording.samples) {
      if (sample.node != &value.node())
        queries.push_back({sample.node->id - first, sample.node->leaf, sample.index, sample.gradient,
                           std::abs(sample.gradient), 0.5});
    }
    REQUIRE(queries.size() > 60);
    const auto found = finite_differences(loss, 1, value.item(), queries, 60);
    REQUIRE(found.size() == queries.size());
    const double tolerance = sizeof(Real) == sizeof(double) ? 1e-6 : 2e-2;
    for (const FiniteDifference& difference : found) {
      const SlopeQuery& query = difference.query;
      INFO((query.leaf ? query.leaf->name() : std::string(tape.nodes()[query.node]->op)));
      const double error = std::abs(difference.slope() - difference.query.gradient);
      CHECK(error <= difference.rounding + tolerance * std::max(1e-2, std::abs(difference.query.gradient)));
    }
    CHECK(finite_differences(loss, 1, value.item(), queries, 0).empty());
  }

  TEST_CASE("of each gradient the largest numbers are measured") {
    Tape tape;
    const Tensor x = variable({4}, {1, -4, 2, 3});
    Pictures pictures(kAll);
    std::vector<double> found;
    for (const GradientSample& sample : record_backward(sum(square(x)), pictures, 2).samples) {
      if (sample.node == &x.node()) found.push_back(sample.gradient);
    }
    CHECK(found == std::vector<double>{-8, 6});
  }

  TEST_CASE("a parameter whose packed form somebody holds changes for the measurement all the same") {
    PlayedNet net;
    Arena memory;
    PackedWeights packed(memory);
    packed.hold(net.parameters());
    const auto loss = [&] { return net.loss(); };
    double value = 0, gradient = 0;
    {
      Tape tape(Tape::Record, 1);
      const Tensor y = loss();
      value = y.item();
      tape.backward(y);
      gradient = std::as_const(net.output.weight).grad()[7];
    }
    Leaf& weight = net.output.weight;
    const SlopeQuery query{.leaf = &weight, .index = 7, .gradient = gradient, .scale = 1};
    const auto found = finite_differences(loss, 1, value, query, 60);
    REQUIRE(found.size() == 1);
    CHECK(found[0].plus != found[0].minus);
    CHECK(std::abs(found[0].slope() - gradient) <= found[0].rounding + 0.02 * std::abs(gradient));
  }

  TEST_CASE("every tensor of a step has a name in the formulas of its op") {
    PlayedNet net;
    Tape tape;
    net.loss();
    for (const Node* node : tape.nodes()) {
      if (node->inputs.empty()) continue;
      INFO(node->op);
      CHECK(input_names(*node).size() == node->inputs.size());
      if (!node->outputs.empty()) CHECK(output_name(node->op, node->outputs.size() - 1).find("output") != 0);
    }
  }

  TEST_CASE("a page has the names of rows and steps that it is given") {
    PlayedNet net;
    PlayerOptions options{
        .steps = {{"rnn", {"le", "chat"}}}, .loss_table = {{"word", "p"}, {"le", "0.5"}}, .checks = 0};
    options.row_name = [](const Leaf& leaf, int row) { return fmt::format("{} {}", leaf.name(), row); };
    const std::string page = player_page([&] { return net.loss(); }, options);
    CHECK(contains(page, R"("steps":[{"path":"rnn","names":["le","chat"]}])"));
    CHECK(contains(page, R"("lossTable":[["word","p"],["le","0.5"]])"));
    CHECK(contains(page, R"("1":"embedding.weight 1","2":"embedding.weight 2")"));
  }

  TEST_CASE("a function that does not compute the same again is refused") {
    int calls = 0;
    const auto loss = [&] { return square(variable({}, {Real(++calls)})); };
    CHECK_THROWS_WITH(player_page(loss), doctest::Contains("computed again"));
  }

  TEST_CASE("the page of a function leaves gradients and values of parameters as they were") {
    PlayedNet net;
    net.scale.grad()[0] = 1;
    const std::vector<Real> values(net.scale.value().begin(), net.scale.value().end());
    const std::string page = player_page([&] { return net.loss(); });
    CHECK(net.scale.grad()[0] == 1);
    CHECK(net.scale.grad()[1] == 0);
    CHECK(net.output.weight.grad()[0] == 0);
    CHECK(std::ranges::equal(values, net.scale.value()));
    CHECK(contains(page, "\"leaf\":\"output.weight\""));
    CHECK_FALSE(contains(page, "\"checks\":[]"));
  }

  TEST_CASE("the page of a loss runs backward; so do not two of them; and what backward refuses is refused") {
    Tape tape;
    const Tensor x = variable({}, {3}), loss = x * x + x;
    CHECK(contains(player_page(loss), "\"ranBefore\":false"));
    CHECK(x.grad()[0] == 7);
    CHECK(contains(player_page(loss), "\"ranBefore\":true"));
    CHECK(x.grad()[0] == 7);
    const Tensor pair = variable({2}, {1, 2});
    CHECK_THROWS_WITH(player_page(pair * pair), doctest::Contains("need one number"));
    CHECK_THROWS_WITH(player_page([] { return square(full({}, 1)); }), doctest::Contains("depends on no variable"));
  }

  TEST_CASE("no text in a page ends its script, and the file is whole or named in an error") {
    const TemporaryFolder folder;
    const std::string path = folder.file("page.html");
    write_player(
        [] { return square(variable({}, {2})); }, path,
        {.title = "<b> & </script>\uFFFE\x07\xff", .about = {{"</script>", "\"\x01\xff\uFFFF\u0085\U0001FFFE"}}});
    const std::string page = file_text(path);
    CHECK(page.ends_with("</html>\n"));
    CHECK(contains(page, "<title>&lt;b> &amp; &lt;/script>\uFFFD\uFFFD\uFFFD</title>"));
    CHECK(contains(page, "\\u003c/script>\",\"\\\"\\u0001\uFFFD\\uffff\\u0085\\ud83f\\udffe\""));
    std::size_t ends = 0;
    for (std::size_t at = page.find("</script"); at != std::string::npos; at = page.find("</script", at + 1)) ++ends;
    CHECK(ends == 2);  // of the data, and of the code
    for (const char* part : {"http:", "https:", "src=", "import ", "fetch("}) {
      INFO(part);
      const bool is_namespace_only = contains(page, "http://www.w3.org/2000/svg") && std::string(part) == "http:";
      CHECK((is_namespace_only || !contains(page, part)));
    }
    CHECK_THROWS_WITH(write_player([] { return square(variable({}, {2})); }, folder.file("no/page.html")),
                      doctest::Contains("page.html"));
  }

  TEST_CASE("bytes as base64, and texts and numbers in JSON") {
    CHECK(json_text("a\"\\\n\t") == "\"a\\\"\\\\\\u000a\\u0009\"");
    CHECK(json_text("\u00e9\u20ac\U0001F600") == "\"\u00e9\u20ac\U0001F600\"");
    CHECK(json_text("\xc0\xaf \xed\xa0\x80 \xe2\x82") == "\"\uFFFD\uFFFD \uFFFD\uFFFD\uFFFD \uFFFD\uFFFD\"");
    CHECK(base64("Gra") == "R3Jh");
    CHECK(base64("Gradu\xff") == "R3JhZHX/");
    CHECK(base64("G") == "Rw==");
    CHECK(json_floats({}) == "\"\"");
    CHECK(json_floats(std::vector<float>{1}) == "\"AACAPw==\"");
    CHECK(json_floats(std::vector<float>{1, -2}) == "\"AACAPwAAAMA=\"");
    CHECK(json_floats(std::vector<float>{1, -2, 0}) == "\"AACAPwAAAMAAAAAA\"");
  }

  TEST_CASE("a picture keeps few numbers whole, of many what stands out, and statistics of all") {
    Pictures pictures(16);
    const Real few[] = {1, -2, 3};
    CHECK(numbers(pictures.take({3}, few), pictures) == std::vector<double>{1, -2, 3});
    std::vector<Real> many(100 * 30, Real(0.5));
    many[17 * 30 + 4] = -9;
    many[99 * 30 + 29] = std::numeric_limits<Real>::quiet_NaN();
    const Picture picture = pictures.take({100, 30}, many.data());
    CHECK(picture.rows * picture.cols <= 16);
    const std::vector<double> cells = numbers(picture, pictures);
    CHECK(std::ranges::count(cells, -9) == 1);
    CHECK(std::isnan(cells.back()));
    CHECK(pictures.numbers()[picture.begin] == -9);
    const Picture empty = pictures.take({0, 3}, many.data());
    CHECK(empty.rows == 0);
    const std::vector<Real> most(60 * 60, Real(0.5));
    for (int rows = 1; rows < 60; rows += 7) {
      for (int cols = 1; cols < 60; cols += 5) {
        const Picture any = pictures.take({rows, cols}, most.data());
        CHECK(any.rows >= 1);
        CHECK(any.cols >= 1);
        CHECK(any.rows * any.cols <= std::max(16, rows * cols <= 16 ? 16 : 0));
        CHECK(any.rows <= rows);
        CHECK(any.cols <= cols);
      }
    }
    const std::size_t sizes[] = {1, 1000, 1'000'000};
    CHECK(Pictures::cells_for(sizes, 10'000'000) == 65536);
    CHECK(Pictures::cells_for(sizes, 3000) == 1024);
    CHECK(Pictures::cells_for(sizes, 0) == 16);
  }

  TEST_CASE("a page of a step of many ops keeps within its numbers") {
    const auto step = [] {
      Tensor x = variable({40, 50}, some_numbers(2000, 1));
      for (int i = 0; i < 100; ++i) x = tanh(x);
      return mean(x);
    };
    const std::string page = player_page(step, {.checks = 1, .check_seconds = 5, .max_numbers = 20'000});
    CHECK(page.size() < 20'000 * 16 / 3 + 250'000);
    CHECK_FALSE(contains(page, "\"checks\":[]"));
  }

  TEST_CASE("listeners of a thread hear of its ops until they end, also by an exception") {
    struct Count : OpListener {
      void computed(std::span<const Tensor>) override { ++forward; }
      void passed_back(std::span<const Tensor>) override { ++backward; }
      int forward = 0, backward = 0;
    };
    Tape tape;
    Count outer;
    try {
      Count inner;
      const Tensor x = square(variable({}, {1}));
      CHECK(inner.forward == 2);
      tape.backward(x);
      CHECK(inner.backward == 1);
      throw 1;
    } catch (int) {
    }
    tanh(full({}, 1));
    CHECK(outer.forward == 3);
    CHECK(outer.backward == 1);
  }
}
