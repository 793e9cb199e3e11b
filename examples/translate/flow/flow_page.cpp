#include "examples/translate/flow/flow_page.h"

#include "autograd/inspect/pages/page.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

/// Where norms stand among the page's numbers: [begin, rows, columns]; null for none.
Json place_of(const StateNorms& norms, std::vector<float>& numbers) {
  if (norms.empty()) return {};
  const std::size_t begin = numbers.size();
  numbers.insert(numbers.end(), norms.norms.begin(), norms.norms.end());
  return Json::List{begin, norms.words, norms.states};
}

Json sentence_of(const SentenceFlow& sentence, std::vector<float>& numbers) {
  const GradientFlow& flow = sentence.flow;
  return Json::object({{"source", sentence.source},
                       {"target", sentence.target},
                       {"forward", place_of(flow.forward, numbers)},
                       {"backward", place_of(flow.backward, numbers)},
                       {"decoder", place_of(flow.decoder, numbers)},
                       {"reversed", flow.reversed}});
}

Json curve_of(const std::vector<FlowPoint>& curve) {
  Json::List points;
  for (const auto& [distance, share, count] : curve) points.push_back(Json::List{distance, share, count});
  return points;
}

Json model_of(const ModelFlow& model, std::vector<float>& numbers) {
  const FlowCurves curves = flow_curves(model);
  const FlowStations stations = flow_stations(model);
  Json::List sentences, norms;
  for (const SentenceFlow& sentence : model.sentences) sentences.push_back(sentence_of(sentence, numbers));
  for (const double norm : stations.norms) norms.emplace_back(norm);
  return Json::object({{"name", model.name},
                       {"kind", model.kind},
                       {"attends", model.attends},
                       {"trained", model.trained},
                       {"sentences", sentences},
                       {"encoder", curve_of(curves.encoder)},
                       {"decoder", curve_of(curves.decoder)},
                       {"stations", norms}});
}

}

std::string flow_page(std::span<const ModelFlow> models,
                      const std::vector<std::pair<std::string, std::string>>& about) {
  const std::string title = "Gradients through time";
  std::vector<float> numbers;
  Json::List of_models, told, stations;
  for (const ModelFlow& model : models) of_models.push_back(model_of(model, numbers));
  for (const auto& [name, text] : about) told.push_back(Json::List{name, text});
  for (const char* name : FlowStations::kNames) stations.emplace_back(name);
  const Json data = Json::object({{"title", title},
                                  {"about", told},
                                  {"stations", stations},
                                  {"findings", flow_findings(models)},
                                  {"models", of_models}});
  return page(title, data.dump(-1, Json::InvalidUtf8::Replace), numbers, pages::flow_js, pages::flow_css);
}

}
