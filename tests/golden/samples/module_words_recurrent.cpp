#include "nn/recurrent.h"
#include "ops/layout.h"
#include "tests/golden/samples/module_words.h"

// PyTorch's sequences are (S, B, in), or (B, S, in) by `batch_first`, or (S, in) without a batch; Gradus's are (B, S,
// in).

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Outputs = std::vector<Tensor>;

Nonlinearity nonlinearity_of(Call& make) {
  return make.text(-1, "nonlinearity", "tanh") == "relu" ? Nonlinearity::Relu : Nonlinearity::Tanh;
}

RecurrentOptions recurrent_options_of(Call& make) {
  require_default(make, "dropout", 0);
  return {.layers = make.integer(-1, "num_layers", 1),
          .bidirectional = make.flag(-1, "bidirectional", false),
          .bias = make.flag(-1, "bias", true),
          .proj_size = make.integer(-1, "proj_size", 0)};
}

/// How a sequence is laid out.
struct RecurrentLayout {
  bool batched, batch_first;

  Tensor to_gradus(Tensor x) const {
    if (!batched) return unsqueeze(x, 0);
    return batch_first ? x : transpose(x, 0, 1);
  }
  Tensor to_torch(Tensor y) const {
    if (!batched) return squeeze(y, 0);
    return batch_first ? y : transpose(y, 0, 1);
  }
  /// (L · D, B, H), or (L · D, H) without a batch, as a list.
  Outputs states(Tensor all) const {
    Outputs result;
    for (int i = 0; i < all.dim(0); ++i) result.push_back(batched ? select(all, 0, i) : slice(all, 0, i, i + 1));
    return result;
  }
  Tensor stacked(const Outputs& states) const { return batched ? stack(states, 0) : concat(states, 0); }
};

template <class Layer>
auto run_layer(bool batch_first) {
  return [=](Layer& layer, Call& call) -> Outputs {
    const Tensor input = call.tensor(0, "input");
    const RecurrentLayout layout{input.rank() == 3, batch_first};
    const Tensor x = layout.to_gradus(input);
    const std::vector<int> lengths(static_cast<std::size_t>(x.dim(0)), x.dim(1));
    if constexpr (std::is_same_v<Layer, LSTM>) {
      std::vector<LstmState> initial;
      if (const std::vector<Tensor> given = call.tensors(1, "hx"); !given.empty()) {
        const Outputs hidden = layout.states(given[0]), cell = layout.states(given[1]);
        for (std::size_t i = 0; i < hidden.size(); ++i) initial.push_back({hidden[i], cell[i]});
      }
      const auto [output, final] = layer(x, lengths, initial);
      Outputs hidden, cell;
      for (const LstmState& state : final) {
        hidden.push_back(state.hidden);
        cell.push_back(state.cell);
      }
      return {layout.to_torch(output), layout.stacked(hidden), layout.stacked(cell)};
    } else {
      const Tensor given = call.optional_tensor(1, "hx");
      const auto [output, final] = layer(x, lengths, given ? layout.states(given) : Outputs());
      return {layout.to_torch(output), layout.stacked({final.begin(), final.end()})};
    }
  };
}

template <class Layer, class... More>
BuiltModule layer(Call& make, More... more) {
  auto module = std::make_unique<Layer>(nullptr, "", make.integer(-1, "input_size"), make.integer(-1, "hidden_size"),
                                        recurrent_options_of(make), more...);
  return built(std::move(module), run_layer<Layer>(make.flag(-1, "batch_first", false)));
}

/// A cell of one state, or of two.
template <class Cell>
Outputs run_cell(Cell& cell, Call& call) {
  const Tensor input = call.tensor(0, "input");
  const bool batched = input.rank() == 2;
  const auto to_gradus = [=](Tensor x) { return batched ? x : unsqueeze(x, 0); };
  const auto to_torch = [=](Tensor x) { return batched ? x : squeeze(x, 0); };
  const Tensor x = to_gradus(input);
  if constexpr (std::is_same_v<Cell, LSTMCell>) {
    const std::vector<Tensor> given = call.tensors(1, "hx");
    const LstmState before =
        given.empty() ? cell.zero_state(x.dim(0)) : LstmState{to_gradus(given[0]), to_gradus(given[1])};
    const auto [hidden, after] = cell(x, before);
    return {to_torch(hidden), to_torch(after)};
  } else {
    const Tensor given = call.optional_tensor(1, "hx");
    return {to_torch(cell(x, given ? to_gradus(given) : cell.zero_state(x.dim(0))))};
  }
}

template <class Cell, class... More>
BuiltModule cell(Call& make, More... more) {
  auto module = std::make_unique<Cell>(nullptr, "", make.integer(-1, "input_size"), make.integer(-1, "hidden_size"),
                                       more..., make.flag(-1, "bias", true));
  return built(std::move(module), run_cell<Cell>);
}

}

void add_recurrent_modules(ModuleWords& words) {
  words["LSTM"] = [](Call& make) { return layer<LSTM>(make); };
  words["GRU"] = [](Call& make) { return layer<GRU>(make); };
  words["RNN"] = [](Call& make) { return layer<RNN>(make, nonlinearity_of(make)); };
  words["LSTMCell"] = [](Call& make) { return cell<LSTMCell>(make); };
  words["GRUCell"] = [](Call& make) { return cell<GRUCell>(make); };
  words["RNNCell"] = [](Call& make) { return cell<RNNCell>(make, nonlinearity_of(make)); };
}

}
