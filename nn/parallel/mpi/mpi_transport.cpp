#include "nn/parallel/mpi/mpi_transport.h"

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <limits>
#include <string_view>
#include <utility>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

namespace {

constexpr int kTag = 0, kBeatTag = 1;

void require_success(int error) {
  if (error == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(error, text.data(), &length);
  fail("mpi: {}", std::string_view(text.data(), static_cast<std::size_t>(length)));
}

/// Calls is_done() until it is true, or so many seconds have passed; returns whether it was. It begins by asking all
/// the time, since a message between two cores takes a microsecond, and leaves the core to others after a while.
template <class Done>
bool poll(Done is_done, double seconds = std::numeric_limits<double>::infinity()) {
  constexpr int kEager = 2000, kPolite = 20'000;  // some 0.2 and some 10 milliseconds
  const auto start = Clock::now();
  for (int i = 0; !is_done(); ++i) {
    if (i < kEager) continue;
    if (i < kPolite) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    if (duration<double>(Clock::now() - start).count() > seconds) return false;
  }
  return true;
}

int length_of(std::size_t bytes) {
  if (bytes > INT_MAX) fail("mpi: a message of {} bytes; at most {} go at once", bytes, INT_MAX);
  return static_cast<int>(bytes);
}

}

struct MpiTransport::Open {
  MPI_Request request;
};

MpiTransport::MpiTransport(std::function<void(const std::string&)> last_words) : last_words_(std::move(last_words)) {
  int provided = 0, begun = 0;
  MPI_Initialized(&begun);
  if (begun != 0) fail("mpi: it was begun before in this process");
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided) != MPI_SUCCESS) fail("mpi: it does not begin");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (provided < MPI_THREAD_MULTIPLE) fail("mpi: this installation does not let several threads use it");
  require_success(MPI_Comm_rank(MPI_COMM_WORLD, &rank_));
  require_success(MPI_Comm_size(MPI_COMM_WORLD, &size_));
  MPI_Comm here = MPI_COMM_NULL;
  require_success(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &here));
  require_success(MPI_Comm_size(here, &ranks_here_));
  MPI_Comm_free(&here);
  if (size_ > 1) heart_ = std::thread([this] { beat(); });
}

MpiTransport::~MpiTransport() {
  if (!met_) meet(std::numeric_limits<double>::infinity());
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (heart_.joinable()) heart_.join();
  MPI_Finalize();
}

Transport::Message MpiTransport::add(int error, const Open& opened) {
  require_success(error);
  if (free_.empty()) {
    free_.push_back(open_.size());
    open_.emplace_back();
  }
  const Message message = free_.back();
  free_.pop_back();
  open_[message] = opened;
  return message;
}

Transport::Message MpiTransport::send(int to, std::span<const std::byte> bytes) {
  Open opened{MPI_REQUEST_NULL};
  const int error =
      MPI_Isend(bytes.data(), length_of(bytes.size()), MPI_BYTE, to, kTag, MPI_COMM_WORLD, &opened.request);
  return add(error, opened);
}

Transport::Message MpiTransport::receive(int from, std::span<std::byte> bytes) {
  Open opened{MPI_REQUEST_NULL};
  const int error =
      MPI_Irecv(bytes.data(), length_of(bytes.size()), MPI_BYTE, from, kTag, MPI_COMM_WORLD, &opened.request);
  return add(error, opened);
}

void MpiTransport::wait(Message message) {
  MPI_Request& request = open_[message].request;
  int error = MPI_SUCCESS;
  poll([&] {
    int done = 0;
    error = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    return done != 0 || error != MPI_SUCCESS;
  });
  free_.push_back(message);
  require_success(error);
}

std::string MpiTransport::name() const {
  std::array<char, MPI_MAX_PROCESSOR_NAME> host{};
  int length = 0;
  MPI_Get_processor_name(host.data(), &length);
  return fmt::format("rank {} ({})", rank_, std::string_view(host.data(), static_cast<std::size_t>(length)));
}

bool MpiTransport::meet(double seconds) {
  MPI_Request request = MPI_REQUEST_NULL;
  if (MPI_Ibarrier(MPI_COMM_WORLD, &request) != MPI_SUCCESS) return false;
  int done = 0;
  poll([&] { return MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0; }, seconds);
  met_ = done != 0;
  return met_;
}

void MpiTransport::abort(int code) {
  std::thread([code] {  // MPI tells the others first, which takes for ever if they cannot be reached
    std::this_thread::sleep_for(std::chrono::seconds(2));
    ::_exit(code);
  })
      .detach();
  MPI_Abort(MPI_COMM_WORLD, code);
  ::_exit(code);
}

void MpiTransport::beat() {
  struct Neighbour {
    int rank;
    char byte = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    int silent = 0;
  };
  std::vector<Neighbour> neighbours{{(rank_ + 1) % size_}};
  if (size_ > 2) neighbours.push_back({(rank_ + size_ - 1) % size_});
  const auto listen = [&](Neighbour& neighbour) {
    MPI_Irecv(&neighbour.byte, 1, MPI_CHAR, neighbour.rank, kBeatTag, MPI_COMM_WORLD, &neighbour.request);
  };
  for (Neighbour& neighbour : neighbours) listen(neighbour);
  std::unique_lock lock(mutex_);
  const char byte = 0;
  // Seconds are counted by how often this thread wakes: a laptop that slept has not missed anything.
  while (!stop_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; })) {
    for (Neighbour& neighbour : neighbours) {
      MPI_Request sent = MPI_REQUEST_NULL;
      if (MPI_Isend(&byte, 1, MPI_CHAR, neighbour.rank, kBeatTag, MPI_COMM_WORLD, &sent) == MPI_SUCCESS)
        MPI_Request_free(&sent);
      ++neighbour.silent;
      for (int arrived = 1; MPI_Test(&neighbour.request, &arrived, MPI_STATUS_IGNORE) == MPI_SUCCESS && arrived != 0;) {
        neighbour.silent = 0;
        listen(neighbour);
      }
      if (neighbour.silent < kSilence) continue;
      last_words_(fmt::format("{}: no sign of life from rank {} for {} seconds", name(), neighbour.rank, kSilence));
      std::this_thread::sleep_for(std::chrono::milliseconds(300));  // for the starter to pass that on
      abort(1);
    }
  }
  for (Neighbour& neighbour : neighbours) {
    MPI_Cancel(&neighbour.request);
    MPI_Request_free(&neighbour.request);
  }
}

}
