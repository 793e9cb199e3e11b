#include "autograd/inspect/names.h"

#include "autograd/seam.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

struct Name : Attachment {
  explicit Name(const char* text) : Attachment(typeid(Name)), text(text) {}
  const char* text;
};

}

Tensor named(const char* name, Tensor x) {
  Node& node = x.node();
  attach(node.attachments, node.tape->arena().make<Name>(name));
  return x;
}

const char* name_of(const Node& node) {
  const Name* const name = find_attachment<Name>(node.attachments);
  return name == nullptr ? nullptr : name->text;
}

}
