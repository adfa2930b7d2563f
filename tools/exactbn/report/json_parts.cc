// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/json_parts.h"

#include <omp.h>
#include <sys/utsname.h>

#include <cmath>

#include "oracles/check/ulp_histogram.h"

namespace exactbn {

Json json_number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json summary_json(const Summary& s) {
  return {{"run", s.run},
          {"passed", s.passed},
          {"failed", s.failed},
          {"missing", s.missing},
          {"undecided", s.undecided},
          {"beyond", s.beyond},
          {"unsupported", s.unsupported}};
}

Json environment() {
  utsname system{};
  uname(&system);
  return {{"exactbn", EXACTBN_VERSION},
          {"compiler", EXACTBN_COMPILER},
          {"system", std::string(system.sysname) + ' ' + system.release},
          {"machine", system.machine},
          {"threads", omp_get_max_threads()}};
}

Json ulp_bins() {
  auto bins = Json::array();
  for (std::size_t bin = 0; bin + 1 < UlpHistogram::kBins; ++bin) {
    bins.push_back(UlpHistogram::most_steps(bin));
  }
  bins.push_back(nullptr);
  return bins;
}

std::string report_text(const Json& report) {
  return report.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace exactbn
