#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/base/tokenizer_kind.h"
#include "examples/translate/text/tokenizer.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

/// Subwords by the sentencepiece library (Kudo and Richardson, 2018): BPE (Sennrich et al., 2016) and unigram (Kudo,
/// 2018). Frequent words are one piece, rare ones several, and `▁` (U+2581) stands for the space before a word.
///
/// No text is unknown: a character that is not among the 99.95 % most frequent ones is written as the pieces of its
/// UTF-8 bytes, `<0xF0>`. Full coverage instead would fill the vocabulary with characters seen once, thousands of them
/// in a Chinese text, and a character that the training text does not have would still be unknown. The price is 256
/// pieces. The text is not normalised (no NFKC), so that translations can be compared with the reference as it stands;
/// but U+2581 itself becomes an underscore.
namespace gradus::translate {

/// Learns the pieces of the lines, which hold no malformed UTF-8, and returns the model as sentencepiece stores it.
/// Special pieces are numbered as in Vocabulary. There will be `size` pieces, special ones and bytes included, or fewer
/// if the text does not have so many. The same on every machine. Lines of more than 4,192 bytes have no part in it.
/// Throws Error for a size that is too small for the text, with the one that works.
std::string train_subwords(std::span<const std::string> lines, TokenizerKind kind, int size);

/// What stands for the space before a word, and begins its first piece: `▁`.
inline constexpr std::string_view kWordBegin = "\xE2\x96\x81";

class SubwordTokenizer : public TextTokenizer {
 public:
  /// Takes a model from `train_subwords`. Throws Error, naming `path`, for bytes that are none, and for a model with
  /// other special pieces, or a map of characters, which could lead anywhere in memory.
  SubwordTokenizer(std::string_view model, const std::string& path);
  ~SubwordTokenizer() override;

  std::vector<std::string> split(std::string_view line) const override;
  /// Bytes that make no character become U+FFFD.
  std::string join(const std::vector<std::string>& pieces) const override;

  /// All pieces in the order of their numbers, the special ones first.
  std::vector<std::string> pieces() const;
  /// The score of each piece: of BPE the higher, the earlier it is merged, of unigram its log probability. Pieces that
  /// stand for no text, the special ones and bytes, have -inf.
  std::vector<double> scores() const;

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
};

}
