// SPDX-License-Identifier: Apache-2.0
//
// Sound algorithms (oracles/zoo) as subjects: they break no law.
#include <gtest/gtest.h>

#include "oracles/check/channel_problem.h"
#include "oracles/zoo/trial.h"
#include "properties/draw/transform.h"
#include "properties/survey.h"
#include "reference/testing/trials.h"

namespace exactbn::zoo {
namespace {

// The algorithms of one subject.
struct Algorithm {
  std::size_t statistics;
  std::size_t formula;  // of y, and of the gradients
  Order order;          // of the sums of gradients
};

// Computes channel by channel in W, whatever the range.
template <class W>
class SoundSubject : public Subject {
 public:
  explicit SoundSubject(Algorithm algorithm) : algorithm_(algorithm) {
    declaration_.subject = "sound";
    declaration_.operations = {Operation::forward_training,
                               Operation::backward_training};
    declaration_.accumulation = kDTypeOf<W>;
    declaration_.outputs[Operation::forward_training] = {
        Output::y, Output::mean, Output::var, Output::invstd};
    if (kDTypeOf<W> == DType::f64) {
      declaration_.dtypes = {DType::f64};
    } else {
      declaration_.dtypes = {DType::f32, DType::f16, DType::bf16,
                             DType::f8e4m3fn, DType::f8e5m2};
    }
  }

  const Declaration& declaration() const override { return declaration_; }

  Answer answer(const Case& c) override {
    const Problem& p = c.problem;
    // A kernel's epsilon is a value of W.
    if (static_cast<double>(static_cast<W>(p.epsilon)) != p.epsilon) {
      return {Answer::Kind::unsupported, "epsilon", {}};
    }
    Answer all;
    for (std::int64_t k = 0; k < p.view().channels; ++k) {
      const Answer one = channel(channel_problem(p, k));
      for (const auto& [name, tensor] : one.outputs) {
        Tensor& to = all.outputs[name];
        if (to.size() == 0) to = Tensor(tensor.dtype(), shape_of(p, name));
        if (!shaped_like_x(name)) {
          to.set_bits(k, tensor.bits(0));
          continue;
        }
        for (std::int64_t i = 0; i < tensor.size(); ++i) {
          to.set_bits(p.view().offset(k, i), tensor.bits(i));
        }
      }
    }
    return all;
  }

 private:
  Answer channel(Problem p) const {
    const DType dtype = kDTypeOf<W>;
    for (const Input name : {Input::gamma, Input::beta}) {
      if (p.find(name)) continue;
      p.inputs[name] = filled(dtype, {1}, traits(name).absent);
    }
    const Values<W> x = values_of<W>(p.x());
    const Statistics<W> s = sound_statistics<W>()[algorithm_.statistics].run(x);
    if (p.operation == Operation::forward_training) {
      return forward(
          p, x, s,
          kAffineForms<W>[algorithm_.formula % kAffineForms<W>.size()].run);
    }
    const Values<W> dy = values_of<W>(p.inputs.at(Input::dy));
    const BackwardInput<W> in = {x, dy, parameter<W>(p, Input::gamma),
                                 normalizer(s, p.epsilon), algorithm_.order};
    return backward(
        p,
        kGradientFormulas<W>[algorithm_.formula % kGradientFormulas<W>.size()]
            .run(in));
  }

  Algorithm algorithm_;
  Declaration declaration_;
};

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
