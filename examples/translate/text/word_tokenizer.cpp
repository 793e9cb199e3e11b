#include "examples/translate/text/word_tokenizer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr char32_t kMark = 0xFFED;
constexpr std::string_view kMarkText = "\xEF\xBF\xAD";
constexpr std::string_view kLiteralMark = "&#xFFED;";  // no piece of a text without the mark: & and # are split off

enum class CharacterKind { Letter, Number, Other };  // marks and controls count as letters, what splits words as Other

struct Character {
  char32_t value;
  CharacterKind kind;
  size_t begin;  // in bytes

  bool in_word() const { return kind != CharacterKind::Other; }
};

/// A piece of a token, before it is marked.
struct Piece {
  std::string_view text;
  bool is_word;
};

CharacterKind kind_of(char32_t c) {
  if (is_number(c)) return CharacterKind::Number;
  return is_punctuation(c) || is_symbol(c) ? CharacterKind::Other : CharacterKind::Letter;
}

bool is_one_of(char32_t c, std::u32string_view set) { return set.find(c) != std::u32string_view::npos; }

/// Cuts what stands between two runs of white space.
class TokenCutter {
 public:
  explicit TokenCutter(std::string_view token) : token_(token) {
    for (size_t i = 0; i < token.size();) {
      const CodePoint point = first_code_point(token.substr(i));
      characters_.push_back({point.value, kind_of(point.value), i});
      i += std::max<size_t>(point.length, 1);  // a malformed byte counts as a letter
    }
  }

  std::vector<Piece> cut() const {
    std::vector<Piece> pieces;
    for (size_t i = 0; i < characters_.size();) {
      const bool is_word = characters_[i].in_word();
      const size_t end = is_word ? std::max({word_end(i), web_address_end(i), mail_address_end(i)}) : run_end(i);
      const size_t begin_byte = characters_[i].begin;
      pieces.push_back({token_.substr(begin_byte, byte(end) - begin_byte), is_word});
      i = end;
    }
    return pieces;
  }

 private:
  size_t byte(size_t character) const {
    return character < characters_.size() ? characters_[character].begin : token_.size();
  }
  bool in_word(size_t i) const { return i < characters_.size() && characters_[i].in_word(); }
  bool is_number_at(size_t i) const { return characters_[i].kind == CharacterKind::Number; }

  /// Whether the mark at `i`, between two characters of words, leaves them one word.
  bool joins(size_t i) const {
    if (is_one_of(characters_[i].value, U"'’-‐‑_·")) return true;
    return is_one_of(characters_[i].value, U".,:/") && is_number_at(i - 1) && is_number_at(i + 1);
  }

  size_t word_end(size_t i) const {
    for (++i; in_word(i) || (in_word(i + 1) && joins(i)); ++i) {
    }
    return i;
  }

  /// The end of the run of characters that equal the one at `i`.
  size_t run_end(size_t i) const {
    const char32_t first = characters_[i].value;
    for (++i; first != kMark && i < characters_.size() && characters_[i].value == first; ++i) {
    }
    return i;
  }

  /// Goes back from `end` over what is rather the sentence's punctuation than an address's.
  size_t without_punctuation(size_t end) const {
    while (!in_word(end - 1) && characters_[end - 1].value != U'/') --end;
    return end;
  }

  /// The end of the `https://...` or `www....` that begins at `i`; 0 if there is none.
  size_t web_address_end(size_t i) const {
    const std::string_view rest = token_.substr(byte(i));
    for (const std::string_view start : {"http://", "https://", "ftp://", "www."}) {
      if (rest.starts_with(start)) return without_punctuation(characters_.size());
    }
    return 0;
  }

  /// The end of the `name@host.domain` that begins at `i`; 0 if there is none.
  size_t mail_address_end(size_t i) const {
    const size_t at = skip(i, U".-_+%");
    if (at >= characters_.size() || characters_[at].value != U'@' || !in_word(at + 1)) return 0;
    const size_t end = without_punctuation(skip(at + 1, U".-"));
    const auto is_point = [](const Character& c) { return c.value == U'.'; };
    return std::any_of(characters_.begin() + at, characters_.begin() + end, is_point) ? end : 0;
  }

  size_t skip(size_t i, std::u32string_view also) const {
    while (i < characters_.size() && (in_word(i) || is_one_of(characters_[i].value, also))) ++i;
    return i;
  }

  std::string_view token_;
  std::vector<Character> characters_;
};

}

std::vector<std::string> WordTokenizer::split(std::string_view line) const {
  std::vector<std::string> pieces;
  for (const std::string_view token : split_words(line)) {
    const std::vector<Piece> cut = TokenCutter(token).cut();
    for (size_t i = 0; i < cut.size(); ++i) {
      std::string piece(cut[i].text == kMarkText ? kLiteralMark : cut[i].text);
      if (!cut[i].is_word && i > 0) piece.insert(0, kMarkText);
      if (!cut[i].is_word && i + 1 < cut.size() && cut[i + 1].is_word) piece += kMarkText;
      pieces.push_back(std::move(piece));
    }
  }
  return pieces;
}

std::string WordTokenizer::join(const std::vector<std::string>& pieces) const {
  std::string line;
  bool touches = true;  // what comes next
  for (std::string_view piece : pieces) {
    if (piece.starts_with(kMarkText)) {
      piece.remove_prefix(kMarkText.size());
      touches = true;
    }
    const bool touches_next = piece.empty() || piece.ends_with(kMarkText);
    if (!piece.empty() && touches_next) piece.remove_suffix(kMarkText.size());
    if (!touches) line += ' ';
    line += piece == kLiteralMark ? kMarkText : piece;
    touches = touches_next;
  }
  return line;
}

}
