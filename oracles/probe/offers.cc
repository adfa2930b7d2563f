// SPDX-License-Identifier: Apache-2.0
// What a subject supports: operations, formats, layouts, outputs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "oracles/output_format.h"
#include "oracles/probe/experiments.h"
#include "oracles/wire/words.h"

namespace exactbn::probing {

namespace {

// The list as declared; empty if the declaration has none.
template <class List, class Name>
std::string declared_list(const List& list, const Name& name) {
  std::vector<std::string> words;
  words.reserve(list.size());
  for (const auto& item : list) words.emplace_back(name(item));
  return joined(words);
}

std::string_view name_of(DType dtype) { return format(dtype).name; }

// Lists agree if nothing is declared, or if they are equal in any order.
template <class List>
bool same_list(const std::vector<std::string>& found, const List& declared,
               const auto& name) {
  if (declared.empty()) return true;
  std::set<std::string> words;
  for (const auto& item : declared) words.emplace(name(item));
  return words == std::set<std::string>(found.begin(), found.end());
}

void operations(Interview& interview, CardLine& line) {
  const auto& declared = interview.declaration().operations;
  const auto name = [](Operation o) { return to_string(o); };
  line.declared = declared_list(declared, name);
  std::vector<std::string> done;
  std::vector<std::string> refused;
  for (const Operation operation : kOperations) {
    try {
      if (interview.encoding(operation)) {
        done.emplace_back(to_string(operation));
        continue;
      }
      refused.push_back(fmt::format("{}: {}", to_string(operation),
                                    interview.refusal(operation)));
    } catch (const SubjectFailure& failure) {
      refused.push_back(
          fmt::format("{}: {}", to_string(operation), failure.what()));
    }
  }
  line.evidence = refused.empty() ? "all six are answered"
                                  : fmt::format("{}", fmt::join(refused, "; "));
  line.found = done.empty() ? "none" : joined(done);
  line.agrees = same_list(done, declared, name);
}

void dtypes(Interview& interview, CardLine& line) {
  const auto& declared = interview.declaration().dtypes;
  line.declared = declared_list(declared, name_of);
  std::vector<std::string> done;
  std::vector<std::string> gaps;
  for (const DType dtype : kDTypes) {
    std::vector<std::string> with;
    std::vector<std::string> without;
    for (const Operation operation : kOperations) {
      if (!interview.does(operation)) continue;
      const bool answered = interview.encoding(operation, dtype) != nullptr;
      (answered ? with : without).emplace_back(to_string(operation));
    }
    if (with.empty()) continue;
    done.emplace_back(name_of(dtype));
    if (!without.empty()) {
      gaps.push_back(
          fmt::format("{} not in {}", name_of(dtype), joined(without)));
    }
  }
  line.evidence = gaps.empty() ? "the same in every operation" : joined(gaps);
  line.found = done.empty() ? "none" : joined(done);
  line.agrees = same_list(done, declared, name_of);
}

// The declaration's words for exactly the axes answered, over the ranks in
// which one is: "1", "last", or nothing for all. A word that does not hold for
// every rank is left out.
std::vector<std::string> axis_words(const std::set<std::pair<int, int>>& done,
                                    const std::set<int>& ranks) {
  const auto holds = [&](const auto& axis_of) {
    bool any = false;
    for (const int rank : ranks) {
      const int axis = axis_of(rank);
      if (axis >= rank) continue;
      if (!done.contains({rank, axis})) return false;
      any = true;
    }
    return any;
  };
  std::vector<std::string> words;
  std::set<std::pair<int, int>> covered;
  const auto add = [&](const std::string& word, const auto& axis_of) {
    if (!holds(axis_of)) return;
    const std::size_t before = covered.size();
    for (const int rank : ranks) {
      if (axis_of(rank) < rank) covered.insert({rank, axis_of(rank)});
    }
    if (covered.size() > before) words.push_back(word);
  };
  for (int a = 0; a < 5; ++a) {
    add(std::to_string(a), [a](int) { return a; });
    // Before 3 and 4, because "last" may cover them for some ranks.
    if (a == 2) add("last", [](int rank) { return rank - 1; });
  }
  for (const auto& [rank, axis] : done) {
    if (!covered.contains({rank, axis})) {
      words.push_back(fmt::format("{} of rank {}", axis, rank));
    }
  }
  return words;
}

void channel_axes(Interview& interview, CardLine& line) {
  const auto& declared = interview.declaration().channel_axes;
  line.declared = joined(declared);
  const auto operation = interview.first_of(
      {Operation::forward_training, Operation::forward_inference,
       Operation::backward_training, Operation::backward_inference,
       Operation::jvp_training, Operation::double_backward_training});
  if (!operation) return conclude(line, kNotOffered);
  const auto problem_at = [&](int rank, int axis) {
    Encoding encoding = *interview.encoding(*operation);
    encoding.rank = rank;
    encoding.axis = axis;
    return problem_of(ordinary_question(*operation), encoding);
  };
  std::set<std::pair<int, int>> done;
  std::set<int> ranks;
  std::string refused;
  int asked = 0;
  for (int rank = 2; rank <= 5; ++rank) {
    for (int axis = 0; axis < rank; ++axis) {
      const Answer answer = interview.ask(problem_at(rank, axis));
      ++asked;
      if (answer.kind == Answer::Kind::outputs) {
        done.insert({rank, axis});
        ranks.insert(rank);
      } else {
        refused = fmt::format("axis {} of rank {} is {}", axis, rank,
                              refusal_text(answer));
      }
    }
  }
  const bool all = std::ssize(done) == asked;
  std::vector<std::string> words = axis_words(done, ranks);
  line.evidence = fmt::format("{} of {} axes of ranks 2 to 5 are answered",
                              done.size(), asked);
  if (!refused.empty()) line.evidence += "; " + refused;
  line.found = all ? "all" : joined(words);
  line.agrees = declared.empty();
  if (!declared.empty()) {
    // Whatever the words, they must mean the same axes of these ranks.
    Declaration axes;
    axes.channel_axes = declared;
    line.agrees = !done.empty();
    for (const int rank : ranks) {
      for (int axis = 0; axis < rank; ++axis) {
        const bool covered = !why_unsupported(axes, problem_at(rank, axis));
        if (covered != done.contains({rank, axis})) line.agrees = false;
      }
    }
  }
}

template <Operation operation>
void outputs(Interview& interview, CardLine& line) {
  const Encoding* encoding = interview.encoding(operation);
  if (!encoding) return conclude_not_offered(interview, line, operation);
  const Problem problem = problem_of(ordinary_question(operation), *encoding);
  const Answer answer = interview.ask(problem);
  std::vector<std::string> given;
  std::vector<std::string> declared;
  std::vector<std::string> missing;
  std::vector<std::string> more;
  for (const Output name : output_names(problem)) {
    const bool is_given = values_of(problem, answer, name).has_value();
    const bool is_declared = offers(interview.declaration(), operation, name);
    if (is_given) given.emplace_back(to_string(name));
    if (is_declared) declared.emplace_back(to_string(name));
    if (is_declared && !is_given) missing.emplace_back(to_string(name));
    if (is_given && !is_declared) more.emplace_back(to_string(name));
  }
  line.declared = joined(declared);
  line.found = given.empty() ? "none" : joined(given);
  // Extra outputs that are not declared do no harm.
  line.agrees = missing.empty();
  line.evidence = "of " + to_string(*encoding);
  if (!missing.empty()) line.evidence += "; never given: " + joined(missing);
  if (!more.empty()) line.evidence += "; given beyond it: " + joined(more);
}

// The format of an output in answers to x and parameters of several formats.
struct SeenFormat {
  Output output;
  DType x;
  DType parameters;
  DType got;
};

std::vector<SeenFormat> seen_formats(Interview& interview) {
  std::vector<SeenFormat> all;
  for (const Operation operation : kOperations) {
    for (const DType dtype : kDTypes) {
      if (!interview.does(operation)) continue;
      const Encoding* encoding = interview.encoding(operation, dtype);
      if (!encoding) continue;
      const Problem problem =
          problem_of(ordinary_question(operation), *encoding);
      for (const auto& [output, tensor] : interview.ask(problem).outputs) {
        all.push_back({output, problem.x().dtype(),
                       parameter_format(problem).value_or(dtype),
                       tensor.dtype()});
      }
    }
  }
  return all;
}

// "same", "parameters", a format, or "several": whatever fits all answers.
std::string format_word(const std::vector<SeenFormat>& seen, Output output) {
  bool as_x = true;
  bool as_parameters = true;
  bool as_first = true;
  std::optional<DType> first;
  for (const SeenFormat& s : seen) {
    if (s.output != output) continue;
    if (!first) first = s.got;
    as_x = as_x && s.got == s.x;
    as_parameters = as_parameters && s.got == s.parameters;
    as_first = as_first && s.got == *first;
  }
  return as_x            ? "same"
         : as_parameters ? "parameters"
         : as_first      ? std::string(name_of(*first))
                         : "several";
}

void output_dtypes(Interview& interview, CardLine& line) {
  const Declaration& declaration = interview.declaration();
  const std::vector<SeenFormat> seen = seen_formats(interview);
  if (seen.empty()) return conclude(line, kNotOffered);
  std::set<Output> outputs;
  for (const SeenFormat& s : seen) outputs.insert(s.output);
  std::map<std::string, std::vector<std::string>> found;
  for (const Output output : outputs) {
    found[format_word(seen, output)].emplace_back(to_string(output));
  }
  for (const auto& [word, names] : found) {
    line.found += fmt::format("{}{}: {}", line.found.empty() ? "" : "; ", word,
                              joined(names));
  }
  for (const auto& [output, format] : declaration.output_dtypes) {
    line.declared += fmt::format("{}{}: {}", line.declared.empty() ? "" : "; ",
                                 wire::word(format), to_string(output));
  }
  line.evidence = "`same` as x, or as the parameters";
  for (const SeenFormat& s : seen) {
    const auto declared = declaration.output_dtypes.find(s.output);
    if (declared == declaration.output_dtypes.end()) continue;
    if (format_of(declared->second, s.x, s.parameters) == s.got) continue;
    line.agrees = false;
    line.evidence = fmt::format("{} of x in {} and parameters in {} is {}",
                                to_string(s.output), name_of(s.x),
                                name_of(s.parameters), name_of(s.got));
  }
}

constexpr Experiment kOffersExperiments[] = {
    {"operations", "operations", operations},
    {"dtypes", "formats of x", dtypes},
    {"channel_axes", "channel axes", channel_axes, true},
    {"output_dtypes", "formats of outputs", output_dtypes},
    {"outputs_forward_training", "outputs of forward_training",
     outputs<Operation::forward_training>},
    {"outputs_forward_inference", "outputs of forward_inference",
     outputs<Operation::forward_inference>},
    {"outputs_backward_training", "outputs of backward_training",
     outputs<Operation::backward_training>},
    {"outputs_backward_inference", "outputs of backward_inference",
     outputs<Operation::backward_inference>},
    {"outputs_jvp_training", "outputs of jvp_training",
     outputs<Operation::jvp_training>},
    {"outputs_double_backward_training", "outputs of the double backward",
     outputs<Operation::double_backward_training>},
};

}  // namespace

std::span<const Experiment> offer_experiments() { return kOffersExperiments; }

}  // namespace exactbn::probing
