// SPDX-License-Identifier: Apache-2.0
//
// The laws hold exactly for the definition of batch normalization, and a known
// defect breaks each of them.
#include "properties/law.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "oracles/defects.h"
#include "oracles/subjects/double.h"
#include "properties/draw/problem.h"
#include "reference/testing/trials.h"

namespace exactbn::law_test {
namespace {

// Laws that need a second call of a subject; the definition has none.
bool needs_calls(std::string_view law) {
  return law == "same_twice" || law == "nothing_is_kept" ||
         law == "any_alignment" || law == "outputs_fully_written" ||
         law == "any_number_of_threads";
}

// Accepts any surroundings and ignores them.
class SurroundedSubject : public DoubleSubject {
 public:
  std::optional<Answer> answer_in(const Surroundings&, const Case& c) override {
    return answer(c);
  }
};

// The exact reference replaces a subject. Laws are evaluated in rationals and
// roots, without rounding or tolerance.
TEST(Laws, HoldExactlyForTheDefinition) {
  Declaration declarations[2];
  declarations[1].running_variance = RunningVariance::biased;
  DrawOptions options;
  options.profile = Profile::small;
  std::map<std::string_view, int> held;
  for (std::uint64_t i = 0; i < trials(300); ++i) {
    const Drawn drawn = draw_case(options, 1, i);
    if (drawn.problem.x().size() > 24) continue;
    Trial trial(declarations[i % 2], drawn.problem);
    for (const Law& law : laws()) {
      std::optional<Violation> violation;
      const LawResult result = check(law, trial, violation);
      EXPECT_NE(result, LawResult::broken)
          << law.name << ", case " << i << ": " << place_of(*violation);
      held[law.name] += result == LawResult::held ? 1 : 0;
    }
  }
  if (kSanitized) return;
  for (const Law& law : laws()) {
    if (needs_calls(law.name)) continue;
    EXPECT_GE(held[law.name], 1) << law.name;
  }
}

TEST(Laws, HoldForTheTextbookInDouble) {
  std::map<std::string_view, int> held;
  for (std::uint64_t i = 0; i < trials(300); ++i) {
    SurroundedSubject subject;
    const Drawn drawn = draw_case({}, 2, i);
    Trial trial(subject, subject.declaration(), drawn.problem,
                Grade::sequential);
    for (const Law& law : laws()) {
      std::optional<Violation> violation;
      const LawResult result = check(law, trial, violation);
      EXPECT_NE(result, LawResult::broken)
          << law.name << ", case " << i << ": " << place_of(*violation) << ' '
          << violation->text;
      held[law.name] += result == LawResult::held ? 1 : 0;
    }
  }
  if (kSanitized) return;
  for (const Law& law : laws()) EXPECT_GE(held[law.name], 1) << law.name;
}

// A defect that each law detects. Empty if every defect model affects both
// problems equally, so that they agree.
TEST(Laws, EachIsBrokenByADefect) {
  const std::map<std::string_view, std::string_view> broken_by = {
      {"mean_of_y_is_beta", "mean_not_subtracted"},
      {"variance_of_y", "epsilon_outside_root"},
      {"mean_is_that_of_x", "mean_of_m_minus_1"},
      {"var_is_that_of_x", "saved_variance_is_deviation"},
      {"invstd_of_var", "epsilon_in_variance"},
      {"y_of_the_statistics", "beta_before_gamma"},
      {"shift_of_x", "variance_not_centred"},
      {"scale_of_x", "epsilon_outside_root"},
      {"sign_of_x", "relu_fused"},
      {"order_of_values", "last_value_left_out"},
      {"channels_stand_alone", "all_channels_together"},
      {"layout_does_not_matter", "channels_second_assumed"},
      {"batch_repeated", "variance_unbiased"},
      {"affine_in_gamma_and_beta", "gamma_squared"},
      {"identity_can_be_represented", "gamma_ignored"},
      {"sum_of_dx_is_zero", "dx_without_mean_of_dy"},
      {"dx_along_x", "dx_without_projection"},
      {"dgamma_is_a_sum", "dgamma_of_scaled_xhat"},
      {"dbeta_is_a_sum", "dbeta_of_dx"},
      {"dx_of_its_sums", "dx_count_of_projection"},
      {"linear_in_dy", "dy_ignored"},
      {"constant_dy_gives_nothing", "dgamma_not_centred"},
      {"dy_along_xhat", "dx_without_projection"},
      {"linear_in_gamma", "dx_without_gamma"},
      {"adjoint_of_the_jvp", "dx_without_projection"},
      {"frozen_dx", "dx_of_training"},
      {"frozen_and_training", "dx_of_frozen_statistics"},
      {"jvp_along_x", "statistics_constant"},
      {"sum_of_y_dot", "direction_not_centred"},
      {"jvp_of_the_parameters", "ddgamma_ignored"},
      {"grad_dy_is_the_jvp", ""},
      {"grad_gamma_is_along_dx", "grad_gamma_is_mean"},
      {"hessian_is_symmetric", "cross_term_of_ddx"},
      {"mixed_derivative", "ddgamma_ignored"},
      {"sum_of_grad_x", ""},
      {"running_update", "momentum_on_wrong_side"},
      {"running_lies_between", "running_old_not_decayed"},
      {"momentum_zero_keeps", "momentum_zero_is_default"},
      {"momentum_one_replaces", "running_never_updated"},
      {"first_batch_replaces", "cumulative_average_lost"},
      {"running_after_steps", "running_updated_twice"},
      {"running_fixed_point", "running_old_not_decayed"},
      {"mean_of_the_means", "cumulative_average_lost"},
      {"running_does_not_enter_y", "running_statistics_in_training"},
      {"inference_is_affine", "variance_is_deviation"},
      {"inference_of_one", "batch_statistics_in_inference"},
      {"inference_is_training", "frozen_mean_and_variance_swapped"},
      {"folded_into_a_layer", "epsilon_always_default"},
      {"same_twice", "sums_not_cleared"},
      {"nothing_is_kept", "running_statistics_poisoned"},
      // Plugins break these, in law/surroundings_test.cc.
      {"any_alignment", ""},
      {"outputs_fully_written", ""},
      {"any_number_of_threads", ""},
      {"merged_statistics", "last_value_left_out"},
      {"merged_gradients", "dgamma_is_mean"},
  };
  for (const Law& law : laws()) {
    ASSERT_TRUE(broken_by.contains(law.name)) << law.name;
    const std::string_view name = broken_by.at(law.name);
    if (name.empty()) continue;
    const Defect* defect = find_defect(name);
    ASSERT_TRUE(defect) << name;
    bool broken = false;
    for (std::uint64_t i = 0; i < 2000 && !broken; ++i) {
      DrawOptions options;
      options.profile = Profile::small;
      const Drawn drawn = draw_case(options, 3, i);
      if (!law.applies(drawn.problem)) continue;
      DefectSubject subject(*defect);
      Trial trial(subject, subject.declaration(), drawn.problem,
                  Grade::sequential);
      std::optional<Violation> violation;
      broken = check(law, trial, violation) == LawResult::broken;
    }
    EXPECT_TRUE(broken) << law.name << " by " << name;
  }
}

TEST(Laws, HaveUniqueNamesAndTexts) {
  std::set<std::string_view> names;
  for (const Law& law : laws()) {
    EXPECT_TRUE(names.insert(law.name).second) << law.name;
    EXPECT_FALSE(law.statement.empty() || law.source.empty() ||
                 law.failure.empty())
        << law.name;
    EXPECT_EQ(find_law(law.name), &law);
  }
  EXPECT_EQ(find_law("no_such_law"), nullptr);
}

// README.md lists these laws.
TEST(Laws, AreInTheReadme) {
  std::ifstream file(EXACTBN_SOURCE "/properties/README.md");
  ASSERT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  for (const Law& law : laws()) {
    const std::string row = "| `" + std::string(law.name) + "` | " +
                            std::string(law.statement) + " |";
    EXPECT_NE(text.str().find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace exactbn::law_test
