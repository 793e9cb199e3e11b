#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/translate/config/model_config.h"
#include "examples/translate/model/decoder.h"
#include "nn/recurrent_cells.h"

namespace gradus::translate {

/// What the recurrence goes on from.
struct RecurrentState {
  std::span<const LstmState> layers;  ///< (N, H) each; without cells unless the kind is LSTM
  std::span<const Tensor> masks;      ///< (N, H): of each layer's recurrent dropout, in training only
  Tensor output;                      ///< (N, H): of the last layer, if that is not its hidden state

  /// What attention and the output layer see of the recurrence: s_i or h_t.
  Tensor hidden() const { return output ? output : layers.back().hidden; }

  friend void for_each_tensor(RecurrentState& state, TensorAction action) {
    auto& [layers, masks, output] = state;
    for_each_tensor(layers, action);
    for_each_tensor(masks, action);
    action(output);
  }
};

/// What recurrent decoders share: layers of cells, and the readout (the deep output of Pascanu et al. 2014), which is a
/// layer of E numbers between the recurrence and the words, or, if `ModelConfig::readout` is direct, what that would
/// read. The subclasses differ in `step`, and in what the readout reads.
class RecurrentDecoder : public Decoder {
 public:
  Tensor embed(std::span<const int> ids) override;
  Tensor readout(std::span<const StepOutput> outputs, Tensor embedded) override;
  Linear& output() override { return output_; }
  Parameter& embedding_weight() override {
    return recurrence_.embedding ? recurrence_.embedding->weight : output_.weight;
  }

 protected:
  /// The recurrence reads `input_size` numbers besides the word, the readout `readout_size` (R).
  RecurrentDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size, int readout_size);

  /// What the layers begin with, as `ModelConfig::bridge` says: for the encoder's last states s₀ = tanh(W h + b), and
  /// the cell likewise. A fixed context, (N, H), stands in for the encoder's states.
  RecurrentState first_layers(std::span<const LstmState> summary, std::span<const int> order,
                              Tensor fixed_context = {});
  /// The summary of the source that all steps read, (N, H), if `ModelConfig::fixed_context` asks for one; else an empty
  /// handle.
  Tensor fixed_context(std::span<const LstmState> summary, std::span<const int> order);
  /// One step of all layers, the first of which reads those parts that are not empty.
  RecurrentState recur(std::initializer_list<Tensor> parts, const RecurrentState& previous);
  /// The readout, without its dropout.
  virtual Tensor readout_of(std::span<const StepOutput> outputs, Tensor embedded) = 0;
  /// The layer of the readout.   (N, ·) each, together (N, R) -> (N, E or R)
  Tensor readout_layer(std::initializer_list<Tensor> parts);
  /// How long the readout is that reads `readout_size` numbers.
  static int output_size(const ModelConfig& config, int readout_size);
  const ModelConfig& config() const { return config_; }

  Dropout dropout_;  ///< on the output

 private:
  /// What a layer begins with.
  struct Start {
    Start(Module* owner, const std::string& suffix, const ModelConfig& config);
    LstmState operator()(const LstmState& summary, int batch);

    std::optional<Linear> hidden_map, cell_map;         // for a summary of the encoder's states
    std::optional<Parameter> hidden_value, cell_value;  // if it is learned
    Shape shape;
    bool has_cell, copies;
  };

  /// Word vectors, and of each layer its start and its cell.
  struct Recurrence {
    Recurrence(Module* owner, const ModelConfig& config, int input_size);

    std::optional<Embedding> embedding;  // unless the output layer has the table
    std::deque<Start> starts;            // a deque, since parameters cannot move
    std::vector<std::unique_ptr<RecurrentCell>> cells;
  };

  ModelConfig config_;
  Recurrence recurrence_;
  Dropout layer_dropout_;
  std::optional<Linear> fixed_context_, readout_;
  Linear output_;
};

/// No attention: the source reaches the decoder through its initial state only (Sutskever et al. 2014, eq. 1), or, with
/// `ModelConfig::fixed_context`, as one vector at every step and readout (Cho et al. 2014, section 2.2 and appendix
/// A.1):
///     c = tanh(V h_S)    s_0 = tanh(V' c)    s_t = f(s_{t-1}, y_{t-1}, c)    p(y_t) from s_t, y_{t-1} and c
/// Departure: with the cell gru-reset-before f is that of Bahdanau et al. 2014, section A.1.1, which compare with such
/// a model; in Cho's decoder the reset gate stands outside of the product and on the context too.
struct PlainDecoder : RecurrentDecoder {
  PlainDecoder(Module* parent, std::string name, const ModelConfig& config);
  DecoderState begin(std::span<const LstmState> summary, std::span<const int> order) override;
  EncodedSource prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) override;
  Step step(Tensor embedded, const DecoderState& previous, EncodedSource source) override;

 protected:
  Tensor readout_of(std::span<const StepOutput> outputs, Tensor embedded) override;
};

}
