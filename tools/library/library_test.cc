// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cfenv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "reference/tensor/sanitized.h"
#include "tools/library/exactbn.h"

namespace exactbn::library_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Free {
  void operator()(exactbn_result* result) const { exactbn_free(result); }
};
using Result = std::unique_ptr<exactbn_result, Free>;

// A question with every argument right, and the right answer.
struct Asked {
  std::vector<std::int64_t> shape = {4, 2, 8};
  std::vector<std::int64_t> strides = {16, 8, 1};
  std::int64_t channels = 2;
  std::vector<float> x = std::vector<float>(64);
  std::vector<float> gamma = {1.5F, -2};
  std::vector<float> y = std::vector<float>(64);
  std::vector<exactbn_array> inputs = {
      {"x", "f32", x.data(), 3, shape.data(), strides.data()},
      {"gamma", "f32", gamma.data(), 1, &channels, nullptr}};
  exactbn_array output = {"y", "f32", y.data(), 3, shape.data(), nullptr};
  std::vector<const char*> declare;
  exactbn_question question = {};
  exactbn_judging judging = {};

  Asked() {
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>((i * i) % 37) - 10;
    }
    question.size = sizeof question;
    question.operation = "forward_training";
    question.channel_axis = 1;
    question.epsilon = 0x1p-10;
    question.input_count = 2;
    question.inputs = inputs.data();
    judging.size = sizeof judging;
    const exactbn_wanted wanted = {"y", "f32", y.data(), nullptr};
    const Result result(exactbn_reference(&question, 1, &wanted, nullptr));
    EXPECT_EQ(exactbn_code(result.get()), EXACTBN_OK)
        << exactbn_text(result.get());
  }
  Asked(const Asked&) = delete;

  Result check() {
    judging.declare_count = declare.size();
    judging.declare = declare.data();
    return Result(exactbn_check(&question, 1, &output, &judging));
  }
};

TEST(Library, ChecksWhatIsRight) {
  Asked asked;
  const Result result = asked.check();
  EXPECT_STREQ(exactbn_text(result.get()), "");
  EXPECT_STREQ(exactbn_verdict(result.get()), "passed");
  exactbn_output_verdict y;
  ASSERT_EQ(exactbn_output(result.get(), 0, &y), EXACTBN_OK);
  EXPECT_STREQ(y.grade, "correct");
  EXPECT_EQ(y.got, y.want);
}

TEST(Library, ReadsAnyStridesAndAlignment) {
  Asked asked;
  // Channels last, every other value of a buffer, from its end.
  std::vector<float> memory(2 * 64);
  for (std::size_t n = 0; n < 4; ++n) {
    for (std::size_t c = 0; c < 2; ++c) {
      for (std::size_t k = 0; k < 8; ++k) {
        memory[127 - 2 * ((n * 8 + k) * 2 + c)] = asked.x[(n * 2 + c) * 8 + k];
      }
    }
  }
  asked.strides = {-32, -2, -4};
  asked.inputs[0].data = &memory[127];
  std::vector<char> odd(64 * sizeof(float) + 1);
  std::memcpy(&odd[1], asked.y.data(), 64 * sizeof(float));
  asked.output.data = &odd[1];
  const Result result = asked.check();
  EXPECT_STREQ(exactbn_text(result.get()), "");
  EXPECT_STREQ(exactbn_verdict(result.get()), "passed");
}

// Each wrong argument alone: an error that names it, and no crash.
TEST(Library, RefusesEachWrongArgumentByName) {
  struct Wrong {
    std::function<void(Asked&)> make;
    const char* text;
  };
  static const std::int64_t negative[] = {4, -2, 8};
  static const std::int64_t huge[] = {std::int64_t{1} << 40, 2, 8};
  static const std::int64_t other[] = {4, 2, 9};
  static const float minus_one[] = {-1, 1};
  const std::vector<Wrong> all = {
      {[](Asked& a) { a.question.size = 8; }, "question.size: 8, expected"},
      {[](Asked& a) { a.judging.size = 0; }, "judging.size: 0, expected"},
      {[](Asked& a) { a.question.operation = nullptr; }, "operation: is NULL"},
      {[](Asked& a) { a.question.operation = "forward\x1b[31m"; },
       "operation: unknown operation 'forward"},
      {[](Asked& a) { a.question.channel_axis = 3; },
       "channel_axis: 3 is not an axis of 4x2x8"},
      {[](Asked& a) { a.question.channel_axis = -1; },
       "channel_axis: -1 is not an axis"},
      {[](Asked& a) { a.question.epsilon = -1; },
       "epsilon: -1, expected a finite number"},
      {[](Asked& a) { a.question.epsilon = std::nan(""); },
       "epsilon: nan, expected a finite number"},
      {[](Asked& a) { a.question.momentum = HUGE_VAL; },
       "momentum: must be finite"},
      {[](Asked& a) { a.question.batches_tracked = -1; },
       "batches_tracked: must not be negative"},
      {[](Asked& a) { a.question.inputs = nullptr; }, "inputs: is NULL"},
      {[](Asked& a) { a.question.input_count = 0; },
       "x: forward_training needs it"},
      {[](Asked& a) { a.inputs[0].name = nullptr; }, "inputs[0].name: is NULL"},
      {[](Asked& a) { a.inputs[0].name = "z"; },
       "inputs[0].name: forward_training has no input 'z'; expected x, gamma"},
      {[](Asked& a) { a.inputs[1].name = "dy"; },
       "inputs[1].name: forward_training has no input 'dy'; expected x"},
      {[](Asked& a) { a.inputs[1].name = "x"; },
       "inputs[1].name: x is given twice"},
      {[](Asked& a) { a.inputs[0].dtype = "i32"; },
       "x.dtype: unknown format 'i32'; expected f64, f32"},
      {[](Asked& a) { a.inputs[0].dtype = nullptr; }, "x.dtype: is NULL"},
      {[](Asked& a) { a.inputs[0].data = nullptr; }, "x.data: is NULL"},
      {[](Asked& a) { a.inputs[0].shape = nullptr; }, "x.shape: is NULL"},
      {[](Asked& a) { a.inputs[0].rank = 0; }, "x.rank: 0, expected 1 to 5"},
      {[](Asked& a) { a.inputs[0].rank = 2'000'000'000; },
       "x.rank: 2000000000, expected 1 to 5"},
      {[](Asked& a) { a.inputs[0].rank = -3; }, "x.rank: -3, expected"},
      {[](Asked& a) { a.inputs[0].shape = negative; },
       "x: shape 4x-2x8 has an extent below 1"},
      {[](Asked& a) { a.inputs[0].shape = huge; },
       "x: shape 1099511627776x2x8 has more than 2^40"},
      {[](Asked& a) { a.strides[0] = INT64_MAX; },
       "x.strides[0]: 9223372036854775807 is out of range"},
      {[](Asked& a) { a.strides[2] = INT64_MIN; },
       "x.strides[2]: -9223372036854775808 is out of range"},
      {[](Asked& a) { a.channels = 3; }, "gamma.shape: 3, expected 2"},
      {[](Asked& a) { a.output.name = "dx"; },
       "outputs[0].name: forward_training has no output 'dx'; expected mean"},
      {[](Asked& a) { a.output.name = "running_var"; },
       "no output 'running_var' without the input running_var"},
      {[](Asked& a) { a.output.name = nullptr; }, "outputs[0].name: is NULL"},
      {[](Asked& a) { a.output.shape = other; },
       "y.shape: 4x2x9, expected 4x2x8"},
      {[](Asked& a) { a.output.data = nullptr; }, "y.data: is NULL"},
      {[](Asked& a) { a.judging.require = "good"; },
       "require: unknown grade 'good'; expected correct"},
      {[](Asked& a) { a.judging.domain = "some"; }, "domain: "},
      {[](Asked& a) { a.judging.convention = "caffe9"; }, "convention: "},
      {[](Asked& a) { a.declare = {"momentum"}; },
       "declare: expected KEY=VALUE"},
      {[](Asked& a) { a.declare = {nullptr}; }, "declare[0]: is NULL"},
      {[](Asked& a) {
         a.question.operation = "forward_inference";
         a.inputs[1] = {"running_var", "f32",  minus_one, 1,
                        &a.channels,   nullptr};
         a.inputs.push_back(
             {"running_mean", "f32", minus_one, 1, &a.channels, nullptr});
         a.question.inputs = a.inputs.data();
         a.question.input_count = 3;
       },
       "running_var: negative in channel 0"},
  };
  for (const Wrong& wrong : all) {
    Asked asked;
    wrong.make(asked);
    const Result result = asked.check();
    EXPECT_EQ(exactbn_code(result.get()), EXACTBN_INVALID) << wrong.text;
    EXPECT_THAT(exactbn_text(result.get()), HasSubstr(wrong.text));
    EXPECT_THAT(exactbn_text(result.get()), Not(HasSubstr("\x1b")));
    EXPECT_THAT(exactbn_text(result.get()), Not(HasSubstr("\n")));
    EXPECT_EQ(exactbn_failed(result.get()), 1);
    EXPECT_STREQ(exactbn_verdict(result.get()), "");
    EXPECT_STREQ(exactbn_json(result.get()), "");
  }
}

TEST(Library, RefusesNullForEachPointer) {
  Asked asked;
  const auto refused = [](exactbn_result* result, const char* text) {
    const Result owner(result);
    EXPECT_EQ(exactbn_code(result), EXACTBN_INVALID);
    EXPECT_THAT(exactbn_text(result), StartsWith(text));
  };
  const exactbn_question& q = asked.question;
  std::vector<double> unit(64);
  double limit = 0;
  exactbn_wanted wanted = {"y", "f32", nullptr, nullptr};
  refused(exactbn_check(nullptr, 1, &asked.output, nullptr), "question: ");
  refused(exactbn_check(&q, 1, nullptr, nullptr), "outputs: is NULL");
  refused(exactbn_check(&q, 0, nullptr, nullptr), "outputs: none");
  refused(exactbn_reference(nullptr, 1, &wanted, nullptr), "question: ");
  refused(exactbn_reference(&q, 0, &wanted, nullptr), "wanted: none");
  refused(exactbn_reference(&q, 1, nullptr, nullptr), "wanted: is NULL");
  refused(exactbn_reference(&q, 1, &wanted, nullptr), "wanted[0].value: ");
  refused(exactbn_tolerance_units(&q, nullptr, nullptr, unit.data(), &limit),
          "output: is NULL");
  refused(exactbn_tolerance_units(&q, "y", nullptr, nullptr, &limit), "unit: ");
  refused(exactbn_tolerance_units(&q, "y", nullptr, unit.data(), nullptr),
          "limit: ");
  refused(exactbn_suite("backward", nullptr), "operation: unknown");
  refused(exactbn_suite(nullptr, "f33"), "dtype: unknown format 'f33'");
  refused(exactbn_draw(nullptr, nullptr, "tiny", 1, 0, 1), "profile: ");
  refused(exactbn_draw(nullptr, nullptr, nullptr, 1, 0, UINT64_MAX), "count: ");
  refused(exactbn_run(1, nullptr, nullptr), "words: is NULL");
  exactbn_subject subject = {"f", "{", nullptr, nullptr};
  const char* const word = "validate";
  refused(exactbn_run(1, &word, &subject), "subject.answer: is NULL");
  subject.answer = [](void*, const exactbn_question*, exactbn_reply*) {
    return 1;
  };
  refused(exactbn_run(1, &word, &subject), "subject.declaration: ");
  // A result that is null for want of memory.
  EXPECT_EQ(exactbn_code(nullptr), EXACTBN_NO_MEMORY);
  EXPECT_STREQ(exactbn_text(nullptr), "out of memory");
  EXPECT_EQ(exactbn_failed(nullptr), 1);
  EXPECT_EQ(exactbn_output(nullptr, 0, nullptr), EXACTBN_INVALID);
  EXPECT_EQ(exactbn_case_question(nullptr, 0, nullptr), EXACTBN_INVALID);
  EXPECT_EQ(exactbn_exit_code(nullptr), 2);
  EXPECT_EQ(exactbn_reply_output(nullptr, nullptr), EXACTBN_INVALID);
  EXPECT_EQ(exactbn_set_threads(-1), EXACTBN_INVALID);
  exactbn_free(nullptr);
}

Result run(std::vector<const char*> words,
           int (*answer)(void*, const exactbn_question*, exactbn_reply*)) {
  const exactbn_subject subject = {
      "mine",
      R"({"subject":"mine 1","operations":["forward_inference"],)"
      R"("outputs":{"forward_inference":["y"]}})",
      answer, nullptr};
  return Result(exactbn_run(words.size(), words.data(), &subject));
}

TEST(Library, TellsWhatIsWrongWithAReply) {
  const Result result =
      run({"validate", "mine", "--dtype", "f32", "--filter", "inf-", "--errors",
           "1"},
          [](void*, const exactbn_question* question, exactbn_reply* reply) {
            exactbn_array y = question->inputs[0];
            y.name = "y";
            y.rank = 77;
            EXPECT_EQ(exactbn_reply_output(reply, &y), EXACTBN_INVALID);
            return 0;
          });
  EXPECT_EQ(exactbn_exit_code(result.get()), 1);
  EXPECT_THAT(exactbn_text(result.get()),
              HasSubstr("y.rank: 77, expected 1 to 5"));
}

// Counts how often x lies where it did at the call before, and with other
// values.
struct SeenX {
  const void* x = nullptr;
  float first = 0;
  int stays = 0;
  int moves = 0;
};
SeenX seen_x;

TEST(Library, AChallengeRefillsAndMovesTheInputs) {
  seen_x = {};
  const Result result =
      run({"challenge", "mine", "--family", "everyday", "--cases", "64",
           "--seed", "1"},
          [](void*, const exactbn_question* question, exactbn_reply* reply) {
            for (std::size_t i = 0; i < question->input_count; ++i) {
              const exactbn_array& array = question->inputs[i];
              if (std::strcmp(array.name, "x") != 0) continue;
              if (std::strcmp(array.dtype, "f32") != 0) continue;
              const float first = *static_cast<const float*>(array.data);
              const bool same = array.data == seen_x.x;
              seen_x.stays += same && first != seen_x.first ? 1 : 0;
              seen_x.moves += same ? 0 : 1;
              seen_x.x = array.data;
              seen_x.first = first;
            }
            return exactbn_reply_refusal(reply, "unsupported", "no");
          });
  EXPECT_EQ(exactbn_exit_code(result.get()), 1);
  EXPECT_THAT(exactbn_text(result.get()), StartsWith("COMMITTED  sha256 "));
  EXPECT_GT(seen_x.stays, 10);
  EXPECT_GT(seen_x.moves, 10);
}

// The verbs do nothing to the process: their words come back as text.
TEST(Library, RunsVerbsWithoutTheProcess) {
  const auto refuses = [](void*, const exactbn_question*,
                          exactbn_reply* reply) {
    return exactbn_reply_refusal(reply, "unsupported", "not now");
  };
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const Result help = run({"--help"}, refuses);
  const Result none = run({"validate", "mine"}, refuses);
  const Result bad = run({"validate", "mine", "--seed", "x"}, refuses);
  const Result plugin = run({"validate", "./mine.so"}, refuses);
  const Result process = run({"probe", "--exec", "cat"}, refuses);
  const Result serve = run({"serve", "double"}, refuses);
  const Result list = run({"list", "suites"}, refuses);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(exactbn_text(help.get()), HasSubstr("Exit codes:"));
  EXPECT_EQ(exactbn_exit_code(none.get()), 2);
  EXPECT_THAT(exactbn_messages(none.get()), HasSubstr("supports no case"));
  EXPECT_EQ(exactbn_exit_code(bad.get()), 2);
  EXPECT_THAT(exactbn_messages(bad.get()), HasSubstr("--seed"));
  for (const Result* each : {&plugin, &process}) {
    EXPECT_EQ(exactbn_exit_code(each->get()), 2);
    EXPECT_THAT(exactbn_messages(each->get()),
                HasSubstr("use the program for others"));
  }
  EXPECT_THAT(exactbn_messages(serve.get()), HasSubstr("serve: "));
  EXPECT_THAT(exactbn_text(list.get()), StartsWith("core "));
}

std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void many_calls(int n) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([n] {
      Asked right;
      Asked wrong;
      wrong.question.epsilon = -1;
      for (int i = 0; i < n; ++i) {
        ASSERT_EQ(exactbn_failed(right.check().get()), 0);
        ASSERT_EQ(exactbn_code(wrong.check().get()), EXACTBN_INVALID);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Library, EightThreadsOfManyCallsDoNotGrow) {
  many_calls(500);
  const std::size_t before = resident();
  many_calls(kSanitized ? 50 : 5000);
  if (kSanitized) return;  // it keeps what is freed
  EXPECT_LT(resident(), before + (std::size_t{8} << 20));
}

TEST(Library, AnyFloatingPointEnvironmentIsKeptAndHasNoEffect) {
  Asked asked;
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  const Result result = asked.check();
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  EXPECT_STREQ(exactbn_verdict(result.get()), "passed");
  EXPECT_STREQ(exactbn_text(result.get()), "");
}

// y = 0, which is wrong, of a tensor that all threads check.
Result large_check() {
  static const std::vector<float> x = [] {
    std::vector<float> values(1 << 20);
    std::iota(values.begin(), values.end(), 0.0F);
    return values;
  }();
  static const std::vector<float> y(x.size());
  static const std::int64_t shape[] = {16, 64, 1024};
  const exactbn_array input = {"x", "f32", x.data(), 3, shape, nullptr};
  const exactbn_array output = {"y", "f32", y.data(), 3, shape, nullptr};
  exactbn_question question = {};
  question.size = sizeof question;
  question.operation = "forward_training";
  question.channel_axis = 1;
  question.epsilon = 1;
  question.input_count = 1;
  question.inputs = &input;
  return Result(exactbn_check(&question, 1, &output, nullptr));
}

TEST(Library, WorksInAForkedProcess) {
  const Result here = large_check();
  ASSERT_STREQ(exactbn_verdict(here.get()), "failed");
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const Result there = large_check();
    _exit(std::strcmp(exactbn_text(there.get()), exactbn_text(here.get())) == 0
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace exactbn::library_test
