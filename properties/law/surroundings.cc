// SPDX-License-Identifier: Apache-2.0
// One question in several surroundings: memory alignment, initial contents of
// output memory, and number of threads.
#include <fmt/format.h>

#include "oracles/check.h"
#include "properties/law/answer_difference.h"
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

// An answer and its surroundings.
struct NamedAnswer {
  const Answer& answer;
  std::string_view where;
};

// Bits may differ, as a kernel may peel a loop differently or split a sum over
// other threads; the verdict must not.
void same_verdict(Trial& t, const NamedAnswer& here, const NamedAnswer& there) {
  const AnswerDifference differs = difference(here.answer, there.answer);
  if (differs.text.empty()) return t.require(true);
  t.found_other_bits();
  const Case question{"property", t.base().problem(), {}};
  const auto verdict = [&](const NamedAnswer& given) {
    return check(question, t.declaration(), given.answer, t.required());
  };
  const CaseVerdict verdicts[] = {verdict(here), verdict(there)};
  const bool fails = verdicts[0].verdict == Verdict::failed;
  if (fails == (verdicts[1].verdict == Verdict::failed)) {
    // Two wrong answers decide nothing.
    return fails ? t.unknown() : t.require(true);
  }
  Violation v = failure_of(verdicts[fails ? 0 : 1]);
  v.text = fmt::format("{}: {}; {}: {}", (fails ? here : there).where, v.text,
                       (fails ? there : here).where,
                       to_string(verdicts[fails ? 1 : 0].verdict));
  t.require(false, v.output, v.index, v.text);
}

void any_alignment(Trial& t) {
  const NamedAnswer here{t.base().answer(), "64-byte aligned"};
  for (const auto& [surroundings, where] :
       {std::pair{Surroundings{.past = 1},
                  "one element past a 64-byte boundary"},
        {Surroundings{.past = 1, .apart = 2},
         "1, 3, 5, ... elements past 64-byte boundaries"}}) {
    const Answer* there = t.answer_in(surroundings);
    if (!there) return;
    same_verdict(t, here, {*there, where});
  }
}

void outputs_fully_written(Trial& t) {
  // All bytes ff are NaN in every format; all bytes a5 are finite.
  const Surroundings nan{.held = 0xff};
  const Surroundings number{.held = 0xa5};
  const Answer* first = t.answer_in(nan);
  const Answer* then = t.answer_in(number);
  if (!first || !then) return;
  const AnswerDifference differs = difference(*first, *then);
  if (differs.text.empty()) return t.require(true);
  // If the same surroundings give other bits, same_twice reports it.
  const Answer* again = t.answer_in(nan);
  if (!difference(*first, *again).text.empty()) return t.unknown();
  t.require(false, differs.output, differs.index,
            differs.text + "; the memory held bytes ff, then a5");
}

void any_number_of_threads(Trial& t) {
  // 3 on every machine, even with fewer cores; odd, so that parts have
  // different sizes.
  const Answer* one = t.answer_in({.threads = 1});
  const Answer* three = t.answer_in({.threads = 3});
  if (!one || !three) return;
  same_verdict(t, {*one, "with 1 thread"}, {*three, "with 3 threads"});
}

const Law kSurroundingsLaws[] = {
    {"any_alignment",
     "an answer is as right at any alignment of inputs and outputs", kFunction,
     "memory is assumed to be aligned for vectors, and is not", any_size,
     any_alignment},
    {"outputs_fully_written",
     "an answer does not depend on initial contents of output memory",
     kFunction, "values are not written, or added to what is there", any_size,
     outputs_fully_written},
    {"any_number_of_threads",
     "an answer is as right with OMP_NUM_THREADS=1 as with 3", kFunction,
     "threads skip values, or overwrite each other's", any_size,
     any_number_of_threads},
};

}  // namespace

std::span<const Law> surroundings_laws() { return kSurroundingsLaws; }

}  // namespace exactbn::law
