#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/state_dict.h"

/// Safetensors files (https://github.com/huggingface/safetensors, "Format"): eight bytes with the length of the header,
/// little-endian; the header, JSON with name, type, shape and place of every tensor; the numbers. Python's
/// `safetensors` and Netron open what is written here.

namespace gradus::inline GRADUS_PRECISION {

/// What a file says about its tensors, in texts of any name.
using Metadata = std::map<std::string, std::string>;

/// Writes the module's parameters and buffers (`state_dict`), and some texts about them.
void save(Module& module, const std::string& path, const Metadata& metadata = {});

/// Reads the module's parameters and returns the texts. Throws, listing every parameter that is missing in the file or
/// has another shape there, and every tensor of the file that the module does not have; the module is then as it was.
Metadata load(Module& module, const std::string& path);

/// Writes arrays in the order given, with the precision of `Real`, whole or not at all (nn/storage/atomic_file.h).
/// A `checksum` of all numbers, names and texts is added to the metadata. Throws if two have the same name, or a name
/// or text is not UTF-8.
void write_safetensors(const std::string& path, std::span<const NamedArray> arrays, const Metadata& metadata = {});

/// A file that has been read and found to be in order.
class SafetensorsFile {
 public:
  /// What the header says of a tensor.
  struct Entry {
    std::string dtype;                ///< "F32", "F64" or "I64", of counts that PyTorch keeps
    std::vector<std::int64_t> shape;  ///< of any rank
    std::size_t begin = 0, end = 0;   ///< where its bytes are, counted from the end of the header
  };

  /// Throws, naming the file, and the tensor if there is one to blame, for whatever is wrong with it: a file that
  /// cannot be read, is cut off or is no safetensors file; numbers of a type other than F32, F64 and I64; a size that
  /// does not fit the shape; tensors that overlap, leave holes or have the same name; a `checksum` in its metadata that
  /// is not that of its contents.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return path_; }                         ///< as it was named
  const Metadata& metadata() const { return metadata_; }                    ///< the texts, without the checksum
  const std::map<std::string, Entry>& entries() const { return entries_; }  ///< all tensors by name

  /// Throws unless the file has a tensor of this name and shape.
  void require(const std::string& name, const Shape& shape) const;
  /// Copies a tensor's numbers, each as the nearest `Real`: a count of I64 from 2^24 on, or a number of F64, may be no
  /// float. Throws if there is no such tensor, its shape is another one, or it
  /// is F64 and holds NaN or a number that is too large for a float `Real`, with its place.
  void read(const NamedArray& into) const;
  /// Copies the numbers of all tensors of the file at once: throws before it copies anything, with the first of the
  /// tensors that are missing, not asked for, or as above, and how many more there are.
  void read_all(std::span<const NamedArray> into) const;

 private:
  void parse_header(std::string_view header);
  void check_layout() const;
  void take_checksum();
  /// What is wrong with a request, or "".
  std::string mismatch(const std::string& name, const Shape& shape) const;
  std::string mismatch(const NamedArray& into) const;
  [[noreturn]] void fail_as_misfit(const std::string& problems) const;
  const char* data(const Entry& entry) const { return bytes_.data() + begin_ + entry.begin; }
  void copy(const NamedArray& into) const;

  std::string path_;
  Metadata metadata_;
  std::map<std::string, Entry> entries_;
  std::string bytes_;
  std::size_t begin_ = 0;  // of the numbers, behind the header
};

}
