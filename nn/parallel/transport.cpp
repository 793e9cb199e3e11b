#include "nn/parallel/transport.h"

#include <cstdint>

namespace gradus::inline GRADUS_PRECISION {

void Messages::wait() {
  for (const Transport::Message message : open_) transport_.wait(message);
  open_.clear();
}

std::vector<std::string> gather_texts(Transport& transport, const std::string& own) {
  const auto ranks = static_cast<std::size_t>(transport.size());
  std::vector<std::uint64_t> lengths(ranks);
  std::vector<std::size_t> ends(ranks);
  lengths[transport.rank()] = own.size();
  for (std::size_t rank = 0; rank < ranks; ++rank) ends[rank] = rank + 1;
  gather_all(transport, std::span(lengths), ends);

  std::vector<std::string> texts(ranks);
  Messages messages(transport);
  for (int rank = 0; rank < transport.size(); ++rank) {
    std::string& text = texts[rank];
    if (rank == transport.rank()) {
      text = own;
      continue;
    }
    text.resize(lengths[rank]);
    messages.receive(rank, std::span(text));
    messages.send(rank, std::span(own));
  }
  messages.wait();
  return texts;
}

}
