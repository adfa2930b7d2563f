// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "tools/exactbn/commands/baseline/file.h"
#include "tools/exactbn/report/properties_report.h"

namespace exactbn {

// The baseline of a search for counterexamples: which laws are broken, in which
// operations and formats. The search may draw other cases than that of the
// baseline. But then it says nothing about what is mended: a law may just not
// have been broken.
class LawBaseline {
 public:
  // The request must have its final operations and formats. Throws UsageError
  // if the file is no baseline of the subject.
  LawBaseline(const BaselineOptions& options, const Declaration& declaration,
              const Request& request);

  const std::set<BrokenLaw>& known() const { return known_; }

  void compare_with(PropertiesRun& run) const;

  // Writes the file if it is to be updated, unless nothing was asked.
  void update_from(const PropertiesRun& run) const;

 private:
  bool is_mended(const BrokenLaw& law, const PropertiesRun& run) const;
  bool has_same_cases(const PropertiesRun& run) const;

  BaselineOptions options_;
  BaselineHeader now_;
  BaselineHeader header_;  // of the file
  std::set<BrokenLaw> known_;
};

}  // namespace exactbn
