// SPDX-License-Identifier: Apache-2.0
#include "reference/ulp.h"

namespace exactbn {

Dyadic ulp(const Surd& s, DType dtype) {
  const std::int64_t top =
      sign(s) == 0 ? format(dtype).quantum() : leading_exponent(s);
  return {1, ulp_exponent(top, dtype)};
}

Surd ulp_error(const Dyadic& c, const Surd& s, DType dtype) {
  const Surd excess = s - c;
  return {-excess.p, -excess.q, excess.w, excess.d * ulp(s, dtype)};
}

}  // namespace exactbn
