// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/declared.h"

#include <gtest/gtest.h>

#include "oracles/subjects/double.h"

namespace exactbn::declared_test {
namespace {

// Answers with the momentum that it was given.
class Echo : public Subject {
 public:
  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override {
    Answer answer;
    answer.message =
        c.problem.momentum ? std::to_string(*c.problem.momentum) : "none";
    return answer;
  }

 private:
  Declaration declaration_;
};

std::string given(double momentum, Momentum declared_momentum) {
  Declaration d;
  d.momentum = declared_momentum;
  const auto subject = declared(std::make_unique<Echo>(), d);
  EXPECT_EQ(subject->declaration().momentum, declared_momentum);
  Case c;
  c.problem.momentum = momentum;
  return subject->answer(c).message;
}

TEST(Declared, SendsTheWeightThatTheSubjectReads) {
  EXPECT_EQ(given(0.25, Momentum::weight_of_new), "0.250000");
  EXPECT_EQ(given(0.25, Momentum::weight_of_old), "0.750000");
  EXPECT_EQ(given(0x1p-60, Momentum::weight_of_old), "no f64 is 1 - momentum");
}

TEST(Declared, GivesACumulativeAverageAsAWeight) {
  Declaration d;
  d.momentum = Momentum::weight_of_old;
  const auto subject = declared(std::make_unique<Echo>(), d);
  Case c;
  c.problem.batches_tracked = 3;
  EXPECT_EQ(subject->answer(c).message, "0.750000");
}

TEST(Declared, WrapsNothingIfNothingChanges) {
  auto subject = std::make_unique<DoubleSubject>();
  const Subject* const same = subject.get();
  const Declaration declaration = subject->declaration();
  EXPECT_EQ(declared(std::move(subject), declaration).get(), same);
}

}  // namespace
}  // namespace exactbn::declared_test
