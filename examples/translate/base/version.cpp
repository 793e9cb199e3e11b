#include "examples/translate/base/version.h"

namespace gradus::translate {

const char* program_version() { return GRADUS_VERSION; }

}
