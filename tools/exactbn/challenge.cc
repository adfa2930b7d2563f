// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/challenge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/vector/sha256.h"
#include "oracles/check/rounding_tally.h"
#include "oracles/format_names.h"
#include "oracles/judge/domain.h"
#include "oracles/momentum.h"
#include "oracles/printable.h"
#include "tools/exactbn/run/roundings.h"

namespace exactbn {

namespace {

constexpr std::string_view kWrote = "it wrote to its input";

// How often a question is drawn again that is extreme, or too ill-conditioned
// to be judged. No family needs it often.
constexpr int kAttempts = 32;

// How many of the questions that failed are asked again.
constexpr std::size_t kAskedAgain = 16;

// Answers of at most so many values are recorded whole.
constexpr std::int64_t kWhole = 1 << 15;

// Whether every value of every output is surely judged.
bool is_ordinary(const Problem& problem, const Declaration& declaration) {
  const Judge judge(problem, declaration);
  const std::int64_t channels = problem.view().channels;
  for (const Output output : output_names(problem)) {
    if (!offers(declaration, problem.operation, output)) continue;
    for (std::int64_t c = 0; c < channels; ++c) {
      if (!judge.exact().inputs_finite(c)) continue;
      if (judge.conditions().sizes(c).w == 0 ||
          judge.bound_is_void(output, c) ||
          !why_extreme(judge, output, c).empty()) {
        return false;
      }
    }
  }
  return true;
}

template <class List, class Value>
bool holds(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// A named operation or format counts even if the subject does not declare it.
template <class All, class Value>
std::vector<Value> asked_of(const All& all, const std::vector<Value>& named,
                            const std::vector<Value>& declared) {
  std::vector<Value> asked;
  for (const Value value : all) {
    if (named.empty() ? declared.empty() || holds(declared, value)
                      : holds(named, value)) {
      asked.push_back(value);
    }
  }
  return asked;
}

// Whether everything is offered but statistics, which many kernels do not
// return: who offers only a mean is not asked for less.
bool offers_results(const Declaration& declaration, Operation operation) {
  const OutputNames& outputs = traits(operation).outputs;
  return std::all_of(outputs.begin(), outputs.end(), [&](Output output) {
    const bool is_statistic =
        operation == Operation::forward_training && output != Output::y;
    return is_statistic || offers(declaration, operation, output);
  });
}

std::string where(const Problem& p) {
  return fmt::format("{} {}, channel axis {}, eps {:a}",
                     format(p.x().dtype()).name, to_string(p.x().shape()),
                     p.channel_axis, p.epsilon);
}

// The worst value of the first output with the verdict.
std::string why_not(const CaseVerdict& verdict) {
  if (!verdict.reason.empty()) return printable(verdict.reason);
  for (const OutputVerdict& out : verdict.outputs) {
    if (out.verdict != verdict.verdict) continue;
    if (out.verdict == Verdict::undecided) {
      return fmt::format("{} values of {} are undecided", out.undecided_values,
                         out.output);
    }
    const OutputVerdict& of = out.beyond.empty() ? out : out.beyond[0];
    const Finding& worst = of.worst;
    return fmt::format(
        "{}[{}] is {:.9g}, want {:.9g}: eta {:.3g}, limit {:.3g}{}{}",
        out.output, worst.index, to_double(worst.got, of.dtype),
        to_double(worst.judgement.want, of.dtype), worst.judgement.eta,
        of.limit, out.why_beyond.empty() ? "" : "; ", out.why_beyond);
  }
  return std::string(to_string(verdict.verdict));
}

}  // namespace

struct Challenge::State {
  // A case of a family.
  struct Token {
    const Paper* paper;
    FamilyMarks* marks;
    std::uint64_t index;
  };
  // What was asked of it.
  struct Progress {
    int parts = 0;
    Problem base;
    std::size_t first = 0;  // the number of the first part
  };
  struct Failed {
    std::size_t number;
    const Paper* paper;
    FamilyMarks* marks;
    std::uint64_t index;
    int part;
    Problem problem;
    std::uint8_t arrangement;
  };
  using Key = std::tuple<const Paper*, const Family*, std::uint64_t>;
  using Roundings = std::map<std::pair<Output, DType>, RoundingTally>;

  std::uint64_t seed;
  ChallengeSettings settings;
  Declaration declaration;
  std::vector<Paper> papers;
  ChallengeMarks marks;
  std::vector<Token> tokens;  // in the order of asking
  std::size_t turn = 0;
  std::map<Key, Progress> open;
  std::map<std::size_t, Verdict> verdicts;  // of first parts
  std::vector<Failed> failed;
  std::size_t again = 0;
  std::size_t size = 0;
  FamilyMarks* of_question = nullptr;
  Roundings judged;  // of the answer that was judged last
  std::map<std::pair<Operation, DType>, Roundings> roundings;  // of a paper
  ChallengeQuestion question;
  std::size_t number = 0;

  void list_papers();
  void list_tokens();
  Problem draw(const Token& token, int part, const Problem* base) const;
  void ask(const Token& token);
  void ask_again(const Failed& one);
  void set_case(Problem problem, std::uint8_t arrangement);
};

void Challenge::State::list_papers() {
  const auto operations =
      asked_of(kOperations, settings.operations, declaration.operations);
  const auto dtypes = asked_of(kDTypes, settings.dtypes, declaration.dtypes);
  for (const Operation operation : operations) {
    for (const DType dtype : dtypes) {
      const bool is_declared =
          (declaration.operations.empty() ||
           holds(declaration.operations, operation)) &&
          (declaration.dtypes.empty() || holds(declaration.dtypes, dtype)) &&
          offers_results(declaration, operation);
      papers.push_back({operation, dtype, is_declared});
    }
  }
}

void Challenge::State::list_tokens() {
  marks.papers.reserve(papers.size());
  for (const Paper& paper : papers) {
    PaperMarks of_paper;
    of_paper.paper = paper;
    if (!paper.is_declared) {
      marks.papers.push_back(std::move(of_paper));
      continue;
    }
    of_paper.families.reserve(families().size());
    for (const Family& family : families()) {
      const bool selected =
          settings.families.empty() || holds(settings.families, family.name);
      if (!selected || !family.applies(paper, declaration)) continue;
      FamilyMarks& of_family = of_paper.families.emplace_back();
      of_family.family = &family;
      const std::uint64_t cases = family.cases(settings);
      size += cases * static_cast<std::uint64_t>(family.parts);
      // A token is asked at once, or, if others may come between, once a part.
      const int times = family.is_interleaved ? family.parts : 1;
      for (std::uint64_t index = 0; index < cases; ++index) {
        for (int part = 0; part < times; ++part) {
          tokens.push_back({&paper, &of_family, index});
        }
      }
    }
    // The families may not be of this operation.
    if (!of_paper.families.empty()) marks.papers.push_back(std::move(of_paper));
  }
  Draw order = stream(seed, "order");
  for (std::size_t k = tokens.size(); k > 1; --k) {
    std::swap(tokens[k - 1], tokens[order.below(k)]);
  }
}

Problem Challenge::State::draw(const Token& token, int part,
                               const Problem* base) const {
  const Family& family = *token.marks->family;
  const Exercise exercise = {*token.paper, settings, declaration, seed,
                             token.index};
  Problem problem;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Draw draw =
        stream(seed, fmt::format("{} {} {} {} {} {}", token.paper->operation,
                                 format(token.paper->dtype).name, family.name,
                                 token.index, part, attempt));
    problem = as_asked(family.draw(draw, exercise, part, base), declaration);
    if (family.is_large || is_ordinary(problem, declaration)) break;
  }
  return problem;
}

void Challenge::State::set_case(Problem problem, std::uint8_t arrangement) {
  question.number = number;
  Draw of_case = stream(seed, fmt::format("case {}", number));
  ++number;
  question.asked.id = fmt::format("{:016x}", of_case.bits());
  question.asked.problem = std::move(problem);
  question.surroundings = {};
  question.surroundings.kept = arrangement;
  // So that addresses come again, but not all are aligned for vectors.
  question.surroundings.past = arrangement == 2 ? 3 : 0;
  if (of_case.below(2) == 0) {
    question.surroundings.held = static_cast<std::uint8_t>(of_case.below(256));
  }
  judged.clear();
}

void Challenge::State::ask(const Token& token) {
  const Family& family = *token.marks->family;
  Progress& progress = open[{token.paper, &family, token.index}];
  const int part = progress.parts++;
  Problem problem = draw(token, part, part == 0 ? nullptr : &progress.base);
  if (part == 0) {
    progress.first = number;
    if (family.parts > 1) progress.base = problem;
  }
  question.paper = token.paper;
  question.family = &family;
  question.of_family = token.index;
  question.part = part;
  question.repeats.reset();
  question.is_again = false;
  of_question = token.marks;
  Draw place = stream(seed, fmt::format("place {}", progress.first));
  auto arrangement = static_cast<std::uint8_t>(place.below(3));
  // Parts are asked in the memory of the first one, and it again in another.
  const bool is_again =
      part > 0 && !family.is_interleaved && problem == progress.base;
  if (is_again) {
    question.repeats = progress.first;
    arrangement = static_cast<std::uint8_t>((arrangement + 1) % 3);
  }
  set_case(std::move(problem), arrangement);
}

void Challenge::State::ask_again(const Failed& one) {
  question.paper = one.paper;
  question.family = one.marks->family;
  question.of_family = one.index;
  question.part = one.part;
  question.repeats = one.number;
  question.is_again = true;
  of_question = nullptr;
  set_case(one.problem, static_cast<std::uint8_t>((one.arrangement + 1) % 3));
}

Challenge::Challenge(std::uint64_t seed, ChallengeSettings settings,
                     Declaration declaration)
    : state_(std::make_unique<State>()) {
  state_->seed = seed;
  state_->settings = std::move(settings);
  state_->declaration = std::move(declaration);
  state_->list_papers();
  state_->list_tokens();
}

Challenge::~Challenge() = default;

const ChallengeQuestion* Challenge::next() {
  State& s = *state_;
  if (s.turn < s.tokens.size()) {
    const State::Token token = s.tokens[s.turn];
    s.ask(token);
    const Family& family = *token.marks->family;
    const bool is_last =
        family.is_interleaved || s.question.part + 1 == family.parts;
    s.turn += is_last ? 1 : 0;
    return &s.question;
  }
  if (s.again < s.failed.size()) {
    s.ask_again(s.failed[s.again++]);
    return &s.question;
  }
  return nullptr;
}

ChallengeVerdict Challenge::judge(const Answer& answer) {
  State& s = *state_;
  const CaseVerdict verdict =
      check(s.question.asked, s.declaration, answer, s.settings.required);
  ChallengeVerdict result;
  result.verdict = verdict.verdict;
  if (verdict.verdict != Verdict::passed) result.why = why_not(verdict);
  result.wrote = tells_of_written_input(answer);
  if (answer.kind == Answer::Kind::outputs && is_recorded_whole(s.question)) {
    const std::vector<RoundingTally> tallies =
        rounding_tallies(s.question.asked.problem, s.declaration,
                         answer.outputs, verdict.outputs);
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      const OutputVerdict& out = verdict.outputs[i];
      if (tallies[i].values > 0) s.judged[{out.output, out.dtype}] = tallies[i];
    }
  }
  return result;
}

namespace {

// The running statistics that the next step begins with: those of the answer,
// in the format of the question, if they can be.
void take_running(const OutputTensors& outputs, Problem& problem) {
  for (const auto& [input, output] :
       {std::pair{Input::running_mean, Output::running_mean},
        {Input::running_var, Output::running_var}}) {
    const auto found = outputs.find(output);
    if (!problem.find(input) || found == outputs.end()) continue;
    Tensor& tensor = problem.inputs.at(input);
    for (std::int64_t c = 0; c < tensor.size(); ++c) {
      tensor.set_bits(c, round_to(found->second.value(c), tensor.dtype()));
    }
  }
}

}  // namespace

void Challenge::add(const ChallengeVerdict& verdict, const Answer* answer) {
  State& s = *state_;
  const ChallengeQuestion& q = s.question;
  ChallengeMarks& marks = s.marks;
  const bool passed = verdict.verdict == Verdict::passed;
  marks.broke = marks.broke || verdict.broke;
  if (verdict.wrote && marks.disqualified.empty()) {
    marks.disqualified = fmt::format("question {}: {}", q.number, verdict.why);
  }
  if (q.repeats) {
    const Verdict before = s.verdicts.at(*q.repeats);
    const bool differs =
        (passed && before == Verdict::failed) ||
        (before == Verdict::passed && verdict.verdict == Verdict::failed);
    if (differs && !verdict.broke && marks.disqualified.empty()) {
      marks.disqualified = fmt::format(
          "questions {} and {} are the same, and only the answer to {} is "
          "right",
          *q.repeats, q.number, passed ? q.number : *q.repeats);
    }
  }
  s.verdicts[q.number] = verdict.verdict;
  if (!s.of_question) return;  // asked again
  FamilyMarks& of_family = *s.of_question;
  ++marks.asked;
  ++of_family.asked;
  ++of_family.by_verdict[verdict.verdict];
  State::Roundings& roundings =
      s.roundings[{q.paper->operation, q.paper->dtype}];
  for (const auto& [key, tally] : s.judged) roundings[key] += tally;
  marks.passed += passed ? 1 : 0;
  of_family.passed += passed ? 1 : 0;
  of_family.beyond += verdict.verdict == Verdict::beyond ? 1 : 0;
  if (!passed && verdict.verdict != Verdict::beyond && !of_family.first) {
    of_family.first = q.number;
    of_family.where = where(q.asked.problem);
    of_family.why = verdict.why;
  }
  if (verdict.verdict == Verdict::failed && !verdict.broke &&
      s.failed.size() < kAskedAgain) {
    s.failed.push_back({q.number, q.paper, s.of_question, q.of_family, q.part,
                        q.asked.problem, *q.surroundings.kept});
  }
  if (q.family->is_interleaved && passed && answer) {
    take_running(answer->outputs,
                 s.open[{q.paper, q.family, q.of_family}].base);
  }
}

void Challenge::finish() {
  for (PaperMarks& paper : state_->marks.papers) {
    paper.biased.clear();
    const auto& roundings =
        state_->roundings[{paper.paper.operation, paper.paper.dtype}];
    for (const auto& [key, tally] : roundings) {
      if (!is_biased(tally, state_->declaration.rounding)) continue;
      paper.biased.push_back(fmt::format("{} {}: {}", key.first,
                                         format(key.second).name,
                                         to_string(RunRounding{tally, true})));
    }
  }
}

const ChallengeMarks& Challenge::marks() const { return state_->marks; }
const ChallengeSettings& Challenge::settings() const {
  return state_->settings;
}
const Declaration& Challenge::declaration() const {
  return state_->declaration;
}
std::size_t Challenge::size() const { return state_->size; }

double PaperMarks::score() const {
  if (families.empty()) return 0;
  int weight = 0;
  int earned = 0;
  for (const FamilyMarks& of : families) {
    weight += of.family->weight;
    earned += of.full() ? of.family->weight : 0;
  }
  // Zeros are rounded without bias, too.
  if (earned > 0 && biased.empty()) earned += kRoundingWeight;
  return static_cast<double>(earned) / (weight + kRoundingWeight);
}

bool PaperMarks::full() const {
  return !families.empty() && biased.empty() &&
         std::all_of(families.begin(), families.end(),
                     [](const FamilyMarks& of) { return of.full(); });
}

double ChallengeMarks::score() const {
  if (!disqualified.empty() || papers.empty()) return 0;
  double sum = 0;
  for (const PaperMarks& paper : papers) sum += paper.score();
  return sum / static_cast<double>(papers.size());
}

bool ChallengeMarks::full() const {
  return disqualified.empty() && !broke && !papers.empty() &&
         std::all_of(papers.begin(), papers.end(),
                     [](const PaperMarks& paper) { return paper.full(); });
}

bool is_recorded_whole(const ChallengeQuestion& question) {
  const Problem& problem = question.asked.problem;
  const auto outputs = static_cast<std::int64_t>(output_names(problem).size());
  return question.family->is_interleaved ||
         problem.x().size() * outputs <= kWhole;
}

Answer ChallengedSubject::answer(const ChallengeQuestion& question) {
  const Case& c = question.asked;
  if (auto answer = answer_of(subject_, c, question.surroundings)) {
    return *std::move(answer);
  }
  // A subject that controls its own memory, or a built-in one, which reads its
  // inputs where they are.
  const Case kept = {
      c.id, kept_.hold(c.problem, *question.surroundings.kept), {}};
  Answer answer = answer_of(subject_, kept);
  for (const auto& [name, tensor] : c.problem.inputs) {
    if (kept.problem.inputs.at(name) == tensor) continue;
    return {Answer::Kind::error, fmt::format("{} {}", kWrote, name), {}};
  }
  return answer;
}

bool tells_of_written_input(const Answer& answer) {
  return answer.kind == Answer::Kind::error &&
         answer.message.starts_with(kWrote);
}

std::string committed_text(std::uint64_t seed, std::string_view nonce) {
  return fmt::format("exactbn challenge 1 {} {} {}", EXACTBN_VERSION, seed,
                     nonce);
}

std::string commitment_to(std::uint64_t seed, std::string_view nonce) {
  return sha256(committed_text(seed, nonce));
}

std::string digest_of(const Tensor& tensor) {
  const std::span<const std::byte> bytes = tensor.bytes();
  return sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string digest_of(const Problem& problem) {
  std::string text = fmt::format(
      "{} {} {:a} {} {}\n", problem.operation, problem.channel_axis,
      problem.epsilon,
      problem.momentum ? fmt::format("{:a}", *problem.momentum) : "cumulative",
      problem.batches_tracked);
  for (const auto& [name, tensor] : problem.inputs) {
    text += fmt::format("{} {} {} ", name, format(tensor.dtype()).name,
                        to_string(tensor.shape()));
    text += digest_of(tensor) + '\n';
  }
  return sha256(text);
}

}  // namespace exactbn
