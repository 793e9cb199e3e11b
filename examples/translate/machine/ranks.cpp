#include "examples/translate/machine/ranks.h"

#include "nn/parallel/local_transport.h"

#ifdef GRADUS_MPI
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

#include "nn/parallel/mpi/mpi_transport.h"
#endif

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

Transport* current = nullptr;
int here = 1;

/// What starts MPI programs says so, and most of them how many processes there are. 0 if nothing did, 1 if it does not
/// say.
int started_ranks() {
  int most = 0;
  for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr) continue;
    const bool is_size = std::string_view(name).ends_with("_SIZE");
    most = std::max(most, is_size ? std::atoi(value) : 1);
  }
  return most;
}

#ifdef GRADUS_MPI

/// Keeps what this process writes from being seen.
class Muted {
 public:
  Muted() : stderr_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), kept_(::memfd_create("stderr", MFD_CLOEXEC)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (stderr_ < 0 || kept_ < 0 || nowhere < 0) fail("ranks: no descriptors for the output of a rank");
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(kept_, STDERR_FILENO);
    ::close(nowhere);
  }
  /// A message to those who read what rank 0 writes.
  void say(std::string_view text) const { ::dprintf(stderr_, "%.*s\n", static_cast<int>(text.size()), text.data()); }
  /// The end of what was written to standard error.
  std::string last_words() const {
    std::array<char, 2000> text{};
    const off_t size = ::lseek(kept_, 0, SEEK_CUR);
    const ssize_t got =
        ::pread(kept_, text.data(), text.size(), std::max<off_t>(0, size - static_cast<off_t>(text.size())));
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

 private:
  int stderr_, kept_;
};

int run_with_mpi(FunctionRef<int()> work, int started) {
  constexpr double kPatience = 2;  // seconds, for others that end with an error too
  std::optional<Muted> muted;
  const auto say = [&](const std::string& text) {
    const std::string line = "gradus: " + text;
    if (muted) {
      muted->say(line);
    } else {
      fmt::print(stderr, "{}\n", line);
    }
  };
  MpiTransport transport(say);
  if (transport.size() < started) {
    fail("{} processes were started, by another MPI than this program was built with; use that one's mpirun", started);
  }
  if (transport.rank() > 0) muted.emplace();
  current = &transport;
  here = transport.ranks_here();
  const int code = work();
  current = nullptr;
  here = 1;
  if (code == 0 || transport.meet(kPatience)) return code;
  if (muted) {
    std::string words = muted->last_words();
    if (words.starts_with("gradus: ")) words.erase(0, 8);
    while (words.ends_with('\n')) words.pop_back();
    say(fmt::format("{}: {}", transport.name(), words));
  }
  transport.abort(code);
}

#endif

}

Transport& ranks() { return current != nullptr ? *current : alone(); }

int ranks_here() { return here; }

int run_on_ranks(FunctionRef<int()> work) {
  const int started = started_ranks();
  if (started == 0) return work();
#ifdef GRADUS_MPI
  try {
    return run_with_mpi(work, started);
  } catch (const Error& error) {
    fmt::print(stderr, "gradus: {}\n", error.what());
    return 1;
  }
#else
  if (started == 1) return work();
  fmt::print(stderr,
             "gradus: {} processes were started, but this program was built without MPI; build it with -Dmpi=enabled\n",
             started);
  return 1;
#endif
}

}
