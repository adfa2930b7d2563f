// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of cases: any bytes are a case or a WireError, and a case
// that is written and read again does not change.
#include "oracles/fuzz/law.h"
#include "oracles/wire.h"

namespace exactbn {
namespace {

void read_and_write(std::string_view line) {
  const Case c = read_case(line);
  require_valid(c.problem);
  const std::string written = write_case(c);
  law(written.find('\n') == std::string::npos, "a case is one line");
  law(read_case(written) == c, "what is written is read as the same");
  law(answered_case(line) == c.id, "all readers find the same name");
}

}  // namespace
}  // namespace exactbn

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    exactbn::read_and_write(exactbn::as_text(data, size));
  } catch (const exactbn::WireError&) {
    // Refused, as documented.
  }
  return 0;
}
