// SPDX-License-Identifier: Apache-2.0
//
// Sound algorithms (oracles/zoo) as subjects: they break no law.
#include <gtest/gtest.h>

#include "oracles/zoo/subject.h"
#include "properties/survey.h"
#include "reference/testing/trials.h"

namespace exactbn::zoo {
namespace {

struct Count {
  std::uint64_t passed = 0;
  std::uint64_t beyond = 0;
};

template <class W>
void survey_algorithms(std::uint64_t cases, Count& count) {
  const auto statistics = sound_statistics<W>();
  std::size_t turn = 0;
  for (std::size_t k = 0; k < statistics.size(); ++k) {
    const Algorithm algorithm = {k, turn, kOrders[turn % kOrders.size()]};
    ++turn;
    Request r;
    r.seed = 100 + turn;
    r.cases = cases;
    r.draw.profile = Profile::small;
    r.draw.operations = {Operation::forward_training,
                         Operation::backward_training};
    r.draw.dtypes = SoundSubject<W>(algorithm).declaration().dtypes;
    for (const Law& law : laws()) r.laws.push_back(&law);
    const Survey s = survey(
        {[&] { return std::make_unique<SoundSubject<W>>(algorithm); }}, r);
    EXPECT_EQ(s.failed, 0u)
        << statistics[k].name << ", "
        << (s.discoveries.empty()
                ? ""
                : std::to_string(s.discoveries[0].index) + " " +
                      s.discoveries[0].violation.law + ": " +
                      place_of(s.discoveries[0].violation) + " " +
                      s.discoveries[0].violation.text);
    // Shows the progress of a long run.
    printf("%-24s %8lu passed, %6lu undecided, %8lu beyond\n",
           std::string(statistics[k].name).c_str(), s.passed, s.undecided,
           s.beyond);
    fflush(stdout);
    count.passed += s.passed;
    count.beyond += s.beyond;
  }
}

void survey_all(std::uint64_t cases) {
  Count count;
  survey_algorithms<float>(cases, count);
  survey_algorithms<double>(cases, count);
  printf("%lu passed, %lu beyond\n", count.passed, count.beyond);
  EXPECT_GT(count.passed, count.beyond);
}

TEST(SoundSubjects, BreakNoLaw) { survey_all(trials(300)); }

// More than 10^6 cases.
TEST(SoundSubjects, DISABLED_BreakNoLawInMillions) { survey_all(300'000); }

}  // namespace
}  // namespace exactbn::zoo
