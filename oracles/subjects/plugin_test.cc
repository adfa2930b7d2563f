// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oracles/subjects/process.h"

namespace exactbn::plugin_test {
namespace {

using testing::HasSubstr;

const std::filesystem::path kFolder = EXACTBN_BUILD "/oracles";

Case case_named(std::string id) {
  Case c{std::move(id), {}, {}};
  c.problem.epsilon = 0.5;
  c.problem.momentum = 0.25;
  c.problem.batches_tracked = 3;
  c.problem.inputs.emplace(
      Input::x,
      make_tensor(DType::f64, {2, 3}, std::vector<double>{1, 2, 3, 5, 6, 7}));
  return c;
}

class PluginTest : public testing::Test {
 protected:
  Answer ask(const std::string& id) { return subject_.answer(case_named(id)); }

  PluginSubject subject_{kFolder / "scripted_plugin.so"};
};

TEST_F(PluginTest, ReadsTheCaseAndWritesItsOutputs) {
  EXPECT_EQ(subject_.declaration().subject, "scripted");
  const Answer answer = ask("means");
  EXPECT_EQ(answer.kind, Answer::Kind::outputs);
  ASSERT_EQ(answer.outputs.size(), 1U);
  EXPECT_EQ(answer.outputs.at(Output::mean),
            make_tensor(DType::f64, {3}, std::vector<double>{3, 4, 5}));
}

TEST_F(PluginTest, SeesEveryFieldOfTheCase) {
  EXPECT_EQ(ask("fields").message, "well");
  Case c = case_named("cumulative");
  c.problem.momentum = std::nullopt;
  EXPECT_EQ(subject_.answer(c).message, "well");
}

TEST_F(PluginTest, WhatItDoesNotWriteIsNan) {
  const Answer answer = ask("unwritten");
  ASSERT_EQ(answer.outputs.size(), 4U);
  EXPECT_EQ(answer.outputs.at(Output::y).shape(), (Shape{2, 3}));
  for (const auto& [name, tensor] : answer.outputs) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      EXPECT_EQ(tensor.bits(i), format(tensor.dtype()).quiet_nan()) << name;
    }
  }
}

TEST_F(PluginTest, WritingNextToATensorIsABreach) {
  const auto breach = [&](const std::string& id) -> std::string {
    try {
      ask(id);
    } catch (const SubjectFailure& failure) {
      return failure.what();
    }
    return "none";
  };
  EXPECT_EQ(breach("writes y 0 6"), "none");
  EXPECT_EQ(breach("writes y 6 1"), "wrote 8 bytes, 0 bytes past the end of y");
  EXPECT_EQ(breach("writes y 7 2"),
            "wrote 16 bytes, 8 bytes past the end of y");
  EXPECT_EQ(breach("writes mean -1 2"),
            "wrote 8 bytes, 8 bytes before the start of mean");
  EXPECT_EQ(breach("writes x 6 1"), "wrote 8 bytes, 0 bytes past the end of x");
  EXPECT_EQ(breach("writes x -3 1"),
            "wrote 8 bytes, 24 bytes before the start of x");
  EXPECT_EQ(breach("writes y 130 1"),
            "wrote 8 bytes, 992 bytes past the end of y");
}

// In its own process, that is a breach of the protocol, and nobody else's.
TEST_F(PluginTest, ABreachEndsTheProcess) {
  ProcessOptions options;
  options.has_surroundings = true;
  ProcessSubject subject({EXACTBN_BUILD "/bin/serve_plugin",
                          (kFolder / "scripted_plugin.so").string()},
                         options);
  try {
    subject.answer(case_named("writes y 6 1"));
    ADD_FAILURE() << "no failure";
  } catch (const SubjectFailure& failure) {
    EXPECT_THAT(failure.what(),
                testing::EndsWith(" wrote 8 bytes, 0 bytes past the end of y, "
                                  "in case writes y 6 1"));
  }
  EXPECT_EQ(subject.answer(case_named("means")).kind, Answer::Kind::outputs);
}

TEST_F(PluginTest, WritingToAnInputIsAnError) {
  const Answer answer = ask("scribbles");
  EXPECT_EQ(answer.kind, Answer::Kind::error);
  EXPECT_EQ(answer.message,
            "it wrote to its input x: x[4] was 0x1.8p+2 and is 0x1.2p+3");
}

TEST_F(PluginTest, AnOutputAskedForTwiceIsTheSameMemory) {
  const Answer answer = ask("twice");
  ASSERT_EQ(answer.outputs.size(), 2U);
  EXPECT_EQ(answer.outputs.at(Output::mean).value(0), 1);
  EXPECT_EQ(answer.outputs.at(Output::var).dtype(), DType::f64);
  EXPECT_EQ(answer.outputs.at(Output::var).value(0), 2);
}

TEST_F(PluginTest, OutputsThatTheCaseDoesNotHaveAreNull) {
  EXPECT_EQ(ask("unknown").message, "well");
}

TEST_F(PluginTest, SaysWhyItHasNoOutputs) {
  EXPECT_EQ(ask("unsupported").kind, Answer::Kind::unsupported);
  EXPECT_EQ(ask("unsupported").message, "not today");
  EXPECT_EQ(ask("rejected").kind, Answer::Kind::rejected);
  EXPECT_EQ(ask("rejected").message, "");
  EXPECT_EQ(ask("status").kind, Answer::Kind::error);
  EXPECT_EQ(ask("status").message, "no such status: 9");
}

// In each arrangement x has the buffer of another tensor.
TEST_F(PluginTest, KeptMemoryIsRefilledMovedAndPermuted) {
  const auto places = [&](std::uint8_t arrangement) {
    const auto answer = subject_.answer_in({.held = 0, .kept = arrangement},
                                           case_named("places"));
    return answer ? answer->message : "no answer";
  };
  EXPECT_EQ(places(0), "x moves, mean moves");
  EXPECT_EQ(places(0), "x stays, mean stays");
  EXPECT_EQ(places(1), "x is where mean was, mean moves");
  EXPECT_EQ(places(1), "x stays, mean stays");
  EXPECT_EQ(places(0), "x moves, mean moves");
}

TEST_F(PluginTest, MemoryLiesWhereRequested) {
  const auto address = [&](const char* id, const Surroundings& surroundings) {
    const auto answer = subject_.answer_in(surroundings, case_named(id));
    return answer->message;
  };
  EXPECT_EQ(address("addresses", {}), "x 0, mean 0, var 0");
  EXPECT_EQ(address("addresses", {.past = 1}), "x 8, mean 8, var 8");
  EXPECT_EQ(address("addresses", {.past = 3, .apart = 2}),
            "x 24, mean 40, var 56");
  EXPECT_EQ(address("addresses", {.past = 7, .apart = 1}),
            "x 56, mean 0, var 8");
}

TEST_F(PluginTest, OutputMemoryHoldsTheRequestedBytes) {
  const auto answer =
      subject_.answer_in({.past = 1, .held = 0xa5}, case_named("unwritten"));
  EXPECT_EQ(answer->outputs.at(Output::y).bits(5), 0xa5a5u);
  EXPECT_EQ(answer->outputs.at(Output::invstd).bits(0), 0xa5a5a5a5a5a5a5a5u);
}

TEST_F(PluginTest, AnswersAreTheSameAnywhere) {
  const Case c = case_named("means");
  const auto there = subject_.answer_in({.past = 1, .apart = 2}, c);
  EXPECT_EQ(there->outputs, subject_.answer(c).outputs);
  EXPECT_EQ(subject_.answer_in({.past = 1}, case_named("scribbles"))->message,
            "it wrote to its input x: x[4] was 0x1.8p+2 and is 0x1.2p+3");
  EXPECT_FALSE(subject_.answer_in({.threads = 2}, c));
}

TEST(Plugin, RefusesAFileThatIsNotAPluginOfThisVersion) {
  const std::vector<std::pair<std::string, std::string_view>> rows = {
      {"missing.so", "cannot be loaded as a shared library"},
      {"CMakeFiles", "cannot be loaded as a shared library"},
      {"unfit_SYMBOL.so",
       "not a plugin: it does not export exactbn_get_plugin"},
      {"unfit_PLUGIN.so", "exactbn_get_plugin returned NULL"},
      {"unfit_ABI.so",
       "built for version 42 of the plugin interface, this "
       "tool has version 1"},
      {"unfit_NO_DECLARATION.so", "its declaration is NULL"},
      {"unfit_DECLARATION.so", "its declaration: name: unknown field"},
      {"unfit_RUN.so", "its run is NULL"},
  };
  for (const auto& [name, says] : rows) {
    try {
      const PluginSubject subject(kFolder / name);
      ADD_FAILURE() << name << " was loaded";
    } catch (const LoadError& error) {
      EXPECT_THAT(error.what(),
                  testing::StartsWith((kFolder / name).string() + ": "));
      EXPECT_THAT(error.what(), HasSubstr(says));
    }
  }
}

}  // namespace
}  // namespace exactbn::plugin_test
