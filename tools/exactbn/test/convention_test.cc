// SPDX-License-Identifier: Apache-2.0
// Subjects that follow another convention than they declare.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::convention_test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kKeras =
    "momentum multiplies the old statistic: declare it with --convention keras";

class ConventionOfASubject : public ProgramTest {
 protected:
  // The example, with changes of its source: pairs of old and new text.
  std::string example(std::initializer_list<std::pair<std::string, std::string>>
                          changes) const {
    std::string text = exactbn::example();
    for (const auto& [old, changed] : changes) {
      const std::size_t at = text.find(old);
      EXPECT_NE(at, std::string::npos) << old;
      if (at != std::string::npos) text.replace(at, old.size(), changed);
    }
    write("subject.py", text);
    return "--exec 'python3 subject.py' ";
  }

  std::string keras() const {
    return example({{"(1 - w) * given[name][c] + w * new",
                     "w * given[name][c] + (1 - w) * new"},
                    {"(\"running_var\", unbiased)", "(\"running_var\", var)"}});
  }
};

TEST_F(ConventionOfASubject, IsNamedWithItsFlagAndThenHolds) {
  const std::string subject = keras();
  const ProgramRun undeclared =
      run("exactbn validate --json r.json --junit r.xml " + subject);
  EXPECT_EQ(undeclared.status, 1);
  EXPECT_THAT(undeclared.out,
              HasSubstr(std::string("DISAGREES  ") + kKeras + "\n"));
  EXPECT_THAT(undeclared.out, HasSubstr("running_var takes the biased "));
  EXPECT_THAT(undeclared.out, Not(HasSubstr("\n  where ")));
  EXPECT_THAT(undeclared.out, Not(HasSubstr("no known defect")));
  EXPECT_THAT(read("r.xml"), HasSubstr(kKeras));
  const auto json = nlohmann::json::parse(read("r.json"));
  EXPECT_EQ(json["disagreements"][0], kKeras);
  EXPECT_EQ(json["failures"][0]["diagnosis"], kKeras);
  const ProgramRun declared =
      run("exactbn validate --convention keras " + subject);
  EXPECT_EQ(declared.status, 0);
  EXPECT_THAT(declared.err, HasSubstr("momentum is weight_of_old, by the "
                                      "command line, and not weight_of_new"));
}

TEST_F(ConventionOfASubject, HoldsForLawsProbeAndAnswersOfAFile) {
  const std::string subject = keras();
  EXPECT_EQ(run("exactbn properties --cases 60 --convention keras "
                "--save none.jsonl " +
                subject)
                .status,
            0);
  const ProgramRun card = run("exactbn probe --convention keras " + subject);
  EXPECT_EQ(card.status, 0);
  EXPECT_THAT(card.out, HasSubstr("is      1 - momentum\n"));
  run("exactbn list cases --wire --filter MomentumEighth --dtype f32 > cases");
  run("python3 subject.py < cases > answers");
  EXPECT_EQ(run("exactbn check cases answers --convention keras").status, 0);
  const ProgramRun undeclared = run("exactbn check cases answers");
  EXPECT_EQ(undeclared.status, 1);
  EXPECT_THAT(undeclared.out, HasSubstr(kKeras));
}

// The rest is judged by the convention that was found, and diagnosed.
TEST_F(ConventionOfASubject, HidesNoOtherFailure) {
  const ProgramRun outcome =
      run("exactbn validate --filter Momentum " +
          example({{"(1 - w) * given[name][c] + w * new",
                    "w * given[name][c] + (1 - w) * new"},
                   {"gamma * xhat[i] + beta", "gamma * xhat[i] - beta"}}));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              HasSubstr("DISAGREES  momentum multiplies the old statistic: "
                        "declare it with --declare momentum=weight_of_old\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n  where  y["));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\n  where  running_mean[")));
}

TEST_F(ConventionOfASubject, CanBeKnownToABaseline) {
  const std::string subject = keras();
  const auto validate = [&](const std::string& flags) {
    return run("exactbn validate --baseline known.jsonl " + flags + ' ' +
               subject);
  };
  EXPECT_EQ(validate("--filter Momentum --update-baseline").status, 0);
  EXPECT_THAT(read("known.jsonl"),
              HasSubstr("\n{\"case\":\"momentum multiplies the old statistic\","
                        "\"output\":null,\"failure\":\"of_the_run\"}\n"));
  EXPECT_EQ(validate("--filter Momentum").status, 0);
  EXPECT_EQ(validate("--filter MomentumEighth").status, 0);
  const ProgramRun mended = validate("--convention keras --baseline-strict");
  EXPECT_EQ(mended.status, 1);
  EXPECT_THAT(mended.out,
              HasSubstr("\nmended     momentum multiplies the old "));
}

TEST_F(ConventionOfASubject, IsAnAnnotation) {
  const ProgramRun outcome =
      run("exactbn validate --github --filter MomentumEighth " + keras());
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr(std::string("::error title=exactbn::") +
                                     kKeras + "%0A"));
}

// No case of these fails.
TEST_F(ConventionOfASubject, FailsIfOnlyTheProbeFindsIt) {
  const ProgramRun outcome =
      run("exactbn validate --dtype f32 " +
          example({{"std = math.sqrt(var + eps)",
                    "std = math.sqrt(var + (eps or 1e-30))"}}));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("DISAGREES  "));
}

}  // namespace
}  // namespace exactbn::convention_test
