#pragma once

#include <type_traits>
#include <utility>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// A function passed down by reference: like std::function, but it owns nothing and allocates nothing. For parameters
/// only, since what it refers to may be gone after the full expression.
template <class Signature>
class FunctionRef;

/// A reference to any function of these arguments that returns such a result.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class F>
  requires std::is_invocable_r_v<Result, const F&, Args...> FunctionRef(const F& f)
      : function_(&f), call_([](const void* function, Args... args) -> Result {
          return (*static_cast<const F*>(function))(std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const { return call_(function_, std::forward<Args>(args)...); }

 private:
  const void* function_;
  Result (*call_)(const void*, Args...);
};

}
