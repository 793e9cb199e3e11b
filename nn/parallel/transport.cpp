#include "nn/parallel/transport.h"

#include <algorithm>
#include <cstdint>

namespace gradus::inline GRADUS_PRECISION {

void Messages::wait() {
  for (const Transport::Message message : open_) transport_.wait(message);
  open_.clear();
}

bool any_rank(Transport& transport, bool here) { return std::ranges::count(gather_each(transport, char{here}), 1) > 0; }

std::vector<std::string> gather_texts(Transport& transport, const std::string& own) {
  const std::vector<std::uint64_t> lengths = gather_each(transport, std::uint64_t{own.size()});
  std::vector<std::string> texts(lengths.size());
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
