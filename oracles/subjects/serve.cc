// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/serve.h"

#include <unistd.h>

#include <istream>
#include <ostream>

#include "oracles/descriptor_stream.h"
#include "oracles/wire.h"
#include "oracles/wire/breach.h"
#include "oracles/wire/surroundings.h"

namespace exactbn {

namespace {

std::string case_named_in(std::string_view line) {
  try {
    return answered_case(line);
  } catch (const WireError&) {
    return "?";
  }
}

using Where = std::optional<Surroundings>;

Answer answer(Subject& subject, const Case& c, const Where& where) {
  if (auto why = why_unsupported(subject.declaration(), c.problem)) {
    return {Answer::Kind::unsupported, *std::move(why), {}};
  }
  if (!where) return subject.answer(c);
  if (auto there = subject.answer_in(*where, c)) return *std::move(there);
  return {Answer::Kind::error, "surroundings are not supported", {}};
}

std::string answer_line(Subject& subject, std::string_view line,
                        const Where& where) {
  try {
    const Case c = read_case(line);
    return write_answer(c.id, answer(subject, c, where));
  } catch (const SubjectFailure&) {
    throw;
  } catch (const std::exception& error) {
    return write_answer(case_named_in(line),
                        {Answer::Kind::error, error.what(), {}});
  }
}

// Treats a malformed line of surroundings as a malformed case.
Where surroundings_in(std::string_view line) {
  try {
    return read_surroundings(line);
  } catch (const WireError&) {
    return std::nullopt;
  }
}

}  // namespace

int serve(Subject& subject, std::istream& cases, std::ostream& answers) {
  answers << write_declaration(subject.declaration()) << std::endl;
  const pid_t here = ::getpid();
  std::string line;
  Where where;
  while (answers && read_line(cases, line)) {
    if (const Where next = surroundings_in(line)) {
      where = next;
      continue;
    }
    try {
      const std::string answer = answer_line(subject, line, where);
      // A child that the subject has forked must not answer, too.
      if (::getpid() != here) ::_exit(0);
      answers << answer << std::endl;
    } catch (const SubjectFailure& failure) {
      answers << write_breach(failure.what()) << std::endl;
      return 3;
    }
    where.reset();
  }
  return answers ? 0 : 1;
}

}  // namespace exactbn
