#include "examples/translate/data/corpus.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/read_file.h"
#include "examples/translate/text/unicode.h"
#include "nn/rng.h"

namespace gradus::translate {

namespace fs = std::filesystem;

namespace {

std::vector<std::string*> files_of(TrainConfig& config) {
  std::vector<std::string*> files;
  for (auto* const text : {&config.train, &config.valid}) {
    for (std::string& file : *text) {
      if (file != kStdin) files.push_back(&file);
    }
  }
  return files;
}

ParallelText read_some(const std::vector<std::string>& files) {
  ParallelText text = read_parallel(files.at(0), files.at(1));
  if (text.source.empty())
    fail("{}, {}: no sentence pair to use; {} have an empty side", input_name(files[0]), input_name(files[1]),
         text.skipped);
  return text;
}

}

void require_files(TrainConfig config, const std::string& advice) {
  for (std::string* const file : files_of(config)) {
    std::error_code reason;
    if (!fs::exists(*file, reason)) {
      if (!reason) reason = std::make_error_code(std::errc::no_such_file_or_directory);
      fail("{}: cannot read the file: {}{}", *file, reason.message(), advice);
    }
  }
  make_paths_absolute(config);
  for (const std::string* const file : files_of(config)) {
    if (find_invalid_utf8(*file) != std::string::npos)
      fail("{}: the path is not UTF-8, and config.json could not hold it; rename the file or its folder", *file);
  }
}

void make_paths_absolute(TrainConfig& config) {
  for (std::string* const file : files_of(config)) *file = fs::absolute(*file).lexically_normal().string();
}

ToyCorpus toy_corpus() { return make_toy_corpus(1); }

ParallelText toy_text(const std::vector<ToyPair>& split, const TextTokenizer& french) {
  ParallelText text;
  for (const ToyPair& pair : split) {
    text.add(join_words(pair.source), french.join(pair.target), text.lines.size() + 1);
  }
  return text;
}

std::size_t default_hold_out(std::size_t pairs) { return std::clamp<std::size_t>(pairs / 10, 1, 1000); }

CorpusText hold_out(ParallelText text, std::size_t count) {
  const std::size_t pairs = text.source.size();
  CorpusText parts;
  std::vector<bool> held(pairs);
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pair = (2 * i + 1) * pairs / (2 * count);  // the middle of the i-th of `count` parts
    held[pair] = true;
    known.insert({text.source[pair], text.target[pair]});
  }
  std::vector<bool> copies(pairs);
  for (std::size_t pair = 0; pair < pairs; ++pair)
    copies[pair] = !held[pair] && known.contains({text.source[pair], text.target[pair]});
  const auto left = pairs - count - static_cast<std::size_t>(std::ranges::count(copies, true));
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    if (copies[pair] && left > 0) {  // otherwise there would be nothing to learn
      ++parts.copies;
      continue;
    }
    (held[pair] ? parts.valid : parts.train).add(text.source[pair], text.target[pair], text.lines[pair]);
  }
  parts.train.skipped = text.skipped;
  return parts;
}

CorpusText load_text(const TrainConfig& config) {
  if (config.toy) {
    const ToyCorpus toy = toy_corpus();
    return {toy_text(toy.train), toy_text(toy.valid)};
  }
  ParallelText train = read_some(config.train);
  if (!config.valid.empty()) return {std::move(train), read_some(config.valid)};
  const std::size_t count =
      config.hold_out > 0 ? static_cast<std::size_t>(config.hold_out) : default_hold_out(train.source.size());
  if (count >= train.source.size()) {
    fail("{}, {}: {} of {} sentence pairs cannot be held out for validation; give --valid SRC TGT, or more text",
         config.train[0], config.train[1], count, train.source.size());
  }
  return hold_out(std::move(train), count);
}

Corpus encode_corpus(CorpusText text, const Languages& languages, const TrainConfig& config) {
  Corpus corpus;
  corpus.train = languages.encode(text.train);
  corpus.valid = languages.encode(text.valid);
  const auto longest = static_cast<size_t>(config.max_length) + 1;  // </s> is at each end
  corpus.too_long = std::erase_if(
      corpus.train, [&](const Pair& pair) { return std::max(pair.source.size(), pair.target.size()) > longest; });
  if (corpus.train.empty()) {
    fail("{}: no sentence pair to use; {} have more than {} {}s on a side; raise --max-length",
         config.toy ? "the toy language"
                    : fmt::format("{}, {}", input_name(config.train.at(0)), input_name(config.train.at(1))),
         corpus.too_long, config.max_length, unit_of(config.tokenizer));
  }
  corpus.copies = text.copies;
  corpus.empty = text.train.skipped + text.valid.skipped;
  corpus.valid_text = std::move(text.valid);
  return corpus;
}

std::uint64_t fingerprint(Pairs train, Pairs valid) {
  std::uint64_t hash = 0;
  for (const Pairs& split : {train, valid}) {
    for (std::size_t i = 0; i < split.size(); ++i) {
      for (const std::span<const int> side : {split.source(i), split.target(i)}) {
        for (const int word : side) hash = derive_seed(hash, static_cast<std::uint64_t>(word));
      }
    }
  }
  return hash;
}

}
