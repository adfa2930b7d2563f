// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/exactbn/run.h"
#include "tools/exactbn/run/roundings.h"

namespace exactbn {

// Why a case does not pass.
enum class FailureKind : std::uint8_t {
  wrong,       // an output has wrong values
  missing,     // an output is absent
  undecided,   // an output cannot be judged, in the domain `all`
  refused,     // an error or a rejection instead of outputs
  broke,       // the subject crashed, hung or broke the protocol
  of_the_run,  // a convention or a rounding; of no case
};

inline constexpr std::array kFailureKinds = {
    FailureKind::wrong,   FailureKind::missing, FailureKind::undecided,
    FailureKind::refused, FailureKind::broke,   FailureKind::of_the_run};

std::string_view to_string(FailureKind kind);

struct Failure {
  FailureKind kind = FailureKind::wrong;
  double eta = 0;  // of the worst value that is wrong; may be infinite
  // The known defects that it looks like; empty if none does.
  std::vector<std::string> defects;
  std::string message;  // of a refusal

  bool operator==(const Failure&) const = default;
};

// The id of a case and the output that fails; no output if none was judged. If
// the run fails and no case, the line that says so instead of the id.
using FailureKey = std::pair<std::string, std::optional<Output>>;
using Failures = std::map<FailureKey, Failure>;

// All failures of a case, by which the exit code is not 0. A case that was not
// asked has none; nor has one that only fails by the declared conventions,
// which are a failure of the run.
Failures failures_of(const Run& run, const CaseRun& c);

// The line of a biased rounding: "rounding of y bf16: toward zero".
std::string failure_line(const RunRoundings::key_type& key,
                         const RunRounding& rounding);

// What fails the run and no case: conventions that are not the declared ones,
// biased roundings.
Failures failures_of_run(const Run& run);

// Whether a baseline has the biased rounding.
bool is_known(const Run& run, const RunRoundings::key_type& key,
              const RunRounding& rounding);

// Tells whether the answers of a run agree with known defects. Any number of
// cases is enough: the defect is already known, so chance agreement does not
// matter. The run must outlive this object.
class Agreement {
 public:
  explicit Agreement(const Run& run);

  // Whether one of the defects, by name, still predicts the wrong values of the
  // output; also true if this cannot be told, since no answer was kept or no
  // name is known.
  bool operator()(const CaseRun& c, Output output,
                  const std::vector<std::string>& defects) const;

 private:
  const Run& run_;
  std::vector<Observed> observed_;
};

}  // namespace exactbn
