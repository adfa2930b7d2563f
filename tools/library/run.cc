// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "oracles/subjects/kept_buffers.h"
#include "oracles/wire.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/host.h"
#include "tools/library/array.h"
#include "tools/library/entry.h"
#include "tools/library/question.h"

// The reply to one question.
struct exactbn_reply {
  const exactbn::Problem& problem;
  exactbn::Answer answer;
};

namespace exactbn {

namespace {

// An output in memory of its own: the caller's lives until the call returns.
void add_output(exactbn_reply& reply, const exactbn_array& array) {
  const Output name = output_of(reply.problem, array.name, "output");
  require_shape(array, shape_of(reply.problem, name));
  const Tensor given = tensor_of(array);
  Tensor copy = given;
  reply.answer.outputs.insert_or_assign(name, std::move(copy));
}

// A function of the host, asked in its own floating-point environment.
class FunctionSubject : public Subject {
 public:
  FunctionSubject(const exactbn_subject& function, Declaration declaration)
      : function_(function), declaration_(std::move(declaration)) {}

  const Declaration& declaration() const override { return declaration_; }

  // The function gets copies: it may write to them.
  Answer answer(const Case& c) override {
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const Case copy = c;
    std::vector<exactbn_array> inputs;
    return answer_to(c, question_of(copy, inputs));
  }

  // In kept memory; no other surroundings can be asked of a function.
  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override {
    if (!surroundings.kept || surroundings.threads != 0) return std::nullopt;
    std::vector<exactbn_array> inputs;
    const exactbn_question question = question_of(c, inputs);
    std::size_t k = 0;
    for (const auto& [name, tensor] : c.problem.inputs) {
      const std::span<const std::byte> bytes = tensor.bytes();
      std::byte* const memory = kept_.at(k, *surroundings.kept, bytes.size());
      std::memcpy(memory, bytes.data(), bytes.size());
      inputs[k++].data = memory;
    }
    return answer_to(c, question);
  }

 private:
  // Asks a question that has the values of `c` in other memory.
  Answer answer_to(const Case& c, const exactbn_question& question) {
    exactbn_reply reply = {c.problem, {}};
    const bool stops = [&] {
      const CallersEnvironment environment;
      return function_.answer(function_.self, &question, &reply) != 0;
    }();
    if (stops) throw RunStopped();
    std::size_t k = 0;
    for (const auto& [name, tensor] : c.problem.inputs) {
      const std::span<const std::byte> was = tensor.bytes();
      if (std::memcmp(question.inputs[k++].data, was.data(), was.size()) == 0) {
        continue;
      }
      return {Answer::Kind::error,
              fmt::format("it wrote to its input {}", name),
              {}};
    }
    return std::move(reply.answer);
  }

  const exactbn_subject& function_;
  Declaration declaration_;
  KeptBuffers kept_;
};

Host host_of(const exactbn_subject* subject) {
  Host host;
  if (!subject) return host;
  require_given(subject->name, "subject.name");
  require_given(subject->declaration, "subject.declaration");
  if (!subject->answer) throw InvalidArgument("subject.answer: is NULL");
  host.name = subject->name;
  Declaration declaration;
  try {
    declaration = read_declaration(subject->declaration);
  } catch (const WireError& error) {
    throw InvalidArgument(fmt::format("subject.declaration: {}", error.what()));
  }
  host.open = [subject, declaration] {
    return std::make_unique<FunctionSubject>(*subject, declaration);
  };
  return host;
}

}  // namespace
}  // namespace exactbn

extern "C" {

int exactbn_reply_output(exactbn_reply* reply, const exactbn_array* output) {
  using namespace exactbn;
  if (!reply) return EXACTBN_INVALID;
  exactbn_result error;
  try {
    const StandardEnvironment environment;
    require_given(output, "output");
    add_output(*reply, *output);
    return EXACTBN_OK;
  } catch (...) {
    store_current_exception(error);
  }
  reply->answer.kind = Answer::Kind::error;
  reply->answer.message.swap(error.text);
  return error.code;
}

int exactbn_reply_refusal(exactbn_reply* reply, const char* kind,
                          const char* why) {
  using namespace exactbn;
  if (!reply || !kind) return EXACTBN_INVALID;
  const std::string_view word = kind;
  Answer& answer = reply->answer;
  if (word == "unsupported") {
    answer.kind = Answer::Kind::unsupported;
  } else if (word == "rejected") {
    answer.kind = Answer::Kind::rejected;
  } else if (word == "error") {
    answer.kind = Answer::Kind::error;
  } else {
    return EXACTBN_INVALID;
  }
  try {
    answer.message = why ? why : "";
    return EXACTBN_OK;
  } catch (const std::bad_alloc&) {
    return EXACTBN_NO_MEMORY;
  }
}

exactbn_result* exactbn_run(size_t word_count, const char* const* words,
                            const exactbn_subject* subject) {
  using namespace exactbn;
  return new_result([&](exactbn_result& result) {
    if (word_count > 0) require_given(words, "words");
    std::vector<const char*> argv = {"exactbn"};
    for (std::size_t i = 0; i < word_count; ++i) {
      require_given(words[i], fmt::format("words[{}]", i));
      argv.push_back(words[i]);
    }
    Host host = host_of(subject);
    {
      const HostScope scope(host);
      result.exit_code =
          run_command(static_cast<int>(argv.size()), argv.data());
    }
    result.text = std::move(host.out);
    result.messages = std::move(host.err);
  });
}

const char* exactbn_messages(const exactbn_result* result) {
  return result ? result->messages.c_str() : "";
}

int exactbn_exit_code(const exactbn_result* result) {
  return exactbn_code(result) == EXACTBN_OK ? result->exit_code : 2;
}

}  // extern "C"
