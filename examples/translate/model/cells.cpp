#include "examples/translate/model/cells.h"

namespace gradus::translate {

namespace {

template <class Cell>
std::unique_ptr<RecurrentCell> make(Module* parent, std::string name, int in, int hidden) {
  return std::make_unique<Cell>(parent, std::move(name), in, hidden);
}

}

CellStack::MakeCell cell_maker(const ModelConfig& config) {
  if (config.cell == CellKind::Lstm) return config.layer_norm ? make<LayerNormLSTMCell> : make<LSTMCell>;
  if (config.cell == CellKind::GruResetBefore) return make<ResetBeforeGRUCell>;
  return config.layer_norm ? make<LayerNormGRUCell> : make<GRUCell>;
}

}
