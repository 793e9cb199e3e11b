#pragma once

#include "autograd/seam.h"
#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// A name that a tensor was given, which traces and pages show.
struct Name : Attachment {
  explicit Name(const char* name) : Attachment(typeid(Name)), text(name) {}
  const char* text;  ///< the name
};

/// Names a tensor and returns it. The name is a literal, or lives as long as the tape.
///
///     Tensor w = named("w", variable({2}, {0.4, 0.1}));
inline Tensor named(const char* name, Tensor x) {
  Node& node = x.node();
  attach(node.attachments, node.tape->arena().make<Name>(name));
  return x;
}

/// The name that a node was given, or null.
inline const char* name_of(const Node& node) {
  const Name* const name = find_attachment<Name>(node.attachments);
  return name == nullptr ? nullptr : name->text;
}

}
