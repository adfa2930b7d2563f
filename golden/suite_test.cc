// SPDX-License-Identifier: Apache-2.0
#include "golden/suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "golden/suite/builder.h"
#include "golden/suite/case_id.h"
#include "golden/suite/labels.h"
#include "reference/exact.h"

namespace exactbn::suite_test {
namespace {

const std::vector<Case>& suite() {
  static const std::vector<Case> cases = core_suite();
  return cases;
}

// Exact outputs of larger cases would take seconds.
bool is_large(const Case& c) { return c.problem.x().size() > 300; }

bool has_label(const Case& c, std::string_view label) {
  return std::find(c.labels.begin(), c.labels.end(), label) != c.labels.end();
}

// The hash of ids, labels and contents.
std::uint64_t digest(const std::vector<Case>& cases) {
  Fnv fnv;
  for (const Case& c : cases) {
    fnv.add(c.id);
    for (const std::string& label : c.labels) fnv.add(label);
    fnv.add(content_hash(c.problem));
  }
  return fnv.value();
}

// The value of all elements; nullopt if they differ.
std::optional<double> constant_value(const Tensor& tensor) {
  for (std::int64_t i = 1; i < tensor.size(); ++i) {
    if (tensor.bits(i) != tensor.bits(0)) return std::nullopt;
  }
  return tensor.value(0);
}

// A change of this number is a new edition of the suite: golden files made from
// the old one no longer match.
TEST(CoreSuite, IsTheSameOnEveryMachine) {
  EXPECT_EQ(digest(suite()), 0xa7f489f117f18231) << std::hex << digest(suite());
}

TEST(CoreSuite, DependsOnlyOnTheSeed) {
  EXPECT_EQ(digest(core_suite(7)), digest(core_suite(7)));
  EXPECT_NE(digest(core_suite(7)), digest(suite()));
}

TEST(CoreSuite, IsValid) {
  for (const Case& c : suite()) {
    SCOPED_TRACE(c.id);
    EXPECT_NO_THROW(require_valid(c.problem));
    // Most implementations take these as f32.
    const auto as_float = [](double x) { return static_cast<float>(x); };
    EXPECT_EQ(as_float(c.problem.epsilon), c.problem.epsilon);
    const double momentum = c.problem.momentum.value_or(0);
    EXPECT_EQ(as_float(momentum), momentum);
  }
}

TEST(CoreSuite, IdsAreUniqueAndMatchTheContent) {
  std::set<std::string> ids;
  for (const Case& c : suite()) {
    EXPECT_TRUE(ids.insert(c.id).second) << c.id << " " << c.labels.front();
    EXPECT_EQ(c.id, case_id(c.problem));
  }
}

TEST(CoreSuite, LabelsAreKnown) {
  for (const Case& c : suite()) {
    EXPECT_FALSE(c.labels.empty()) << c.id;
    for (const std::string& label : c.labels) {
      EXPECT_TRUE(find_label(label)) << c.id << " " << label;
    }
  }
}

TEST(CoreSuite, HoldsEveryOperationInEveryFormat) {
  std::map<std::pair<Operation, DType>, int> count;
  for (const Case& c : suite()) {
    ++count[{c.problem.operation, c.problem.x().dtype()}];
  }
  for (const Operation operation : kOperations) {
    for (const DType dtype : suite::kSuiteDTypes) {
      const bool first_order =
          std::find(suite::kFirstOrder.begin(), suite::kFirstOrder.end(),
                    operation) != suite::kFirstOrder.end();
      EXPECT_GE((count[{operation, dtype}]), first_order ? 15 : 2)
          << to_string(operation) << " " << format(dtype).name;
    }
  }
}

TEST(CoreSuite, StaysSmall) {
  std::int64_t values = 0;
  int large = 0;
  for (const Case& c : suite()) {
    values += c.problem.x().size();
    large += c.problem.x().size() > 50'000;
  }
  EXPECT_LE(values, 1'000'000);
  EXPECT_LE(large, 3);
  EXPECT_LE(suite().size(), 700u);
}

// A constant dy makes dx 0 in training: a kernel that writes zeros passes.
TEST(CoreSuite, DyIsConstantOnlyWhereLabelled) {
  for (const Case& c : suite()) {
    const Tensor* dy = c.problem.find(Input::dy);
    if (!dy || dy->size() == 1) continue;
    EXPECT_EQ(constant_value(*dy).has_value(), has_label(c, "ConstantDy"))
        << c.id;
  }
}

TEST(CoreSuite, NoParameterIsAtItsDefault) {
  for (const Case& c : suite()) {
    SCOPED_TRACE(c.id);
    for (const auto& [name, at] :
         std::map<Input, double>{{Input::gamma, 1},
                                 {Input::beta, 0},
                                 {Input::running_mean, 0},
                                 {Input::running_var, 1}}) {
      const Tensor* tensor = c.problem.find(name);
      if (!tensor) continue;
      EXPECT_NE(constant_value(*tensor), at) << name;
    }
  }
}

// A kernel that never subtracts the mean passes on data whose mean is 0.
TEST(CoreSuite, NoChannelHasMeanZero) {
  for (const Case& c : suite()) {
    const ChannelView view = c.problem.view();
    for (std::int64_t ch = 0; ch < view.channels; ++ch) {
      double sum = 0;
      for (std::int64_t k = 0; k < view.count(); ++k) {
        sum += c.problem.x().value(view.offset(ch, k));
      }
      EXPECT_NE(sum, 0) << c.id << " channel " << ch;
    }
  }
}

TEST(CoreSuite, NonFiniteInputsOnlyWhereLabelled) {
  for (const Case& c : suite()) {
    bool finite = true;
    for (const auto& [name, tensor] : c.problem.inputs) {
      finite = finite && tensor.all_finite();
    }
    EXPECT_EQ(finite, !has_label(c, "NonFiniteChannel")) << c.id;
  }
}

TEST(CoreSuite, ConventionsDecideOnlyWhereLabelled) {
  for (const Case& c : suite()) {
    if (is_large(c)) continue;
    SCOPED_TRACE(c.id);
    const ExactBatchNorm exact(c.problem);
    const ChannelView view = c.problem.view();
    bool zero_w = false;
    for (std::int64_t ch = 0; ch < view.channels; ++ch) {
      zero_w = zero_w || (exact.statistics_finite(ch) &&
                          exact.channel(ch).root.sign() == 0);
    }
    EXPECT_EQ(zero_w, has_label(c, "ZeroVariance"));
    const bool by_batch = normalizes_by_batch(c.problem.operation);
    EXPECT_EQ(by_batch && view.count() == 1, has_label(c, "SingleValue"));
  }
}

// A NaN or infinite output needs a label that says so.
TEST(CoreSuite, ExactOutputsAreFiniteUnlessLabelled) {
  for (const Case& c : suite()) {
    if (has_label(c, "NonFiniteChannel") || has_label(c, "ZeroVariance") ||
        has_label(c, "SingleValue") || has_label(c, "ResultOverflow") ||
        has_label(c, "IntermediateOverflow") || c.problem.x().size() > 50'000) {
      continue;
    }
    const ExactBatchNorm exact(c.problem);
    for (const Output output : output_names(c.problem)) {
      const bool like_x = shaped_like_x(output);
      const DType x = c.problem.x().dtype();
      const DType wide = x == DType::f64 ? x : DType::f32;
      EXPECT_TRUE(exact.rounded(output, like_x ? x : wide).all_finite())
          << c.id << " " << c.labels.front() << " " << output;
    }
  }
}

}  // namespace
}  // namespace exactbn::suite_test
