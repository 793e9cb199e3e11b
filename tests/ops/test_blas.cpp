#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "autograd/error.h"
#include "ops/gemm/blas.h"

using namespace gradus;

namespace {

struct Matrix {
  std::vector<Real> values;
  std::int64_t stride;
};

/// Small whole numbers, so that products are exact; 99 in the padding of each row.
Matrix matrix(std::int64_t rows, std::int64_t columns, std::int64_t padding, int seed) {
  Matrix m{std::vector<Real>(rows * (columns + padding) + 1, 99), columns + padding};
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      m.values[i * m.stride + j] = static_cast<Real>((i * 31 + j * 17 + seed * 7) % 13 - 6);
    }
  }
  return m;
}

void naive_gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Matrix& a,
                const Matrix& b, Real beta, Matrix& c) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      Real sum = 0;
      for (std::int64_t l = 0; l < k; ++l) {
        sum += a.values[ta == T ? l * a.stride + i : i * a.stride + l] *
               b.values[tb == T ? j * b.stride + l : l * b.stride + j];
      }
      Real& out = c.values[i * c.stride + j];
      out = alpha * sum + (beta == 0 ? 0 : beta * out);
    }
  }
}

}

TEST_CASE("gemm equals the triple loop, for every transposition, padding and size from zero") {
  const std::int64_t sizes[] = {0, 1, 2, 5, 16, 33};
  for (Transpose ta : {N, T}) {
    for (Transpose tb : {N, T}) {
      for (std::int64_t m : sizes) {
        for (std::int64_t n : sizes) {
          for (std::int64_t k : sizes) {
            for (std::int64_t padding : {0, 3}) {
              for (Real beta : {0, 1, 2}) {
                const Matrix a = ta == T ? matrix(k, m, padding, 1) : matrix(m, k, padding, 1);
                const Matrix b = tb == T ? matrix(n, k, padding, 2) : matrix(k, n, padding, 2);
                Matrix c = matrix(m, n, padding, 3), expected = c;
                naive_gemm(ta, tb, m, n, k, 3, a, b, beta, expected);
                gemm(ta, tb, m, n, k, 3, a.values.data(), a.stride, b.values.data(), b.stride, beta, c.values.data(),
                     c.stride);
                CAPTURE(m);
                CAPTURE(n);
                CAPTURE(k);
                REQUIRE(c.values == expected.values);
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("gemm with beta = 0 does not read c") {
  for (std::int64_t m : {1, 2, 40}) {
    for (std::int64_t n : {1, 3, 40}) {
      for (std::int64_t k : {0, 1, 40}) {
        const Matrix a = matrix(m, k, 0, 1), b = matrix(k, n, 0, 2);
        Matrix c{std::vector<Real>(m * n, std::numeric_limits<Real>::quiet_NaN()), n}, expected = c;
        naive_gemm(N, N, m, n, k, 1, a, b, 0, expected);
        gemm(N, N, m, n, k, 1, a.values.data(), a.stride, b.values.data(), b.stride, 0, c.values.data(), c.stride);
        REQUIRE(c.values == expected.values);
      }
    }
  }
}

TEST_CASE("gemm accumulates large products accurately") {
  const std::int64_t m = 70, n = 130, k = 600;
  const Matrix a = matrix(m, k, 0, 5), b = matrix(n, k, 0, 6);
  Matrix c = matrix(m, n, 0, 7), expected = c;
  naive_gemm(N, T, m, n, k, 1, a, b, 1, expected);
  gemm(N, T, m, n, k, 1, a.values.data(), a.stride, b.values.data(), b.stride, 1, c.values.data(), c.stride);
  CHECK(c.values == expected.values);
}

TEST_CASE("gemm rejects sizes and strides that BLAS would misread") {
  Real x[4] = {};
  const std::int64_t huge = std::int64_t{1} << 32;
  CHECK_THROWS_AS(gemm(N, N, -1, 1, 1, 1, x, 1, x, 1, 0, x, 1), Error);
  CHECK_THROWS_AS(gemm(N, N, huge, 1, 1, 1, x, 1, x, 1, 0, x, 1), Error);
  CHECK_THROWS_AS(gemm(N, N, 1, 1, 1, 1, x, huge, x, 1, 0, x, 1), Error);
  CHECK_THROWS_WITH_AS(gemm(N, N, 2, 2, 2, 1, x, 1, x, 2, 0, x, 2),
                       "gemm: stride of a is too short: 1 for rows of 2; need at least the row", Error);
  CHECK_THROWS_AS(gemm(N, T, 2, 2, 1, 1, x, 1, x, 0, 0, x, 2), Error);
  CHECK_THROWS_AS(gemm(N, N, 2, 2, 1, 1, x, 1, x, 2, 0, x, 1), Error);
}

TEST_CASE("gemm from several threads at once gives the bits of one thread") {
  const std::int64_t m = 24, n = 96, k = 80;
  Matrix a = matrix(m, k, 0, 1), b = matrix(n, k, 0, 2);
  for (Real& value : a.values) value = std::sqrt(std::abs(value)) / 3;  // inexact products, so that the order shows
  const auto product = [&](std::int64_t rows) {
    std::vector<Real> c(rows * n);
    gemm(N, T, rows, n, k, 1, a.values.data(), k, b.values.data(), k, 0, c.data(), n);
    return c;
  };
  const std::vector<Real> matrix_product = product(m), vector_product = product(1);
  std::vector<int> wrong(8);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) count += product(m) != matrix_product || product(1) != vector_product;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(8));
}

TEST_CASE("blas_info says what runs, and it is not a kernel from before AVX2 on a CPU that has it") {
  const BlasInfo& info = blas_info();
  CHECK(info.library == "OpenBLAS");
  CHECK(info.version.find('.') != std::string::npos);
  CHECK(describe(info).starts_with("OpenBLAS " + info.version + ", kernel " + info.core + " ("));
  CHECK_FALSE(info.reason.empty());
#if defined(__x86_64__)
  if (std::getenv("OPENBLAS_CORETYPE") == nullptr && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    CHECK(info.core != "Prescott");
    CHECK(info.core != "Sandybridge");
  }
#endif
}
