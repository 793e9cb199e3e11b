#include "examples/translate/base/version.h"

#include "nn/package/version.h"

namespace gradus::translate {

const char* program_version() { return GRADUS_VERSION; }

}
