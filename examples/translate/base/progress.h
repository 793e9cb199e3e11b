#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace gradus::translate {

/// Seconds since a fixed moment.
double seconds_now();

/// `0:07`, `12:30`, `1:05:00`.
std::string clock_text(double seconds);

/// The columns that a line on this descriptor may have: what the environment's COLUMNS says, or else the terminal; 80
/// if it is none.
std::size_t terminal_width(int descriptor);

/// A line that tells how far a long task is: on a terminal it is rewritten in place several times a second, elsewhere
/// it becomes a plain line now and then.
class Progress {
 public:
  /// `plain_interval`: seconds between the lines of a file or a pipe.
  explicit Progress(std::FILE* out = stdout, double plain_interval = 15);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Whether it is time for another `show`; ask first, so that nobody formats a line in vain.
  bool due() const { return seconds_now() >= next_; }
  void show(const std::string& line);
  /// A line that stays.
  void print(const std::string& line);

 private:
  void clear();

  std::FILE* out_;
  bool terminal_;
  double interval_;
  double next_;
  bool shown_ = false;
};

}
