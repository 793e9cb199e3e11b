#pragma once

/// Whether a suite is compiled with AddressSanitizer, under which memory and time are other ones.
#if defined(__SANITIZE_ADDRESS__)  // GCC's word for it
constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)  // Clang's
constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
constexpr bool kAddressSanitizer = false;
#endif
