// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/failure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/exactbn/printable.h"
#include "tools/exactbn/shell_word.h"

namespace exactbn {

namespace {

constexpr std::size_t kColumns = 100;

// Where a line of at most `most` bytes ends without cutting a character of
// UTF-8 in two.
std::size_t end_of_line(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while (most > 1 && (text[most] & 0xc0) == 0x80) --most;
  return most;
}

std::string cut(std::string_view foreign) {
  std::string line = printable(foreign);
  if (line.size() > kColumns) {
    line = line.substr(0, end_of_line(line, kColumns - 3)) + "...";
  }
  return line + '\n';
}

std::string line(std::string_view key, const std::string& text) {
  return text.empty() ? "" : cut(fmt::format("  {:<5}  {}", key, text));
}

// Over as many lines as it takes: the cause may stand at its end.
std::string lines(std::string_view key, std::string_view foreign) {
  const std::size_t width = kColumns - line(key, " ").size() + 2;
  const std::string all = printable(foreign);
  std::string_view rest = all;
  std::string text;
  while (!rest.empty()) {
    std::size_t end = end_of_line(rest, width);
    const std::size_t space = rest.substr(0, end + 1).rfind(' ');
    if (end < rest.size() && space != rest.npos && space > 0) end = space;
    text += line(text.empty() ? key : "", std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ', end)));
  }
  return text;
}

std::string heading(const CaseRun& c) {
  const Problem& problem = c.question->problem;
  std::string text =
      fmt::format("FAIL {} {}  {}", to_string(problem.operation),
                  format(problem.x().dtype()).name, c.question->id);
  std::string labels;
  for (const std::string& label : c.question->labels) {
    labels += (labels.empty() ? "" : ", ") + label;
  }
  if (!labels.empty()) text += "  [" + labels + ']';
  return cut(text);
}

// Digits that tell two neighbours of the format apart.
int decimal_digits(DType dtype) {
  return 2 + static_cast<int>(format(dtype).precision * 0.30103);
}

std::string value_text(std::uint64_t bits, DType dtype, std::size_t width) {
  // The sign of a NaN means nothing, and printf shows it.
  const std::string decimal =
      is_nan(bits, dtype) ? "nan"
                          : fmt::format("{:.{}g}", to_double(bits, dtype),
                                        decimal_digits(dtype));
  return fmt::format("{:<{}}   {}   {}", to_hexfloat(bits, dtype), width,
                     to_hex(bits, dtype), decimal);
}

std::string error_text(const Run& run, const CaseRun& c,
                       const OutputVerdict& out) {
  const Judgement& j = out.worst.judgement;
  if (!std::isfinite(j.ulp) && !std::isfinite(j.eta)) {
    return "not the same kind of value";
  }
  std::string limit;
  if (run.required >= Grade::stable) {
    limit = fmt::format("   limit {:.3g} ({}, m = {})", out.limit,
                        to_string(run.required),
                        c.question->problem.view().count());
  } else {
    limit = fmt::format("   required {}", to_string(run.required));
  }
  return fmt::format("{:+.3g} ulp   eta {:.3g}{}", j.ulp, j.eta, limit);
}

std::string where_text(const Problem& problem, const std::string& where) {
  const std::string eps =
      to_hexfloat(round_to(problem.epsilon, DType::f64), DType::f64);
  return fmt::format("{}   shape {}  channel axis {}   eps {}", where,
                     to_string(problem.x().shape()), problem.channel_axis, eps);
}

std::string values_text(const Run& run, const CaseRun& c,
                        const OutputVerdict& out) {
  const Finding& worst = out.worst;
  const std::uint64_t want = worst.judgement.want;
  const std::size_t width = std::max(to_hexfloat(worst.got, out.dtype).size(),
                                     to_hexfloat(want, out.dtype).size());
  const bool rounded = is_finite(want, out.dtype);
  return line("got", value_text(worst.got, out.dtype, width)) +
         line("want", value_text(want, out.dtype, width) +
                          (rounded ? "   correctly rounded" : "")) +
         line("error", error_text(run, c, out));
}

}  // namespace

Explanation explain_case(const Run& run, const CaseRun& c) {
  const Answer* answer =
      c.judged < c.answers.size() ? &c.answers[c.judged] : nullptr;
  return explain(*c.question, run.declaration, c.verdict, answer, run.required);
}

std::string looks_like(const Run& run, const CaseRun& c,
                       const Explanation& why) {
  const Culprit* culprit = culprit_of(run, c);
  return culprit ? culprit_what(*culprit) : why.looks_like;
}

std::string culprit_what(const Culprit& culprit) {
  if (culprit.defects.size() == 1) {
    return std::string(culprit.defects.front()->what);
  }
  return fmt::format("one of {} known defects that are alike here",
                     culprit.defects.size());
}

std::string culprit_names(const Culprit& culprit) {
  constexpr std::size_t kNamed = 3;
  std::string names;
  for (std::size_t i = 0; i < culprit.defects.size() && i < kNamed; ++i) {
    names += (i > 0 ? " or " : "") + std::string(culprit.defects[i]->name);
  }
  if (culprit.defects.size() > kNamed) {
    names += fmt::format(" or {} more", culprit.defects.size() - kNamed);
  }
  const bool ordered = culprit.defects.front()->model.ordered;
  return names + (culprit.exact ? ", bit for bit"
                  : ordered     ? ", but for the order of its sums"
                                : ", but for rounding");
}

std::string here_text(const Resemblance& resemblance) {
  std::string outputs;
  for (const std::string& name : resemblance.outputs) {
    outputs += (outputs.empty() ? ", in " : " and ") + name;
  }
  return "here" + outputs + (outputs.empty() ? "" : " alone");
}

std::string elsewhere_text(const Resemblance& resemblance) {
  const std::size_t n = resemblance.elsewhere.size();
  const std::size_t other = resemblance.here.missed;
  std::string text =
      fmt::format("elsewhere not: {} case{} that it would fail {}", n,
                  n == 1 ? "" : "s", n == 1 ? "passes" : "pass");
  if (other > 0) text += fmt::format(", {} fail otherwise", other);
  return text;
}

std::string only_where_text(const Resemblance& resemblance) {
  const std::string& rule = resemblance.only_where;
  return rule.empty() ? "" : "only where " + rule;
}

std::string again(const Run& run, const CaseRun& c) {
  return run.again + " --filter " + shell_word(c.question->id);
}

namespace {

std::string cause_text(const Run& run, const CaseRun& c,
                       const OutputVerdict& out, const std::string& like) {
  if (const Culprit* culprit = culprit_of(run, c)) {
    return lines("looks like", like) + lines("", culprit_names(*culprit));
  }
  const Resemblance* here = resemblance_of(run, c);
  if (!like.empty() || !here) {
    const bool unknown = like.empty() && out.grade == Grade::unstable;
    return lines("looks like", unknown ? "no known defect" : like);
  }
  return lines("looks like",
               culprit_what(here->here) + ", " + here_text(*here)) +
         lines("", culprit_names(here->here)) +
         lines("", elsewhere_text(*here)) + lines("", only_where_text(*here));
}

}  // namespace

std::string failure_text(const Run& run, const CaseRun& c) {
  std::string text = heading(c);
  text += lines("what", c.verdict.reason);
  if (const OutputVerdict* out = shown_output(c.verdict)) {
    const Explanation why = explain_case(run, c);
    text += line("where", where_text(c.question->problem, why.where));
    text += values_text(run, c, *out);
    text += line("first", why.first);
    text += line("scope", why.scope);
    text += line("", why.pattern);
    text += line("", c.differs ? "differs from run to run" : "");
    text += cause_text(run, c, *out, looks_like(run, c, why));
  }
  return text + fmt::format("  again  {}\n", printable(again(run, c)));
}

}  // namespace exactbn
