#include "examples/translate/data/corpus.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/input_name.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/data/parallel_files.h"
#include "examples/translate/text/unicode.h"
#include "nn/rng.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/checksum.h"

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

[[noreturn]] void fail_as_empty(const std::vector<std::string>& files, std::size_t skipped) {
  fail("{}, {}: no sentence pair to use; {} have an empty side", input_name(files[0]), input_name(files[1]), skipped);
}

/// Pairs that are held out from a text, and those that are equal to one.
class HeldOut {
 public:
  HeldOut(const TextStream& text, std::size_t count) : pairs_(text.size()), count_(count) {
    for_each(text, [&](std::string_view source, std::string_view target, std::size_t line, bool is_held) {
      if (is_held) valid_.add(std::string(source), std::string(target), line);
    });
    for (std::size_t i = 0; i < count_; ++i) known_.insert({valid_.source[i], valid_.target[i]});
  }
  HeldOut(const HeldOut&) = delete;
  HeldOut& operator=(const HeldOut&) = delete;

  const ParallelText& valid() const { return valid_; }
  bool knows(std::string_view source, std::string_view target) const { return known_.contains({source, target}); }

  /// Visits all pairs of the text, and says of each whether it is held out: the middle ones of `count` equal parts are.
  template <class Visit>
  void for_each(const TextStream& text, const Visit& visit) const {
    std::size_t pair = 0, held = 0;
    text.for_each([&](std::string_view source, std::string_view target, std::size_t line) {
      const bool is_held = held < count_ && pair == (2 * held + 1) * pairs_ / (2 * count_);
      visit(source, target, line, is_held);
      held += is_held ? 1 : 0;
      ++pair;
    });
  }

 private:
  std::size_t pairs_, count_;
  ParallelText valid_;
  std::set<std::pair<std::string_view, std::string_view>> known_;
};

/// Writes the words of a text as numbers.
class TokenEncoder {
 public:
  TokenEncoder(const TextStream& text, const Languages& languages, const TrainConfig& config, Progress* progress)
      : text_(text), languages_(languages), config_(config), progress_(progress), key_(key()) {}

  std::shared_ptr<const TokenFile> unnamed() const {
    UnnamedFile file;
    write([&](std::string_view bytes) { file.write(bytes); });
    return open(file.path());
  }

  /// The file at `path`, which is made if it is not there, or not the one.
  std::shared_ptr<const TokenFile> kept(const std::string& path) const {
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      try {
        return open(path);
      } catch (const Error& error) {
        if (!TokenFile::is_one(path))
          fail("{}: the file is there already, and none of tokens; remove it, or name another folder", path);
        tell(fmt::format("{}; it is made anew", error.what()));
      }
    }
    AtomicFile file(path);
    write([&](std::string_view bytes) { file.write(bytes); });
    file.commit();
    return open(path);
  }

 private:
  std::shared_ptr<const TokenFile> open(const std::string& path) const {
    return std::make_shared<const TokenFile>(path, key_, languages_.source.vocabulary.size(),
                                             languages_.target.vocabulary.size());
  }
  std::uint64_t key() const;
  void write(const TokenWriter::Write& write) const;
  void tell(const std::string& what) const {
    if (progress_ != nullptr) progress_->print("tokens      " + what);
  }

  const TextStream& text_;
  const Languages& languages_;
  const TrainConfig& config_;
  Progress* progress_;
  std::uint64_t key_;
};

/// Of all that decides what is written.
std::uint64_t TokenEncoder::key() const {
  std::uint64_t key = hash_of(derive_seed(text_.hash(), config_.toy ? 1 : 0), name_of(config_.tokenizer));
  for (const Language* const language : {&languages_.source, &languages_.target}) {
    const int words = static_cast<int>(language->vocabulary.size());
    for (int id = 0; id < words; ++id) key = hash_of(key, language->vocabulary.word(id));
    key = derive_seed(hash_of(key, language->model), language->lowercase ? 1 : 0);
  }
  return derive_seed(key, static_cast<std::uint64_t>(config_.max_length));
}

void TokenEncoder::write(const TokenWriter::Write& write) const {
  TokenWriter writer(write, text_.size());
  const auto longest = static_cast<size_t>(config_.max_length);
  std::size_t done = 0, too_long = 0;
  text_.for_each([&](std::string_view source, std::string_view target, std::size_t) {
    if (progress_ != nullptr && progress_->due())
      progress_->show(fmt::format("tokens      {} of {} pairs", done, text_.size()));
    ++done;
    ++too_long;
    if (languages_.source.surely_exceeds(source, longest) || languages_.target.surely_exceeds(target, longest)) return;
    const std::vector<int> a = languages_.source.encode(source), b = languages_.target.encode(target);
    if (std::max(a.size(), b.size()) > longest + 1) return;  // </s> is at each end
    --too_long;
    writer.add(a, b);
  });
  if (too_long == done) {
    fail("{}: no sentence pair to use; {} have more than {} {}s on a side; raise --max-length",
         config_.toy ? "the toy language"
                     : fmt::format("{}, {}", input_name(config_.train.at(0)), input_name(config_.train.at(1))),
         too_long, config_.max_length, unit_of(config_.tokenizer));
  }
  writer.finish(key_, too_long);
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

CorpusText hold_out(const TextStream& text, std::size_t count) {
  const auto held = std::make_shared<const HeldOut>(text, count);
  std::size_t copies = 0;
  held->for_each(text, [&](std::string_view source, std::string_view target, std::size_t, bool is_held) {
    copies += !is_held && held->knows(source, target) ? 1 : 0;
  });
  const std::size_t others = text.size() - count;
  if (copies == others) copies = 0;  // otherwise there would be nothing to learn
  const auto walk = [text, held, keeps_copies = copies == 0](const TextStream::Visitor& visit) {
    held->for_each(text, [&](std::string_view source, std::string_view target, std::size_t line, bool is_held) {
      if (!is_held && (keeps_copies || !held->knows(source, target))) visit(source, target, line);
    });
  };
  return {TextStream(walk, others - copies, text.skipped(), derive_seed(text.hash(), count)), held->valid(), copies};
}

CorpusText load_text(const TrainConfig& config) {
  if (config.toy) {
    const ToyCorpus toy = toy_corpus();
    return {toy_text(toy.train), toy_text(toy.valid)};
  }
  const TextStream train = stream_parallel(config.train.at(0), config.train.at(1));
  if (train.size() == 0) fail_as_empty(config.train, train.skipped());
  if (!config.valid.empty()) {
    ParallelText valid = read_parallel(config.valid.at(0), config.valid.at(1));
    if (valid.source.empty()) fail_as_empty(config.valid, valid.skipped);
    return {train, std::move(valid)};
  }
  const std::size_t count =
      config.hold_out > 0 ? static_cast<std::size_t>(config.hold_out) : default_hold_out(train.size());
  if (count >= train.size()) {
    fail("{}, {}: {} of {} sentence pairs cannot be held out for validation; give --valid SRC TGT, or more text",
         config.train[0], config.train[1], count, train.size());
  }
  return hold_out(train, count);
}

Corpus encode_corpus(const CorpusText& text, const Languages& languages, const TrainConfig& config,
                     const std::string& tokens, Progress* progress) {
  Corpus corpus;
  const TokenEncoder encoder(text.train, languages, config, progress);
  corpus.tokens = tokens.empty() ? encoder.unnamed() : encoder.kept(tokens);
  corpus.train = corpus.tokens->pairs();
  corpus.too_long = corpus.tokens->summary().left_out;
  corpus.valid = languages.encode(text.valid);
  corpus.copies = text.copies;
  corpus.empty = text.train.skipped() + text.valid.skipped;
  corpus.valid_text = text.valid;
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
