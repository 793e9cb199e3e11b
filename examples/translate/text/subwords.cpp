#include "examples/translate/text/subwords.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/text/vocabulary.h"

namespace gradus::translate {

namespace {

/// The line as sentencepiece wants it: one space between words, and no sign that means a space.
std::string clean(std::string_view line) {
  std::string words;
  for (std::string_view word : split_words(line)) {
    if (!words.empty()) words += ' ';
    for (size_t at; (at = word.find(kWordBegin)) != std::string_view::npos;
         word.remove_prefix(at + kWordBegin.size())) {
      words += word.substr(0, at);
      words += '_';
    }
    words += word;
  }
  return words;
}

class LineIterator : public sentencepiece::SentenceIterator {
 public:
  explicit LineIterator(std::span<const std::string> lines) : lines_(lines) { read(); }
  bool done() const override { return next_ == lines_.size(); }
  void Next() override {
    ++next_;
    read();
  }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  void read() {
    if (!done()) line_ = clean(lines_[next_]);
  }

  std::span<const std::string> lines_;
  size_t next_ = 0;
  std::string line_;
};

std::unordered_map<std::string, std::string> training_options(TokenizerKind kind, int size) {
  return {
      {"model_type", kind == TokenizerKind::Bpe ? "bpe" : "unigram"},
      {"vocab_size", std::to_string(size)},
      {"hard_vocab_limit", "false"},
      {"pad_id", std::to_string(kPad)},
      {"unk_id", std::to_string(kUnknown)},
      {"bos_id", std::to_string(kBegin)},
      {"eos_id", std::to_string(kEnd)},
      {"unk_surface", "<unk>"},
      {"byte_fallback", "true"},
      {"character_coverage", "0.9995"},
      {"required_chars", std::string(kWordBegin)},
      {"normalization_rule_name", "identity"},
      {"num_threads", "8"},  // sums are split in so many parts, on any machine: the same roundings everywhere
      {"minloglevel", "4"},  // silence
  };
}

/// The last whole number in a message of sentencepiece such as "... smaller than required_chars. 200 vs 314. Increase
/// vocab_size or ..."; 0 without one.
int last_number(std::string_view message) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto last = std::find_if(message.rbegin(), message.rend(), is_digit);
  const auto before = std::find_if_not(last, message.rend(), is_digit);
  int number = 0;
  std::from_chars(&*before.base(), &*before.base() + (last - before), number);
  return number;
}

[[noreturn]] void fail_to_train(const std::string& message, int size) {
  if (message.find("smaller than required_chars") != std::string::npos)
    fail("vocabulary_size: {} is too small for the characters and bytes of the text; need at least {}", size,
         last_number(message));
  if (message.find("sentences_.empty()") != std::string::npos)
    fail("subwords: no line to learn them from: each is longer than 4192 bytes or holds the sign U+2585");
  fail("subwords: sentencepiece cannot learn them from this text: {}", message);
}

/// Fields of a message of protobuf (its "wire format"), one after the other.
class ProtobufFields {
 public:
  explicit ProtobufFields(std::string_view bytes) : rest_(bytes) {}

  struct Field {
    std::uint64_t number = 0;
    std::string_view bytes = {};  ///< of a text or a message
  };
  /// The next one; none at the end, or where the bytes are no message.
  std::optional<Field> next() {
    constexpr std::uint64_t kVarint = 0, kEightBytes = 1, kLengthFirst = 2, kFourBytes = 5;
    if (rest_.empty() || broken_) return {};
    const std::uint64_t tag = varint(), kind = tag & 7;
    if (kind == kVarint) varint();
    const std::uint64_t length = kind == kEightBytes ? 8 : kind == kFourBytes ? 4 : kind == kLengthFirst ? varint() : 0;
    const bool is_known = kind == kVarint || kind == kEightBytes || kind == kFourBytes || kind == kLengthFirst;
    broken_ = broken_ || !is_known || length > rest_.size();
    if (broken_) return {};
    const Field field{tag >> 3, rest_.substr(0, length)};
    rest_.remove_prefix(length);
    return field;
  }
  /// Whether what came so far is no message, or has the groups of old.
  bool broken() const { return broken_; }

 private:
  /// Seven bits a byte, the lowest first; the last byte has no highest bit.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; !rest_.empty() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    broken_ = true;
    return value;
  }

  std::string_view rest_;
  bool broken_ = false;
};

/// Throws for a model that would lead sentencepiece, which trusts it, astray: a map of characters (field 2 of
/// normalizer_spec and denormalizer_spec, 3 and 5), in which it follows offsets without a check; a piece (field 1 of
/// each of pieces, 1) with a NUL, where the piece ends for its index, which must not be empty; and lengths beyond the
/// end, for which protobuf takes up to 50 MB in groups. `train_subwords` makes none of these.
void require_plain_model(std::string_view model, const std::string& path) {
  ProtobufFields fields(model);
  bool broken = false;
  while (const auto field = fields.next()) {
    if (field->number > 5) continue;
    ProtobufFields inner(field->bytes);
    while (const auto option = inner.next()) {
      if ((field->number == 3 || field->number == 5) && option->number == 2 && !option->bytes.empty())
        fail("{}: the sentencepiece model has a map of characters; need one with the rule of normalisation identity",
             path);
      if (field->number == 1 && option->number == 1 && option->bytes.find('\0') != std::string_view::npos)
        fail("{}: the sentencepiece model has a piece with a NUL", path);
    }
    broken = broken || inner.broken();
  }
  if (broken || fields.broken()) fail("{}: not a sentencepiece model: it is damaged", path);
}

}

std::string train_subwords(std::span<const std::string> lines, TokenizerKind kind, int size) {
  LineIterator iterator(lines);
  std::string model;
  const sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(training_options(kind, size), &iterator, &model);
  if (!status.ok()) fail_to_train(status.message(), size);
  return model;
}

SubwordTokenizer::SubwordTokenizer(std::string_view model, const std::string& path)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  require_plain_model(model, path);
  const sentencepiece::util::Status status = processor_->LoadFromSerializedProto(model);
  if (!status.ok()) fail("{}: not a sentencepiece model: {}", path, status.message());
  const Vocabulary special;
  for (int id = 0; id < static_cast<int>(special.size()); ++id) {
    if (id >= processor_->GetPieceSize() || processor_->IdToPiece(id) != special.word(id))
      fail("{}: the sentencepiece model must begin with <pad>, <unk>, <s> and </s>", path);
  }
}

SubwordTokenizer::~SubwordTokenizer() = default;

std::vector<std::string> SubwordTokenizer::split(std::string_view line) const {
  std::vector<std::string> pieces;
  const sentencepiece::util::Status status = processor_->Encode(clean(line), &pieces);
  if (!status.ok()) fail("subwords: sentencepiece cannot split a line: {}", status.message());
  return pieces;
}

std::string SubwordTokenizer::join(const std::vector<std::string>& pieces) const {
  std::string line;
  const sentencepiece::util::Status status = processor_->Decode(pieces, &line);
  if (!status.ok()) fail("subwords: sentencepiece cannot join pieces: {}", status.message());
  // The search may put any bytes together, those of a line feed too.
  const WhitespaceTokenizer words;
  return words.join(words.split(line));
}

std::vector<std::string> SubwordTokenizer::pieces() const {
  std::vector<std::string> pieces;
  for (int id = 0; id < processor_->GetPieceSize(); ++id) pieces.push_back(processor_->IdToPiece(id));
  return pieces;
}

std::vector<double> SubwordTokenizer::scores() const {
  std::vector<double> scores;
  for (int id = 0; id < processor_->GetPieceSize(); ++id) {
    const bool is_text = !processor_->IsByte(id) && !processor_->IsControl(id) && !processor_->IsUnknown(id) &&
                         !processor_->IsUnused(id);
    scores.push_back(is_text ? double(processor_->GetScore(id)) : -std::numeric_limits<double>::infinity());
  }
  return scores;
}

}
