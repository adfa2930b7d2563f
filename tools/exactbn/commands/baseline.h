// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tools/exactbn/commands/baseline/file.h"
#include "tools/exactbn/run/baseline.h"

namespace exactbn {

// The baseline of a run of cases, for `validate` and `check`.
class CaseBaseline {
 public:
  // `cases` names all cases of the suite or file. Throws UsageError if the file
  // is no baseline of them.
  CaseBaseline(const BaselineOptions& options, const Declaration& declaration,
               Grade required, std::string cases, Extent extent);

  // Cases that are known to break the subject do not end the run.
  void prepare(Run& run) const;

  // Call it after diagnose().
  void compare_with(Run& run) const;

  // Writes the file if it is to be updated, unless nothing was asked.
  void update_from(const Run& run) const;

 private:
  BaselineOptions options_;
  BaselineHeader expected_;
  Extent extent_;
  Failures known_;
};

// Nothing without --baseline.
std::optional<CaseBaseline> case_baseline(const BaselineOptions& options,
                                          const Declaration& declaration,
                                          Grade required,
                                          const Selection& selection,
                                          const std::string& cases);

}  // namespace exactbn
