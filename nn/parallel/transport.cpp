#include "nn/parallel/transport.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace gradus::inline GRADUS_PRECISION {

void Messages::wait() {
  for (const Transport::Message message : open_) transport_.wait(message);
  open_.clear();
}

namespace {

/// Where the ranks' numbers end, if each has one.
std::vector<std::size_t> one_each(const Transport& transport) {
  std::vector<std::size_t> ends(static_cast<std::size_t>(transport.size()));
  std::iota(ends.begin(), ends.end(), 1);
  return ends;
}

}

bool any_rank(Transport& transport, bool here) {
  std::vector<char> answers(static_cast<std::size_t>(transport.size()));
  answers[transport.rank()] = here ? 1 : 0;
  gather_all(transport, std::span(answers), one_each(transport));
  return std::ranges::count(answers, 1) > 0;
}

std::vector<std::string> gather_texts(Transport& transport, const std::string& own) {
  const auto ranks = static_cast<std::size_t>(transport.size());
  std::vector<std::uint64_t> lengths(ranks);
  lengths[transport.rank()] = own.size();
  gather_all(transport, std::span(lengths), one_each(transport));

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
