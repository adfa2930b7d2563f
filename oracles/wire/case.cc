// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "oracles/wire.h"
#include "oracles/wire/problem.h"

namespace exactbn {

using namespace wire;

std::string write_case(const Case& c) {
  std::string out = fmt::format(R"({{"case":{},)", json_quoted(c.id));
  append_problem(out, c.problem);
  return out += '}';
}

Case read_case(std::string_view line) {
  return read_line(line, [](const json& object) {
    std::vector<std::string_view> names = {"case"};
    names.insert(names.end(), kProblemFields.begin(), kProblemFields.end());
    const Fields fields(object, "", names);
    Case c;
    c.id = as_nonempty_text(fields.at("case"), "case");
    c.problem = read_problem(fields);
    return c;
  });
}

}  // namespace exactbn
