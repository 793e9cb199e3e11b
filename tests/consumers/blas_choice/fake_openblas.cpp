// A libopenblas.so.0 that knows no CPU: like an old release on a new one, it runs Prescott unless OPENBLAS_CORETYPE
// says otherwise while it loads.

#include <cstdlib>
#include <string>

namespace {

std::string core = [] {
  const char* wanted = std::getenv("OPENBLAS_CORETYPE");
  return std::string(wanted != nullptr ? wanted : "Prescott");
}();

}

extern "C" {

char* openblas_get_corename() { return core.data(); }

char* openblas_get_config() {
  static char config[] = "OpenBLAS 0.0.1 FAKE";
  return config;
}

int openblas_get_parallel() { return 1; }  // threads of its own, as in Debian's default build
void openblas_set_num_threads(int) {}
void cblas_sgemm() {}
void cblas_dgemm() {}
void cblas_sgemv() {}
void cblas_dgemv() {}
}
