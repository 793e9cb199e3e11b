#pragma once

/// The version of the library, which is that of `meson.build`; tests/consumers/check_texts.py holds the two together.
/// Versions are semantic (semver.org): before 1.0 a new second number may ask for changes, CHANGELOG.md says which.

#define GRADUS_VERSION_MAJOR 0
#define GRADUS_VERSION_MINOR 1
#define GRADUS_VERSION_PATCH 0
#define GRADUS_VERSION "0.1.0"
