// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "oracles/defects/truth.h"
#include "oracles/formula/facts.h"
#include "oracles/formula/fingerprint.h"
#include "oracles/formula/tails.h"
#include "reference/floating_point_environment.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace formula {

namespace {

// Larger cases cost time and tell no more.
constexpr std::int64_t kMostValues = 1 << 16;
// Values of an output that are looked at, and those that are compared.
constexpr std::int64_t kMostLooked = 64;
constexpr std::size_t kMostCompared = 8;
// What counts at most for one case, in bits: its channels share parameters.
constexpr double kMostBits = 48;
// Odds of 2^-20 that a formula with one change agrees by chance, there being
// about 100; and 2^-32 with two, of which there are some thousands.
constexpr double kEnoughForOne = 20;
constexpr double kEnoughForTwo = 32;
constexpr int kMostFormulas = 3;

// By the alternatives of Slot::inputs; null if one changes nothing.
using AllFacts = std::vector<std::unique_ptr<Facts>>;

struct Value {
  std::int64_t i = 0;
  Wide got = 0;
  Wide right = 0;
  Wide tolerance = 0;  // of the right value
};

// How an output of a case compares with formulas.
struct Sample {
  std::size_t place = 0;  // in the run
  bool failed = false;
  const AllFacts* facts = nullptr;  // shared by the outputs of a case
  DType dtype = DType::f32;         // of the output
  // Values that fail or, if none does, some of those that pass.
  std::vector<Value> values;
  // All that fail, of a small output shaped like x.
  FailingValues failing;
};

// The values to look at: the first and the last of each channel, and some in
// between.
std::vector<std::int64_t> spread(std::int64_t n) {
  std::vector<std::int64_t> places;
  for (std::int64_t j = 0; j < std::min(n, kMostLooked); ++j) {
    places.push_back(n <= kMostLooked ? j : j * (n - 1) / (kMostLooked - 1));
  }
  return places;
}

std::optional<Value> value_of(Truth& truth, const Facts& facts, Output output,
                              const Tensor& got, std::int64_t i) {
  const Tensor& rounded = truth.right().find(output)->second;
  if (!rounded.finite(i)) return std::nullopt;
  return Value{i, got.value(i), facts.value(output, {}, i),
               truth.tolerance(output, i)};
}

std::optional<Sample> sample_of(const Problem& problem, Truth& truth,
                                const AllFacts& facts, Output output,
                                const Tensor& got, bool case_failed) {
  Sample sample;
  sample.facts = &facts;
  sample.dtype = got.dtype();
  std::vector<std::int64_t> failing;
  std::vector<std::int64_t> passing;
  const auto sort = [&](std::int64_t i) {
    const bool fails =
        case_failed && truth.fails(output, i, got.bits(i), got.dtype());
    (fails ? failing : passing).push_back(i);
  };
  for (const std::int64_t i : spread(got.size())) sort(i);
  if (case_failed && failing.empty()) failing = truth.failing(output, got);
  sample.failed = !failing.empty();
  if (shaped_like_x(output) && got.size() <= kMostLooked) {
    sample.failing = {&problem, failing};
  }
  const std::vector<std::int64_t>& from = sample.failed ? failing : passing;
  const std::size_t n = std::min(from.size(), kMostCompared);
  for (std::size_t j = 0; j < n; ++j) {
    const std::size_t at = n < 2 ? 0 : j * (from.size() - 1) / (n - 1);
    for (const auto& one_way : facts) {
      if (one_way) one_way->prepare(output, from[at]);
    }
    const auto value = value_of(truth, *facts.front(), output, got, from[at]);
    if (value) sample.values.push_back(*value);
  }
  if (sample.values.empty()) return std::nullopt;
  return sample;
}

// What a formula says of a sample.
enum class Finding : std::uint8_t { nothing, explains, contradicts };

struct Outcome {
  Finding finding = Finding::nothing;
  double bits = 0;
};

// The error that a formula may have where the right one has `tolerance`, with
// the rounding of the result.
Wide allowed(const Value& v, Wide model, DType dtype) {
  const Wide size = std::fabs(v.right);
  const Wide grown = size > 0 ? std::max(Wide{1}, std::fabs(model) / size) : 1;
  const auto largest =
      static_cast<double>(std::max(std::fabs(model), std::fabs(v.got)));
  return v.tolerance * grown + Wide{ulp_of(largest, dtype)} * 0.51L;
}

Outcome compare(const Sample& sample, Output output, const Choice& choice) {
  const Facts* const facts =
      (*sample.facts)[choice.at[static_cast<std::size_t>(Slot::inputs)]].get();
  if (!facts) return {};
  Outcome outcome;
  // Values of a channel share its statistics: the strongest counts.
  std::map<std::int64_t, double> of_channel;
  for (const Value& v : sample.values) {
    const Wide model = facts->value(output, choice, v.i);
    if (!std::isfinite(v.got) || !std::isfinite(model)) {
      if (!sample.failed) continue;
      // A formula gives NaN where it says nothing.
      if (!(v.got == model)) return {Finding::contradicts, 0};
      outcome.finding = Finding::explains;
      outcome.bits = 1;
      continue;
    }
    const Wide slack = allowed(v, model, sample.dtype);
    if (!sample.failed) {
      if (std::fabs(model - v.right) > 4 * slack) {
        return {Finding::contradicts, 0};
      }
      continue;
    }
    if (std::fabs(v.got - model) > slack) return {Finding::contradicts, 0};
    outcome.finding = Finding::explains;
    const Wide wrong = std::fabs(v.got - v.right);
    double& best =
        of_channel[shaped_like_x(output) ? facts->channel(v.i) : v.i];
    best = std::max(
        best, static_cast<double>(std::log2(std::max(wrong / slack, Wide{1}))));
  }
  for (const auto& [channel, bits] : of_channel) outcome.bits += bits;
  outcome.bits = std::min(outcome.bits, kMostBits);
  return outcome;
}

// The samples of an output of an operation.
struct Samples {
  Operation operation;
  Output output;
  std::vector<Sample> failed;
  std::vector<Sample> passed;
};

// A formula and the failed samples that it explains.
struct Candidate {
  Choice choice;
  std::vector<std::size_t> explained;  // indices of failed samples
  double bits = 0;
  int changes = 1;
  std::size_t elsewhere = 0;
};

std::vector<Choice> single_changes(const Samples& samples) {
  std::vector<Choice> all;
  for (const Slot slot : slots_of(samples.output)) {
    for (std::size_t a = 1; a < alternatives(slot); ++a) {
      const Choice choice = Choice().with(slot, a);
      const auto at = choice.get<std::uint8_t>(slot);
      if (slot == Slot::kept && !is_kept(samples.output, what_is_kept(at))) {
        continue;
      }
      all.push_back(choice);
    }
  }
  return all;
}

std::vector<Choice> double_changes(const std::vector<Choice>& singles) {
  std::vector<Choice> all;
  // Their number is the square of that of the others.
  const auto is_alone = [](const Choice& choice) {
    return choice.get<std::uint8_t>(Slot::inputs) != 0 ||
           choice.get<std::uint8_t>(Slot::kept) != 0;
  };
  for (std::size_t a = 0; a < singles.size(); ++a) {
    if (is_alone(singles[a])) continue;
    for (std::size_t b = a + 1; b < singles.size(); ++b) {
      if (is_alone(singles[b])) continue;
      Choice both = singles[a];
      bool apart = true;
      for (std::size_t s = 0; s < kSlots; ++s) {
        if (singles[b].at[s] == 0) continue;
        apart = apart && both.at[s] == 0;
        both.at[s] = singles[b].at[s];
      }
      if (apart) all.push_back(both);
    }
  }
  return all;
}

// The candidate that explains most of the open samples; of those that explain
// as many, the one that fewest passed cases contradict, then the first.
std::optional<Candidate> best(const Samples& samples,
                              const std::vector<Choice>& choices, int changes,
                              const std::vector<char>& open) {
  const double enough = changes == 1 ? kEnoughForOne : kEnoughForTwo;
  std::vector<Candidate> found(choices.size());
  const auto n = static_cast<std::int64_t>(choices.size());
  parallel_for(ParallelLoop{n, true, 16}, [&](std::int64_t k) {
    Candidate& c = found[static_cast<std::size_t>(k)];
    c.choice = choices[static_cast<std::size_t>(k)];
    c.changes = changes;
    for (std::size_t i = 0; i < samples.failed.size(); ++i) {
      if (open[i] == 0) continue;
      const Outcome outcome =
          compare(samples.failed[i], samples.output, c.choice);
      if (outcome.finding != Finding::explains) continue;
      c.explained.push_back(i);
      // Sixteenths, so that the sum has no rounding.
      c.bits += std::floor(16 * outcome.bits) / 16;
    }
  });
  std::size_t most = 0;
  for (const Candidate& c : found) {
    if (c.bits >= enough) most = std::max(most, c.explained.size());
  }
  if (most == 0) return std::nullopt;
  std::optional<Candidate> first;
  for (Candidate& c : found) {
    if (c.bits < enough || c.explained.size() < most) continue;
    for (const Sample& sample : samples.passed) {
      const Outcome outcome = compare(sample, samples.output, c.choice);
      c.elsewhere += outcome.finding == Finding::contradicts ? 1 : 0;
    }
    // Zeros say most by themselves; a factor that is 0 there gives them, too.
    if (c.choice == Choice().with(Slot::result, Result::zero)) return c;
    if (!first || c.elsewhere < first->elsewhere) first = c;
  }
  return first;
}

WrongFormula described(std::span<const Observed> run, const Samples& samples,
                       const Candidate& c) {
  WrongFormula f;
  f.operation = samples.operation;
  f.outputs = {samples.output};
  f.what = formula::what(samples.operation, samples.output, c.choice);
  std::vector<FailingValues> failing;
  for (const std::size_t i : c.explained) {
    f.explained.push_back(samples.failed[i].place);
    if (samples.failed[i].failing.problem) {
      failing.push_back(samples.failed[i].failing);
    }
  }
  f.only_at = common_tail(failing);
  for (const Sample& sample : samples.failed) {
    const bool is_explained = std::find(f.explained.begin(), f.explained.end(),
                                        sample.place) != f.explained.end();
    if (!is_explained) f.missed.push_back(sample.place);
  }
  for (const Sample& sample : samples.passed) {
    const Outcome outcome = compare(sample, samples.output, c.choice);
    if (outcome.finding == Finding::contradicts) {
      f.elsewhere.push_back(sample.place);
    }
  }
  f.only_where = distinguishing_rule(questions(run, f.explained),
                                     questions(run, f.elsewhere))
                     .value_or("");
  return f;
}

// A few cases follow many formulas by accident if most cases contradict them,
// unless a branch that they share says why.
bool is_credible(const Candidate& c, const WrongFormula& f) {
  if (c.changes == 2 && f.explained.size() < 2) return false;
  // A rule that tells a few cases from all others is easily found.
  if (!f.missed.empty() && f.explained.size() < 4) return false;
  return !f.only_where.empty() || f.explained.size() > 2 ||
         f.elsewhere.size() <= 4 * f.explained.size();
}

void add_formulas(std::span<const Observed> run, const Samples& samples,
                  std::vector<WrongFormula>& all) {
  const std::vector<Choice> singles = single_changes(samples);
  const std::vector<Choice> doubles = double_changes(singles);
  std::vector<char> open(samples.failed.size(), 1);
  std::size_t left = open.size();
  for (int n = 0; n < kMostFormulas && left > 0; ++n) {
    std::optional<Candidate> c = best(samples, singles, 1, open);
    // Two faults at once only if they explain clearly more than one.
    const std::size_t by_one = c ? c->explained.size() : 0;
    if (10 * by_one < 9 * left) {
      std::optional<Candidate> two = best(samples, doubles, 2, open);
      if (two && 10 * two->explained.size() > 11 * by_one) c = std::move(two);
    }
    // A formula that explains only a few of the failures says little.
    if (!c || 2 * c->explained.size() < left) return;
    if (10 * c->explained.size() < open.size()) return;
    WrongFormula found = described(run, samples, *c);
    if (!is_credible(*c, found)) return;
    for (const std::size_t i : c->explained) open[i] = 0;
    left -= c->explained.size();
    all.push_back(std::move(found));
  }
}

// What is remarkable in the values that no formula gives.
void add_fingerprint(const Samples& samples, std::vector<WrongFormula>& all) {
  std::set<std::size_t> known;
  for (const WrongFormula& f : all) {
    if (f.operation != samples.operation) continue;
    if (f.outputs.contains(samples.output)) {
      known.insert(f.explained.begin(), f.explained.end());
    }
  }
  const Choice without_x = Choice().with(Slot::gamma, Parameter::zero);
  std::vector<WrongValue> values;
  std::set<std::size_t> places;
  for (const Sample& sample : samples.failed) {
    if (known.contains(sample.place)) continue;
    places.insert(sample.place);
    const Facts& facts = *sample.facts->front();
    for (const Value& v : sample.values) {
      WrongValue value = {sample.place, v.i, sample.dtype, v.got, v.right, 0, 1,
                          v.tolerance};
      if (samples.output == Output::y) {
        value.channel = facts.channel(v.i);
        value.offset = facts.value(Output::y, without_x, v.i);
        value.scale = facts.gamma(value.channel);
      }
      values.push_back(value);
    }
  }
  // What is wrong in the arithmetic alone shows nearly everywhere.
  const bool everywhere = places.size() >= samples.passed.size();
  const std::string what = fingerprint(samples.output, values, everywhere);
  if (what.empty()) return;
  WrongFormula f;
  f.operation = samples.operation;
  f.outputs = {samples.output};
  f.what = what;
  f.explained.assign(places.begin(), places.end());
  all.push_back(std::move(f));
}

// Outputs with the same fault are one finding.
std::vector<WrongFormula> joined(const std::vector<WrongFormula>& all) {
  std::vector<WrongFormula> joined;
  const auto unite = [](std::vector<std::size_t>& a,
                        const std::vector<std::size_t>& b) {
    std::set<std::size_t> both(a.begin(), a.end());
    both.insert(b.begin(), b.end());
    a.assign(both.begin(), both.end());
  };
  for (const WrongFormula& f : all) {
    const auto same = std::find_if(
        joined.begin(), joined.end(), [&](const WrongFormula& other) {
          return other.operation == f.operation && other.what == f.what &&
                 other.only_at == f.only_at;
        });
    if (same == joined.end()) {
      joined.push_back(f);
      continue;
    }
    same->outputs.insert(f.outputs.begin(), f.outputs.end());
    unite(same->explained, f.explained);
    unite(same->missed, f.missed);
    unite(same->elsewhere, f.elsewhere);
    if (same->only_where != f.only_where) same->only_where.clear();
  }
  return joined;
}

bool is_small(const Observed& one) {
  return one.question->problem.x().size() <= kMostValues;
}

// What was asked before each case.
std::vector<Earlier> earlier_questions(std::span<const Observed> run) {
  std::vector<Earlier> all(run.size());
  std::map<std::int64_t, const Problem*> by_channels;
  std::map<std::pair<Shape, int>, std::pair<const Problem*, const Problem*>>
      by_shape;  // the first, and the last in training
  for (std::size_t place = 0; place < run.size(); ++place) {
    const Problem& problem = run[place].question->problem;
    if (run[place].calls.empty() || !is_small(run[place])) continue;
    Earlier& earlier = all[place];
    const Shape& shape = problem.x().shape();
    auto& [first, forward] = by_shape[{shape, problem.channel_axis}];
    const Problem*& channels = by_channels[problem.view().channels];
    earlier = {channels, forward, first};
    if (!first) first = &problem;
    if (problem.operation == Operation::forward_training) forward = &problem;
    if (problem.find(Input::gamma)) channels = &problem;
  }
  return all;
}

AllFacts facts_of(const Problem& problem, const Declaration& declaration,
                  const Earlier& earlier) {
  AllFacts all;
  for (std::size_t a = 0; a < alternatives(Slot::inputs); ++a) {
    auto facts = std::make_unique<Facts>(problem, declaration.running_variance,
                                         earlier, static_cast<Inputs>(a));
    if (a > 0 && facts->is_as_given()) facts.reset();
    all.push_back(std::move(facts));
  }
  return all;
}

using OutputSamples = std::vector<std::pair<Output, Sample>>;

// The samples of the outputs of a case; `facts` are made for them.
OutputSamples samples_of_case(const Observed& one, std::size_t place,
                              const Declaration& declaration,
                              const Earlier& earlier, AllFacts& facts) {
  OutputSamples samples;
  const Problem& problem = one.question->problem;
  Truth truth(*one.question, declaration);
  facts = facts_of(problem, declaration, earlier);
  for (const auto& [output, tensor] : one.calls.back()->outputs) {
    if (slots_of(output).empty() || !truth.right().contains(output) ||
        !truth.is_compared(output)) {
      continue;
    }
    auto sample = sample_of(problem, truth, facts, output, tensor, one.failed);
    if (!sample) continue;
    sample->place = place;
    samples.emplace_back(output, std::move(*sample));
  }
  return samples;
}

// The samples of all outputs that fail somewhere, in the order of the run.
// `facts`: of each case.
std::vector<Samples> samples_of(std::span<const Observed> run,
                                const Declaration& declaration,
                                std::vector<AllFacts>& facts) {
  facts.resize(run.size());
  const std::vector<Earlier> earlier = earlier_questions(run);
  std::vector<OutputSamples> of_case(run.size());
  std::set<Operation> failing;
  for (const Observed& one : run) {
    if (one.failed) failing.insert(one.question->problem.operation);
  }
  parallel_for(std::ssize(run), true, [&](std::int64_t k) {
    const auto place = static_cast<std::size_t>(k);
    const Observed& one = run[place];
    const Operation operation = one.question->problem.operation;
    if (one.calls.empty() || !is_small(one) || !failing.contains(operation)) {
      return;
    }
    of_case[place] =
        samples_of_case(one, place, declaration, earlier[place], facts[place]);
  });
  std::vector<Samples> all;
  for (std::size_t place = 0; place < run.size(); ++place) {
    const Operation operation = run[place].question->problem.operation;
    for (auto& [name, sample] : of_case[place]) {
      const Output output = name;
      auto of = std::find_if(all.begin(), all.end(), [&](const Samples& s) {
        return s.operation == operation && s.output == output;
      });
      if (of == all.end()) {
        of = all.insert(all.end(), Samples{operation, output, {}, {}});
      }
      (sample.failed ? of->failed : of->passed).push_back(std::move(sample));
    }
  }
  std::erase_if(all, [](const Samples& s) { return s.failed.empty(); });
  return all;
}

std::vector<WrongFormula> find(std::span<const Observed> run,
                               const Declaration& declaration) {
  std::vector<WrongFormula> all;
  std::vector<AllFacts> facts;
  for (const Samples& samples : samples_of(run, declaration, facts)) {
    add_formulas(run, samples, all);
    add_fingerprint(samples, all);
  }
  return joined(all);
}

}  // namespace

}  // namespace formula

std::vector<WrongFormula> wrong_formulas(std::span<const Observed> run,
                                         const Declaration& declaration) {
  const StandardEnvironment environment;
  return formula::find(run, declaration);
}

}  // namespace exactbn
