// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::subjects_test {
namespace {

using testing::StartsWith;

class Subjects : public ProgramTest {
 protected:
  // Runs a subject whose name is its OMP_WAIT_POLICY.
  std::string wait_policy(const std::string& before) const {
    write("subject.sh", R"sh(
      echo '{"subject":"'"$OMP_WAIT_POLICY"'"}'
      while read -r line; do
        echo '{"case":"fwd-f32-70b1ae8d","unsupported":"all"}'
      done)sh");
    return run(before +
               "; exactbn validate --exec 'sh subject.sh'"
               " --filter fwd-f32-70b1ae8d")
        .out;
  }
};

// Threads that spin between two cases would take cores from the program.
TEST_F(Subjects, WaitPassively) {
  EXPECT_THAT(wait_policy("unset OMP_WAIT_POLICY"), StartsWith("passive   "));
  EXPECT_THAT(wait_policy("export OMP_WAIT_POLICY=active"),
              StartsWith("active   "));
}

}  // namespace
}  // namespace exactbn::subjects_test
