// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/json_parts.h"

#include <omp.h>
#include <sys/utsname.h>

#include "oracles/check/ulp_histogram.h"

namespace exactbn {

nlohmann::ordered_json environment() {
  utsname system{};
  uname(&system);
  return {{"exactbn", EXACTBN_VERSION},
          {"compiler", EXACTBN_COMPILER},
          {"system", std::string(system.sysname) + ' ' + system.release},
          {"machine", system.machine},
          {"threads", omp_get_max_threads()}};
}

nlohmann::ordered_json ulp_bins() {
  auto bins = nlohmann::ordered_json::array();
  for (std::size_t bin = 0; bin + 1 < UlpHistogram::kBins; ++bin) {
    bins.push_back(UlpHistogram::most_steps(bin));
  }
  bins.push_back(nullptr);
  return bins;
}

std::string report_text(const nlohmann::ordered_json& report) {
  using Json = nlohmann::ordered_json;
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace exactbn
