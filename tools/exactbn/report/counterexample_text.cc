// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/counterexample_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "reference/exact.h"

namespace exactbn {

namespace {

// The most values of a tensor that are shown, and that are pasted.
constexpr std::int64_t kShownValues = 8;
constexpr std::int64_t kPasted = 64;

std::string decimal(std::uint64_t bits, DType dtype) {
  if (is_nan(bits, dtype)) return "nan";
  const int digits = 2 + static_cast<int>(format(dtype).precision * 0.30103);
  return fmt::format("{:.{}g}", to_double(bits, dtype), digits);
}

template <class Text>
std::string joined(const Tensor& tensor, std::int64_t most,
                   std::string_view between, const Text& text) {
  std::string all;
  for (std::int64_t i = 0; i < std::min(most, tensor.size()); ++i) {
    if (i > 0) all += between;
    all += text(tensor.bits(i), tensor.dtype());
  }
  if (tensor.size() > most) all += fmt::format("{}...", between);
  return all;
}

std::string line(std::string_view key, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:<12} {}\n", key, text);
}

std::string tensor_line(std::string_view name, const Tensor& tensor) {
  return line(name,
              fmt::format("{} {}   {}   = {}", format(tensor.dtype()).name,
                          to_string(tensor.shape()),
                          joined(tensor, kShownValues, " ", to_hexfloat),
                          joined(tensor, kShownValues, " ", decimal)));
}

std::string momentum_text(const Problem& p) {
  if (!p.find(Input::running_mean) && !p.find(Input::running_var)) return {};
  if (!normalizes_by_batch(p.operation)) return {};
  if (p.momentum) {
    return "   momentum " +
           to_hexfloat(round_to(*p.momentum, DType::f64), DType::f64);
  }
  return fmt::format("   momentum 1/{}", p.batches_tracked + 1);
}

std::string where_text(const Problem& p) {
  return fmt::format("{} {}   shape {}   channel axis {}   eps {}{}",
                     to_string(p.operation), format(p.x().dtype()).name,
                     to_string(p.x().shape()), p.channel_axis,
                     to_hexfloat(round_to(p.epsilon, DType::f64), DType::f64),
                     momentum_text(p));
}

// The exact answer, rounded to the format of the subject's answer, and the
// latter, for each output where they differ.
std::string answers_text(const Problem& problem, const Answer& answer) {
  if (problem.x().size() > 4096) return {};
  const ExactBatchNorm exact(problem);
  std::string text;
  for (const Output name : output_names(problem)) {
    const auto got = answer.outputs.find(name);
    const bool is_there = got != answer.outputs.end();
    const DType dtype =
        is_there ? got->second.dtype() : output_format(problem, name);
    const Tensor want = exact.rounded(name, dtype);
    if (is_there && got->second == want) continue;
    text += tensor_line(fmt::format("want {}", name), want);
    if (is_there) {
      text += tensor_line(fmt::format("got  {}", name), got->second);
    }
  }
  return text;
}

std::string shrunk_text(const Counterexample& found) {
  if (!found.reproduces) {
    return "not shrunk: the law holds when the case is asked alone";
  }
  return fmt::format("shrunk from {} values to {} in {} attempts",
                     value_count(found.discovery.problem),
                     value_count(found.problem), found.evaluations);
}

// Lines to paste; the key precedes the first.
std::string lines(std::string_view key, const std::string& text) {
  std::string all;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    all += line(from == 0 ? key : "", text.substr(from, end - from));
    from = end + 1;
  }
  return all;
}

}  // namespace

std::string id_of(const Counterexample& found) {
  return fmt::format("{}-{}", found.discovery.violation.law,
                     found.discovery.index);
}

std::vector<Case> cases_of(const Counterexample& found) {
  std::vector<Case> cases = {{id_of(found), found.problem, {}}};
  for (const Problem& problem : found.violation.problems) {
    if (problem == found.problem) continue;
    cases.push_back(
        {fmt::format("{}-{}", id_of(found), cases.size() + 1), problem, {}});
  }
  return cases;
}

std::string as_cpp(const Problem& p) {
  std::string text;
  for (const auto& [name, tensor] : p.inputs) {
    if (tensor.size() > kPasted) return {};
    text += fmt::format("const double {}[] = {{{}}};  // {} {}\n", name,
                        joined(tensor, kPasted, ", ",
                               [](std::uint64_t bits, DType dtype) {
                                 return is_finite(bits, dtype)
                                            ? to_hexfloat(bits, dtype)
                                        : is_nan(bits, dtype)      ? "NAN"
                                        : is_negative(bits, dtype) ? "-INFINITY"
                                                                   : "INFINITY";
                               }),
                        format(tensor.dtype()).name, to_string(tensor.shape()));
  }
  text += fmt::format("const double epsilon = {};\n",
                      to_hexfloat(round_to(p.epsilon, DType::f64), DType::f64));
  return text;
}

std::string as_python(const Problem& p) {
  std::string text;
  for (const auto& [name, tensor] : p.inputs) {
    if (tensor.size() > kPasted) return {};
    text +=
        fmt::format("{} = [float.fromhex(v) for v in '{}'.split()]  # {} {}\n",
                    name, joined(tensor, kPasted, " ", to_hexfloat),
                    format(tensor.dtype()).name, to_string(tensor.shape()));
  }
  text += fmt::format("epsilon = float.fromhex('{}')\n",
                      to_hexfloat(round_to(p.epsilon, DType::f64), DType::f64));
  return text;
}

std::string problem_text(const Problem& problem, const Answer& answer,
                         Paste paste) {
  std::string text = line("where", where_text(problem));
  for (const auto& [name, tensor] : problem.inputs) {
    text += tensor_line(to_string(name), tensor);
  }
  if (answer.kind == Answer::Kind::outputs) {
    text += answers_text(problem, answer);
  }
  if (paste == Paste::no) return text;
  text += lines("C++", as_cpp(problem));
  return text + lines("Python", as_python(problem));
}

std::string counterexample_text(const Counterexample& found,
                                const std::vector<std::string>& again) {
  const Violation& v = found.violation;
  std::string text = fmt::format("BROKEN {}   case {}   {}\n", v.law,
                                 found.discovery.index, shrunk_text(found));
  if (const Law* law = find_law(v.law)) {
    text += line("law", std::string(law->statement));
    text += line("source", std::string(law->source));
    text += line("means", std::string(law->failure));
  }
  const std::string at =
      v.output ? fmt::format("{}[{}]   ", *v.output, v.index) : "";
  text += line("found", at + printable(v.text));
  text += problem_text(found.problem, found.answer);
  for (const std::string& command : again) text += line("again", command);
  return text;
}

}  // namespace exactbn
