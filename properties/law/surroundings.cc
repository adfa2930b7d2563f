// SPDX-License-Identifier: Apache-2.0
// One question in several surroundings: where its memory lies, what is in the
// memory for outputs, and how many threads there are.
#include <fmt/format.h>

#include "oracles/check.h"
#include "properties/law/answer_difference.h"
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn {

namespace {

// An answer, and where it was given.
struct Given {
  const Answer& answer;
  std::string_view where;
};

// Bits may differ, as a kernel takes other steps, or its threads other parts of
// a sum; whether the answer is right may not.
void same_verdict(Trial& t, const Given& here, const Given& there) {
  const AnswerDifference differs = difference(here.answer, there.answer);
  if (differs.text.empty()) return t.fact(true);
  t.found_other_bits();
  const Case question{"property", t.base().problem(), {}};
  const auto verdict = [&](const Given& given) {
    return check(question, t.declaration(), given.answer, t.required());
  };
  const CaseVerdict verdicts[] = {verdict(here), verdict(there)};
  const bool fails = verdicts[0].verdict == Verdict::failed;
  if (fails == (verdicts[1].verdict == Verdict::failed)) {
    // Of two wrong answers nothing can be said.
    return fails ? t.unknown() : t.fact(true);
  }
  Violation v = failure_of(verdicts[fails ? 0 : 1]);
  v.text = fmt::format("{}: {}; {}: {}", (fails ? here : there).where, v.text,
                       (fails ? there : here).where,
                       to_string(verdicts[fails ? 1 : 0].verdict));
  t.fact(false, v.output, v.index, v.text);
}

void any_alignment(Trial& t) {
  const Given here{t.base().answer(), "on a boundary of 64 bytes"};
  for (const auto& [surroundings, where] :
       {std::pair{Surroundings{.past = 1}, "an element past one"},
        {Surroundings{.past = 1, .apart = 2}, "1, 3, 5, ... past ones"}}) {
    const Answer* there = t.answer_in(surroundings);
    if (!there) return;
    same_verdict(t, here, {*there, where});
  }
}

void outputs_fully_written(Trial& t) {
  // The first is NaN in every format, the other finite.
  const Surroundings nan{.held = 0xff};
  const Surroundings number{.held = 0xa5};
  const Answer* first = t.answer_in(nan);
  const Answer* then = t.answer_in(number);
  if (!first || !then) return;
  const AnswerDifference differs = difference(*first, *then);
  if (differs.text.empty()) return t.fact(true);
  // What has other bits every time is of same_twice.
  const Answer* again = t.answer_in(nan);
  if (!difference(*first, *again).text.empty()) return t.unknown();
  t.fact(false, differs.output, differs.index,
         differs.text + ": bytes there held ff, then a5");
}

void any_number_of_threads(Trial& t) {
  // More than a machine's, maybe, but the same on every machine; and odd, so
  // that parts are not alike.
  const Answer* one = t.answer_in({.threads = 1});
  const Answer* three = t.answer_in({.threads = 3});
  if (!one || !three) return;
  same_verdict(t, {*one, "of 1 thread"}, {*three, "of 3"});
}

const Law kSurroundingsLaws[] = {
    {"any_alignment",
     "an answer is as right wherever its inputs and outputs begin in memory",
     kFunction, "memory is taken to be aligned, for vectors, and is not",
     is_any_at_all, any_alignment},
    {"outputs_fully_written",
     "an answer does not depend on what the memory for outputs held", kFunction,
     "values are left out, or added to what is there", is_any_at_all,
     outputs_fully_written},
    {"any_number_of_threads",
     "an answer is as right with OMP_NUM_THREADS=1 as with 3", kFunction,
     "threads leave values out, or write over each other's", is_any_at_all,
     any_number_of_threads},
};

}  // namespace

std::span<const Law> surroundings_laws() { return kSurroundingsLaws; }

}  // namespace exactbn
