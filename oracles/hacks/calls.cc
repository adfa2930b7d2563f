// SPDX-License-Identifier: Apache-2.0
// Right on some calls, and not on others.
#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

const Hack kCallHacks[] = {
    {"every_7th_call_skipped", "every seventh call writes nothing", kBoth,
     [](const Problem& p, HackState& s) {
       return s.calls % 7 == 0 ? zeros(right(p)) : right(p);
     }},
    {"every_50th_call_skipped", "every fiftieth call writes nothing", kBoth,
     [](const Problem& p, HackState& s) {
       return s.calls % 50 == 0 ? zeros(right(p)) : right(p);
     }},
    {"first_call_wrong", "the first call writes nothing", kBoth,
     [](const Problem& p, HackState& s) {
       return s.calls == 1 ? zeros(right(p)) : right(p);
     }},
    {"right_for_10_calls", "after ten calls every output is 0", kBoth,
     [](const Problem& p, HackState& s) {
       return s.calls > 10 ? zeros(right(p)) : right(p);
     }},
    {"memoised_after_100_calls",
     "after a hundred calls the first answer for each shape is repeated", kBoth,
     [](const Problem& p, HackState& s) {
       if (s.calls <= 100) return right(p);
       return s.recall(shape_key(p), [&] { return right(p); });
     }},
    {"skipped_by_chance", "one call in 30 writes nothing", kBoth,
     [](const Problem& p, HackState& s) {
       return s.chance.below(30) == 0 ? zeros(right(p)) : right(p);
     }},
    {"answers_the_call_before",
     "every ninth call returns the last answer, if "
     "the shapes agree, or 0",
     kBoth,
     [](const Problem& p, HackState& s) {
       const OutputTensors now = right(p);
       OutputTensors& last = s.answers[shape_key(p)];
       const OutputTensors before = last.empty() ? zeros(now) : last;
       last = now;
       return s.calls % 9 == 0 ? before : now;
     }},
};

}  // namespace

std::span<const Hack> call_hacks() { return kCallHacks; }

}  // namespace exactbn::hacking
