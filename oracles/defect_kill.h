// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/judge.h"

namespace exactbn {

// Whether a case tells an answer from a right one: whether `check` says failed
// under the declaration of DefectSubject. It takes less time: values that the
// right answer has too are not judged, and one that fails is enough.
class Kill {
 public:
  // The case must outlive this object.
  explicit Kill(const Case& c);
  // Safe to call from many threads.
  bool operator()(const Answer& answer) const;

 private:
  Declaration declaration_;
  Judge judge_;
  Tensors right_;
};

}  // namespace exactbn
