// SPDX-License-Identifier: Apache-2.0
#include "properties/runner.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>

#include "oracles/defects.h"
#include "oracles/double_subject.h"
#include "reference/trials.h"

namespace exactbn {
namespace {

Source double_source() {
  return {[] { return std::make_unique<DoubleSubject>(); }};
}

Source defect_source(const Defect& defect) {
  return {[&defect] { return std::make_unique<DefectSubject>(defect); }};
}

Source defect_source(std::string_view name) {
  return defect_source(*find_defect(name));
}

Request request(std::uint64_t seed, std::uint64_t cases) {
  Request r;
  r.seed = seed;
  r.cases = cases;
  for (const Law& law : laws()) r.laws.push_back(&law);
  return r;
}

std::string text_of(const std::vector<Discovery>& discoveries) {
  std::string text;
  for (const Discovery& d : discoveries) {
    text += std::to_string(d.index) + ' ' + d.violation.law + ": " +
            d.violation.output + '[' + std::to_string(d.violation.index) +
            "] " + d.violation.text + '\n';
  }
  return text;
}

TEST(Runner, FindsNothingInTheTextbookInDouble) {
  constexpr std::uint64_t kCases = trials(500);
  const Survey s = survey(double_source(), request(1, kCases));
  EXPECT_EQ(s.done, kCases);
  EXPECT_EQ(s.failed, 0u) << text_of(s.discoveries);
  EXPECT_GT(s.passed, s.done / 2);
  EXPECT_FALSE(s.broke);
}

// The whole of the evidence: 10^6 cases.
TEST(Runner, DISABLED_FindsNothingInTheTextbookInAMillionCases) {
  const Survey s = survey(double_source(), request(20150211, 1'000'000));
  EXPECT_EQ(s.failed, 0u) << text_of(s.discoveries);
}

TEST(Runner, FindsTheSameWithAnyNumberOfThreads) {
  const int threads = omp_get_max_threads();
  const auto run = [&](int n) {
    omp_set_num_threads(n);
    return survey(defect_source("dx_without_projection"), request(3, 150));
  };
  const Survey one = run(1);
  const Survey three = run(3);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.tallies, three.tallies);
  EXPECT_EQ(one.distribution, three.distribution);
  EXPECT_EQ(one.failed, three.failed);
  EXPECT_GT(one.failed, 0u);
  EXPECT_EQ(text_of(one.discoveries), text_of(three.discoveries));
}

// Laws, oracle and all, on what is right and on what is wrong.
TEST(Runner, FindsTheSameWithoutTheFilter) {
  const auto compare = [](const Source& source, Request r) {
    const Survey filtered = survey(source, r);
    r.filter = Filter::off;
    const Survey judged = survey(source, r);
    EXPECT_EQ(filtered.tallies, judged.tallies);
    EXPECT_EQ(filtered.passed, judged.passed);
    EXPECT_EQ(filtered.failed, judged.failed);
    EXPECT_EQ(filtered.undecided, judged.undecided);
    EXPECT_EQ(text_of(filtered.discoveries), text_of(judged.discoveries));
    EXPECT_EQ(judged.counts.by_filter, 0u);
    return filtered;
  };
  const Survey sound = compare(double_source(), request(7, trials(600)));
  EXPECT_GT(sound.counts.by_filter, 4 * sound.counts.by_judge);
  for (std::size_t k = 0; k < defects().size(); k += kSanitized ? 40 : 5) {
    const Survey wrong =
        compare(defect_source(defects()[k]), request(8 + k, 20));
    EXPECT_GT(wrong.failed, 0u) << defects()[k].name;
  }
}

TEST(Runner, ACaseIsTheSameAlone) {
  const Survey all = survey(defect_source("relu_fused"), request(3, 100));
  ASSERT_FALSE(all.discoveries.empty());
  Request alone = request(3, 1);
  alone.first = all.discoveries[0].index;
  const Survey one = survey(defect_source("relu_fused"), alone);
  ASSERT_FALSE(one.discoveries.empty());
  EXPECT_EQ(one.discoveries[0].problem, all.discoveries[0].problem);
  EXPECT_EQ(one.discoveries[0].violation.text,
            all.discoveries[0].violation.text);
}

TEST(Runner, StopsWhenItIsToldTo) {
  Request r = request(1, 100'000);
  int asked = 0;
  r.interrupted = [&] { return ++asked > 2; };
  const Survey s = survey(double_source(), r);
  EXPECT_TRUE(s.interrupted);
  EXPECT_GT(s.done, 0u);
  EXPECT_LT(s.done, 10'000u);

  r = request(1, 100'000'000);
  r.time = std::chrono::milliseconds(50);
  EXPECT_LT(survey(double_source(), r).done, 1'000'000u);
}

// Crashes on every third case.
class Brittle : public DoubleSubject {
 public:
  Answer answer(const Case& c) override {
    if (c.problem.view().count() % 3 == 0) throw SubjectFailure("died");
    return DoubleSubject::answer(c);
  }
};

TEST(Runner, ACrashIsFoundAndShrunk) {
  Source source{[] { return std::make_unique<Brittle>(); }, false};
  const Request r = request(1, 1000);
  const Survey s = survey(source, r);
  EXPECT_TRUE(s.broke);
  EXPECT_EQ(s.failed, 3u);  // then nothing is asked any more
  ASSERT_FALSE(s.discoveries.empty());
  EXPECT_EQ(s.discoveries[0].violation.law, kAnswers);
  const Counterexample found = shrink(source, r, s.discoveries[0]);
  EXPECT_EQ(found.problem.view().count(), 3);
  EXPECT_EQ(found.violation.text, "died");
}

TEST(Runner, AFailureIsShrunkToAFewNumbers) {
  const Source source = defect_source("variance_unbiased");
  const Request r = request(1, 50);
  const Survey s = survey(source, r);
  ASSERT_FALSE(s.discoveries.empty());
  const Counterexample found = shrink(source, r, s.discoveries[0]);
  EXPECT_TRUE(found.repeats);
  EXPECT_LE(value_count(found.problem), 6);
  EXPECT_EQ(found.violation.law, s.discoveries[0].violation.law);
}

// What came of hunting a defect.
struct Hunted {
  std::uint64_t cases = 0;  // until it was found; 0: never
  std::int64_t values = 0;  // of the smallest counterexample
  std::string law;
};

Hunted hunt(const Defect& defect, std::uint64_t seed, std::uint64_t most) {
  const Source source = defect_source(defect);
  Request r = request(seed, most);
  bool found = false;
  r.progress = [&](std::uint64_t, std::size_t broken) { found = broken > 0; };
  r.interrupted = [&] { return found; };
  const Survey s = survey(source, r);
  if (s.discoveries.empty()) return {};
  r.interrupted = {};
  Hunted best{s.discoveries[0].index + 1, 1 << 30, ""};
  // The first case may break several laws.
  for (const Discovery& d : s.discoveries) {
    if (d.index != s.discoveries[0].index) break;
    const Counterexample c = shrink(source, r, d, {600});
    if (value_count(c.problem) >= best.values) continue;
    best.values = value_count(c.problem);
    best.law = d.violation.law;
    if (best.values <= 4) break;
  }
  return best;
}

void hunt_all(const std::vector<std::uint64_t>& seeds,
              const std::vector<const Defect*>& all, double median) {
  std::vector<std::int64_t> sizes;
  for (const Defect* defect : all) {
    std::uint64_t worst = 0;
    std::vector<std::int64_t> values;
    std::string law;
    for (const std::uint64_t seed : seeds) {
      const Hunted h = hunt(*defect, seed, 2000);
      EXPECT_GT(h.cases, 0u) << defect->name << ", seed " << seed;
      if (h.cases == 0) continue;
      worst = std::max(worst, h.cases);
      values.push_back(h.values);
      sizes.push_back(h.values);
      law = h.law;
    }
    std::sort(values.begin(), values.end());
    printf("%-34s within %5lu cases, to %4ld values, as by %s\n",
           std::string(defect->name).c_str(), worst,
           values.empty() ? -1L : values[values.size() / 2], law.c_str());
    fflush(stdout);
  }
  std::sort(sizes.begin(), sizes.end());
  ASSERT_FALSE(sizes.empty());
  EXPECT_LE(static_cast<double>(sizes[sizes.size() / 2]), median);
  printf("median of values: %ld of %zu\n", sizes[sizes.size() / 2],
         sizes.size());
}

std::vector<const Defect*> every(std::size_t step) {
  std::vector<const Defect*> some;
  for (std::size_t k = 0; k < defects().size(); k += step) {
    some.push_back(&defects()[k]);
  }
  return some;
}

TEST(Runner, FindsDefects) { hunt_all({1}, every(kSanitized ? 60 : 15), 8); }

TEST(Runner, DISABLED_FindsEveryDefect) { hunt_all({1, 2}, every(1), 8); }

TEST(Runner, DISABLED_FindsEveryDefectFromTwentySeeds) {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) seeds.push_back(seed);
  hunt_all(seeds, every(1), 8);
}

}  // namespace
}  // namespace exactbn
