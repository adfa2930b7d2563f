// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/baseline.h"

#include <utility>

#include "tools/exactbn/commands/baseline/case_lines.h"

namespace exactbn {

CaseBaseline::CaseBaseline(const BaselineOptions& options,
                           const Declaration& declaration, Grade required,
                           std::string cases, Extent extent)
    : options_(options),
      expected_{"validate", declaration.subject, required, declaration.domain,
                std::move(cases)},
      extent_(extent),
      known_(failures_in(read_baseline(options_, expected_))) {}

void CaseBaseline::prepare(Run& run) const {
  run.may_break = breaking_cases(known_);
}

void CaseBaseline::compare_with(Run& run) const {
  run.baseline = {options_.file, options_.strict, options_.update, {}, {}};
  compare(known_, extent_, run);
}

void CaseBaseline::update_from(const Run& run) const {
  if (!options_.update || summarize(run).run == 0) return;
  write_baseline(options_.file, expected_,
                 lines_of(updated(known_, extent_, run)));
}

std::optional<CaseBaseline> case_baseline(const BaselineOptions& options,
                                          const Declaration& declaration,
                                          Grade required,
                                          const Selection& selection,
                                          const std::string& cases) {
  if (options.file.empty()) return std::nullopt;
  const bool whole = selection.filter.empty() && selection.dtypes.empty();
  return CaseBaseline(options, declaration, required, cases,
                      whole ? Extent::whole : Extent::selected);
}

}  // namespace exactbn
