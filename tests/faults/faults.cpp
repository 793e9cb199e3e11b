// faults FOLDER N FAULT COMMAND...: runs a command, and spoils the N-th of its operations on files in a folder.
//
//     kill      the command is killed before the operation
//     short     a read or write is of one byte
//     EIO ...   the operation fails with this error
//     count     none is spoilt; standard error gets a line for each: its name, and the path
//
// The exit code is that of the command, 128 and the number of the signal that ended it, 98 if the system does not allow
// this, or 99 if the command made fewer operations. It is a tracer (ptrace(2)), which a filter (seccomp(2)) wakes for
// operations on files alone, so that the command runs at its usual speed.

#include <elf.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/limits.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr int kNotAllowed = 98, kNotReached = 99;

/// An operation of the system, and where among its arguments the file stands.
struct Operation {
  const char* name;
  long number;
  int descriptor = -1;  ///< of the file itself, or of the folder that the path begins in
  int path = -1;
  bool has_size = false;  ///< the third argument is how many bytes
};

constexpr Operation kOperations[] = {
    {"open", SYS_openat, 0, 1},      {"read", SYS_read, 0, -1, true}, {"write", SYS_write, 0, -1, true},
    {"fsync", SYS_fsync, 0},         {"truncate", SYS_ftruncate, 0},  {"chmod", SYS_fchmod, 0},
    {"lock", SYS_flock, 0},          {"list", SYS_getdents64, 0},     {"rename", SYS_renameat, 0, 1},
    {"rename", SYS_renameat2, 0, 1}, {"link", SYS_linkat, 2, 3},      {"remove", SYS_unlinkat, 0, 1},
    {"make", SYS_mkdirat, 0, 1},
#ifdef SYS_open  // the older calls of some machines
    {"open", SYS_open, -1, 0},       {"rename", SYS_rename, -1, 0},   {"link", SYS_link, -1, 1},
    {"remove", SYS_unlink, -1, 0},   {"remove", SYS_rmdir, -1, 0},    {"make", SYS_mkdir, -1, 0},
#endif
};

struct Error {
  const char* name;
  int number;
};
constexpr Error kErrors[] = {
    {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR}, {"EMFILE", EMFILE}, {"EACCES", EACCES}};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "faults: %s: %s\n", what, std::strerror(errno));
  std::_Exit(kNotAllowed);
}

/// Lets the tracer see these operations of this process and of all that it begins.
void install_filter() {
  std::vector<sock_filter> code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const Operation& operation : kOperations) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(operation.number), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
  require(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

std::string text_at(pid_t process, unsigned long long address) {
  std::string text(PATH_MAX, '\0');
  const std::string file = "/proc/" + std::to_string(process) + "/mem";
  const int memory = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = ::pread(memory, text.data(), text.size(), static_cast<off_t>(address));
  ::close(memory);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text.substr(0, text.find('\0'));
}

std::string link_of(pid_t process, const std::string& name) {
  std::error_code ignored;
  return fs::read_symlink("/proc/" + std::to_string(process) + "/" + name, ignored).string();
}

/// The path of the file that an operation is about.
std::string path_of(pid_t process, const Operation& operation, const __ptrace_syscall_info& info) {
  const auto& arguments = info.seccomp.args;
  const bool has_descriptor = operation.descriptor >= 0;
  const int descriptor = has_descriptor ? static_cast<int>(arguments[operation.descriptor]) : AT_FDCWD;
  const std::string start = link_of(process, descriptor == AT_FDCWD ? "cwd" : "fd/" + std::to_string(descriptor));
  if (operation.path < 0) return start;
  return (fs::path(start) / text_at(process, arguments[operation.path])).lexically_normal().string();
}

const Operation* find_operation(unsigned long long number) {
  const auto* const found = std::ranges::find(kOperations, static_cast<long>(number), &Operation::number);
  return found == std::end(kOperations) ? nullptr : found;
}

#if defined(__x86_64__)
using Registers = user_regs_struct;
void set_size(Registers& registers) { registers.rdx = std::min<unsigned long long>(registers.rdx, 1); }
void set_result(Registers& registers, int error) {
  registers.orig_rax = static_cast<unsigned long long>(-1);  // no operation at all
  registers.rax = static_cast<unsigned long long>(-error);
}
constexpr bool kCanSpoil = true;
#else
struct Registers {};
void set_size(Registers&) {}
void set_result(Registers&, int) {}
constexpr bool kCanSpoil = false;
#endif

void change_registers(pid_t process, const auto& change) {
  Registers registers;
  iovec place{&registers, sizeof registers};
  require(::ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &place) == 0, "ptrace");
  change(registers);
  require(::ptrace(PTRACE_SETREGSET, process, NT_PRSTATUS, &place) == 0, "ptrace");
}

/// What is to be done, and how far it is.
struct Plan {
  std::string folder;
  long at;
  std::string fault;
  long seen = 0;

  /// Looks at an operation that is about to happen, and spoils it if it is its turn.
  void meet(pid_t process) {
    __ptrace_syscall_info info{};
    require(::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) > 0, "ptrace");
    const Operation* const operation = find_operation(info.seccomp.nr);
    if (operation == nullptr) return;
    const std::string path = path_of(process, *operation, info);
    if (path != folder && !path.starts_with(folder + "/")) return;
    ++seen;
    if (fault == "count") {
      std::fprintf(stderr, "%s %s\n", operation->name, path.c_str());
      return;
    }
    if (seen != at) return;
    if (fault == "kill") {
      ::kill(process, SIGKILL);
    } else if (fault == "short") {
      if (operation->has_size) change_registers(process, set_size);
    } else {
      const auto* const error = std::ranges::find(kErrors, fault, &Error::name);
      change_registers(process, [&](Registers& registers) { set_result(registers, error->number); });
    }
  }
};

/// Follows the command and all its threads to their end.
int follow(pid_t command, Plan& plan) {
  int code = 0;
  for (int status; true;) {
    const pid_t process = ::waitpid(-1, &status, __WALL);
    if (process < 0) return plan.fault != "count" && plan.seen < plan.at ? kNotReached : code;
    if (process == command && WIFEXITED(status)) code = WEXITSTATUS(status);
    if (process == command && WIFSIGNALED(status)) code = 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) plan.meet(process);
    const bool is_own = event != 0 || signal == SIGSTOP;  // a stop of the tracer's making
    ::ptrace(PTRACE_CONT, process, 0, is_own ? 0 : signal);
  }
}

}

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const bool is_known = argc > 4 && (words[3] == "kill" || words[3] == "short" || words[3] == "count" ||
                                     std::ranges::count(kErrors, words[3], &Error::name) > 0);
  if (!is_known) {
    std::fputs("usage: faults FOLDER N kill|short|count|EIO|ENOSPC|EINTR|EMFILE|EACCES COMMAND...\n", stderr);
    return 2;
  }
  Plan plan{fs::absolute(words[1]).lexically_normal().string(), std::atol(argv[2]), words[3]};
  if (!kCanSpoil && plan.fault != "kill" && plan.fault != "count") return kNotAllowed;
  const pid_t command = ::fork();
  require(command >= 0, "fork");
  if (command == 0) {
    require(::ptrace(PTRACE_TRACEME, 0, 0, 0) == 0, "ptrace");
    std::raise(SIGSTOP);
    install_filter();
    ::execvp(argv[4], argv + 4);
    require(false, argv[4]);
  }
  int status = 0;
  ::waitpid(command, &status, 0);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  constexpr long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                            PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
  require(::ptrace(PTRACE_SETOPTIONS, command, 0, kOptions) == 0, "ptrace");
  ::ptrace(PTRACE_CONT, command, 0, 0);
  return follow(command, plan);
}
