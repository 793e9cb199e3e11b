#include "examples/translate/machine/shared_work.h"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "examples/translate/base/interrupt.h"

namespace gradus::translate {

namespace {

/// Texts as one: each after its length.
std::string pack(const std::vector<std::string>& texts) {
  std::string packed;
  for (const std::string& text : texts) {
    const std::uint64_t length = text.size();
    packed.append(reinterpret_cast<const char*>(&length), sizeof length);
    packed += text;
  }
  return packed;
}

void unpack(std::string_view packed, std::vector<std::string>& texts) {
  while (!packed.empty()) {
    std::uint64_t length = 0;
    std::memcpy(&length, packed.data(), sizeof length);
    texts.emplace_back(packed.substr(sizeof length, length));
    packed.remove_prefix(sizeof length + length);
  }
}

/// Does this rank's part. If somebody interrupts that of one rank, all of them throw Interrupted.
void do_part(Transport& transport, FunctionRef<void()> work) {
  bool interrupted = false;
  try {
    work();
  } catch (const Interrupted&) {
    interrupted = true;
  }
  if (any_rank(transport, interrupted)) throw Interrupted();
}

}

std::vector<std::string> share_texts(Transport& transport, std::size_t count,
                                     FunctionRef<std::vector<std::string>(std::size_t begin, std::size_t end)> make) {
  const auto ranks = static_cast<std::size_t>(transport.size()), rank = static_cast<std::size_t>(transport.rank());
  std::vector<std::string> own;
  do_part(transport, [&] { own = make(count * rank / ranks, count * (rank + 1) / ranks); });
  if (ranks == 1) return own;
  std::vector<std::string> all;
  for (const std::string& packed : gather_texts(transport, pack(own))) unpack(packed, all);
  return all;
}

std::vector<std::string> broadcast_texts(Transport& transport, const std::vector<std::string>& texts) {
  if (transport.size() == 1) return texts;
  std::vector<std::string> all;
  unpack(gather_texts(transport, transport.rank() == 0 ? pack(texts) : "").front(), all);
  return all;
}

std::vector<double> share_numbers(
    Transport& transport, std::size_t count,
    FunctionRef<void(const std::vector<std::size_t>& own, std::vector<double>& numbers)> make) {
  const auto ranks = static_cast<std::size_t>(transport.size()), rank = static_cast<std::size_t>(transport.rank());
  std::vector<double> numbers(count);
  std::vector<std::size_t> own;
  for (std::size_t i = rank; i < count; i += ranks) own.push_back(i);
  do_part(transport, [&] { make(own, numbers); });
  if (ranks == 1) return numbers;

  const std::size_t most = (count + ranks - 1) / ranks;  // numbers of a rank
  std::vector<double> by_rank(ranks * most);
  std::vector<std::size_t> ends;
  for (std::size_t r = 0; r < ranks; ++r) ends.push_back((r + 1) * most);
  for (std::size_t i = 0; i < own.size(); ++i) by_rank[rank * most + i] = numbers[own[i]];
  gather_all(transport, std::span(by_rank), ends);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = by_rank[i % ranks * most + i / ranks];
  return numbers;
}

}
