// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/environment.h"

#include <omp.h>
#include <sys/utsname.h>

#include <string>

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

}  // namespace exactbn
