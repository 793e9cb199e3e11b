#pragma once

namespace gradus::translate {

/// `0.1.0`, the version of the project.
const char* program_version();

}
