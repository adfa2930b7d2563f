// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/question.h"

#include <gmock/gmock.h>

#include "golden/tensor_files/refusal_test.h"
#include "golden/vector/bytes.h"

namespace exactbn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StoredTensor stored(std::string name, const Shape& shape,
                    const std::vector<double>& values) {
  const Tensor tensor = make_tensor(DType::f32, shape, values);
  return {std::move(name),      "", "F32", DType::f32, 4, shape,
          little_endian(tensor)};
}

StoredTensor like_x(std::string name) {
  return stored(std::move(name), {2, 3}, {1, 2, 3, 4, 5, 7});
}

StoredTensor statistic(std::string name) {
  return stored(std::move(name), {3}, {1, 2, 3});
}

FileQuestions asked(std::vector<StoredTensor> tensors,
                    QuestionOptions options = {}) {
  if (!options.epsilon) options.epsilon = 0.25;
  return file_questions({{"f", Side::either, std::move(tensors)}}, options,
                        true);
}

std::string refused(std::vector<StoredTensor> tensors,
                    const QuestionOptions& options = {}) {
  return refusal([&] { asked(std::move(tensors), options); });
}

TEST(FileQuestion, TheWiresNamesNeedNoGuess) {
  QuestionOptions options;
  options.operations = {Operation::forward_training};
  options.channel_axis = 1;
  const FileQuestions found =
      asked({like_x("x"), statistic("gamma"), like_x("outputs.y")}, options);
  ASSERT_EQ(found.questions.size(), 1U);
  const FileQuestion& q = found.questions[0];
  EXPECT_EQ(q.problem.epsilon, 0.25);
  EXPECT_EQ(q.problem.x(), make_tensor(DType::f32, {2, 3},
                                       std::vector<double>{1, 2, 3, 4, 5, 7}));
  EXPECT_EQ(q.problem.parameter(Input::gamma, 1), 2);
  EXPECT_TRUE(q.outputs.contains(Output::y));
  EXPECT_THAT(found.guesses, IsEmpty());
  EXPECT_THAT(found.unused, IsEmpty());
}

TEST(FileQuestion, CustomaryNamesAreGuessedAloud) {
  const FileQuestions found =
      asked({like_x("Input"), stored("weight", {1, 3, 1}, {1, 2, 3}),
             statistic("bias"), like_x("output"), statistic("step")});
  EXPECT_THAT(
      found.guesses,
      ElementsAre("operation forward_training", "x = Input", "gamma = weight",
                  "beta = bias", "y = output", "channel axis 1"));
  EXPECT_THAT(found.unused, ElementsAre("step"));
  EXPECT_EQ(found.questions[0].problem.find(Input::gamma)->shape(), Shape{3});
}

TEST(FileQuestion, ANameForTwoIsRefused) {
  EXPECT_EQ(refused({like_x("x"), statistic("weight"), statistic("scale"),
                     like_x("y")}),
            "f: scale: both this and f: weight are inputs.gamma; say which "
            "with --map gamma=");
  // Unless the map says which.
  QuestionOptions options;
  options.names = {{"gamma", "scale"}};
  const FileQuestions found =
      asked({like_x("x"), statistic("weight"), statistic("scale"), like_x("y")},
            options);
  EXPECT_THAT(found.unused, ElementsAre("weight"));
}

TEST(FileQuestion, AMapMayExchangeNames) {
  QuestionOptions options;
  options.names = {{"x", "y"}, {"outputs.y", "x"}};
  const FileQuestions found =
      asked({like_x("x"), stored("y", {2, 3}, {6, 5, 4, 3, 2, 1})}, options);
  ASSERT_EQ(found.questions.size(), 1U);
  EXPECT_EQ(found.questions[0].problem.x().value(0), 6);
}

TEST(FileQuestion, ShapesMustAgree) {
  EXPECT_EQ(refused({like_x("x"), stored("y", {3, 2}, {1, 2, 3, 4, 5, 6})}),
            "f: outputs.y: shape 3x2, expected 2x3");
  EXPECT_EQ(refused({stored("x", {3}, {1, 2, 3}), like_x("y")}),
            "f: inputs.x.shape: rank 1, expected 2 to 5");
}

TEST(FileQuestion, OneFileMayHoldForwardAndBackward) {
  const FileQuestions found =
      asked({like_x("x"), statistic("weight"), like_x("grad_output"),
             like_x("y"), like_x("grad_input"), statistic("grad_bias")});
  ASSERT_EQ(found.questions.size(), 2U);
  EXPECT_EQ(found.questions[0].problem.operation, Operation::forward_training);
  EXPECT_EQ(found.questions[1].problem.operation, Operation::backward_training);
  EXPECT_EQ(found.questions[1].outputs.size(), 2U);
}

// grad_x is the wire's name for an output of the double backward.
TEST(FileQuestion, GradXIsDxWithoutADirection) {
  const FileQuestions found =
      asked({like_x("x"), like_x("dy"), like_x("grad_x")});
  EXPECT_EQ(found.questions[0].problem.operation, Operation::backward_training);
  EXPECT_TRUE(found.questions[0].outputs.contains(Output::dx));
  const FileQuestions second =
      asked({like_x("x"), like_x("dy"), like_x("ddx"), like_x("grad_x")});
  EXPECT_EQ(second.questions[0].problem.operation,
            Operation::double_backward_training);
}

TEST(FileQuestion, FrozenOrNotMustBeSaid) {
  const std::vector<StoredTensor> tensors = {
      like_x("x"), statistic("running_mean"), statistic("running_var"),
      like_x("y")};
  EXPECT_EQ(refused(tensors),
            "f: may be forward_training or forward_inference; say --operation");
  QuestionOptions options;
  options.operations = {Operation::forward_inference};
  EXPECT_EQ(asked(tensors, options).questions[0].problem.inputs.size(), 3U);
  // Flax calls the running statistics mean and var.
  const FileQuestions flax = asked(
      {like_x("x"), statistic("mean"), statistic("var"), like_x("y")}, options);
  EXPECT_THAT(flax.guesses, testing::IsSupersetOf(
                                {"running_mean = mean", "running_var = var"}));
}

TEST(FileQuestion, InTwoFilesTheSecondHasTheNewStatistics) {
  QuestionOptions options;
  options.epsilon = 0.25;
  const auto ask = [&] {
    return file_questions(
        {{"in",
          Side::inputs,
          {like_x("x"), statistic("running_mean"), statistic("running_var")}},
         {"out",
          Side::outputs,
          {like_x("y"), statistic("running_mean"), statistic("running_var")}}},
        options, true);
  };
  EXPECT_EQ(refusal(ask),
            "in: momentum: not in the file, but running statistics are; say "
            "--momentum");
  options.momentum = 0.5;
  const FileQuestions found = ask();
  ASSERT_EQ(found.questions.size(), 1U);
  EXPECT_EQ(found.questions[0].problem.inputs.size(), 3U);
  EXPECT_EQ(found.questions[0].outputs.size(), 3U);
}

TEST(FileQuestion, ScalarsInTheFileCount) {
  QuestionOptions options;
  const FileQuestions found =
      file_questions({{"f",
                       Side::either,
                       {like_x("x"), like_x("y"), stored("eps", {}, {0.125})}}},
                     options, true);
  EXPECT_EQ(found.questions[0].problem.epsilon, 0.125);
  EXPECT_EQ(refusal([&] {
              file_questions({{"f", Side::either, {like_x("x"), like_x("y")}}},
                             options, true);
            }),
            "f: epsilon: not in the file; say --epsilon, such as --epsilon "
            "1e-5");
}

TEST(FileQuestion, TheAxisFollowsTheParameters) {
  const FileQuestions found =
      asked({stored("x", {2, 1, 3}, {1, 2, 3, 4, 5, 6}), statistic("gamma"),
             stored("y", {2, 1, 3}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(found.questions[0].problem.channel_axis, 2);
}

TEST(FileQuestion, SaysWhatIsMissing) {
  EXPECT_EQ(refused({like_x("a"), like_x("y")}),
            "f: x: not in the file; say which tensor it is with --map x=NAME");
  EXPECT_EQ(refused({like_x("x"), statistic("q")}),
            "f: no output of forward_training is among x, q; say which it is "
            "with --map, such as --map y=NAME");
  QuestionOptions options;
  options.names = {{"x", "z"}};
  EXPECT_EQ(refused({like_x("x")}, options),
            "--map: no tensor is called z; there are x");
  options.names = {{"weight", "x"}};
  EXPECT_EQ(refused({like_x("x")}, options),
            "--map: weight is not an input or an output; expected a name such "
            "as x, gamma, y or outputs.running_mean");
}

}  // namespace
}  // namespace exactbn
