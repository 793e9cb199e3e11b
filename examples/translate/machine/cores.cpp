#include "examples/translate/machine/cores.h"

#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "examples/translate/machine/ranks.h"

namespace gradus::translate {

namespace {

/// How many physical cores these are, at least 1.
int count_cores(const cpu_set_t& allowed) {
  std::set<std::string> cores;  // each as the list of its hyperthreads
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
    std::string siblings;
    if (!std::getline(file, siblings)) siblings = std::to_string(cpu);
    cores.insert(siblings);
  }
  return std::max(static_cast<int>(cores.size()), 1);
}

}

int physical_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? count_cores(allowed) : 1;
}

int thread_count(int wanted) {
  if (wanted > 0) return wanted;
  const int allowed = physical_cores();
  if (ranks_here() == 1) return allowed;
  cpu_set_t all;  // a starter of ranks may have bound each to cores of its own, or all to the same
  CPU_ZERO(&all);
  for (long cpu = 0; cpu < ::sysconf(_SC_NPROCESSORS_ONLN); ++cpu) CPU_SET(cpu, &all);
  return std::clamp(count_cores(all) / ranks_here(), 1, allowed);
}

}
