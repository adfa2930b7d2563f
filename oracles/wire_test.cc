// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace exactbn::wire_test {
namespace {

using testing::HasSubstr;

constexpr std::string_view kForward =
    R"({"case":"fwd-f32-0007","operation":"forward_training",)"
    R"("channel_axis":1,"epsilon":"3ee4f8b580000000",)"
    R"("momentum":"3fc0000000000000","inputs":{)"
    R"("x":{"dtype":"f32","shape":[1,3],"bits":"3f8000004000000040400000"},)"
    R"("gamma":{"dtype":"f32","shape":[3],)"
    R"("bits":"3f8000003f8000003f800000"},)"
    R"("running_var":{"dtype":"f64","shape":[3],)"
    R"("bits":"3ff00000000000003ff00000000000003ff0000000000000"}}})";

// The line with one replacement; fails the test if `from` is not found.
std::string with(std::string_view line, std::string_view from,
                 std::string_view to) {
  std::string text(line);
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    ADD_FAILURE() << "no " << from << " in " << line;
    return text;
  }
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const WireError& error) {
    return error.what();
  }
  return "accepted";
}

Case case_of(Operation operation, DType dtype) {
  Case c{"id", {}, {}};
  c.problem.operation = operation;
  c.problem.epsilon = 1e-5;
  c.problem.momentum = 0.25;
  for (const Input name : inputs_of(operation)) {
    Tensor tensor(dtype, shaped_like_x(name) ? Shape{2, 3, 2} : Shape{3});
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(
          i, static_cast<std::uint64_t>(i) * 0x1357 % format(dtype).overflow());
    }
    c.problem.inputs.emplace(name, tensor);
  }
  return c;
}

TEST(Wire, ReadsTheExampleCase) {
  const Case c = read_case(kForward);
  EXPECT_EQ(c.id, "fwd-f32-0007");
  EXPECT_EQ(c.problem.operation, Operation::forward_training);
  EXPECT_EQ(c.problem.channel_axis, 1);
  EXPECT_EQ(c.problem.epsilon, static_cast<double>(1e-5F));
  EXPECT_EQ(c.problem.momentum, 0.125);
  EXPECT_EQ(c.problem.x().shape(), (Shape{1, 3}));
  EXPECT_EQ(c.problem.x().value(2), 3.0);
  EXPECT_EQ(c.problem.inputs.at(Input::running_var).dtype(), DType::f64);
}

TEST(Wire, WritesTheFieldsInTheOrderOfTheExample) {
  EXPECT_EQ(write_case(read_case(kForward)), kForward);
}

TEST(Wire, CasesComeBackAsTheyWere) {
  for (const Operation operation : kOperations) {
    for (const DType dtype : kDTypes) {
      const Case c = case_of(operation, dtype);
      EXPECT_EQ(read_case(write_case(c)), c) << write_case(c);
    }
  }
}

TEST(Wire, NullMomentumAndTheBatchesComeBack) {
  Case c = case_of(Operation::forward_training, DType::bf16);
  c.problem.momentum = std::nullopt;
  c.problem.batches_tracked = 7;
  EXPECT_EQ(read_case(write_case(c)), c);
  EXPECT_THAT(write_case(c),
              HasSubstr(R"("momentum":null,"batches_tracked":7,)"));
}

TEST(Wire, EveryBitPatternComesBack) {
  Case c = case_of(Operation::forward_training, DType::f16);
  Tensor x(DType::f16, {1 << 15, 2});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x.set_bits(i, static_cast<std::uint64_t>(i));
  }
  c.problem.inputs = {{Input::x, x}};
  EXPECT_EQ(read_case(write_case(c)), c);
  Tensor short_x(DType::f8e4m3fn, {1 << 7, 2});
  for (std::int64_t i = 0; i < short_x.size(); ++i) {
    short_x.set_bits(i, static_cast<std::uint64_t>(i));
  }
  c.problem.inputs = {{Input::x, short_x}};
  EXPECT_EQ(read_case(write_case(c)), c);
  EXPECT_THAT(write_case(c), HasSubstr(R"("bits":"00010203)"));
}

TEST(Wire, MomentumMayBeAbsentWhereNothingNeedsIt) {
  const std::string momentum = R"("momentum":"3fc0000000000000",)";
  const std::string without = with(kForward, momentum, "");
  EXPECT_EQ(refusal([&] { read_case(without); }),
            "case fwd-f32-0007: momentum: missing, but running statistics "
            "are given");
  const std::size_t at = without.find(R"(,"running_var")");
  EXPECT_EQ(read_case(without.substr(0, at) + "}}").problem.momentum, 0.0);
}

TEST(Wire, RefusesMalformedCases) {
  struct Row {
    std::string_view from, to, says;
  };
  const std::vector<Row> rows = {
      {"40400000\"", "4040000\"",
       "inputs.x.bits: 23 hexadecimal digits, expected 24 (3 values of f32)"},
      {"40400000\"", "404000000\"", "inputs.x.bits: 25 hexadecimal digits"},
      {"40400000\"", "4040000A\"",
       "inputs.x.bits: \"A\" at digit 23 is not a lower-case hexadecimal"},
      {"3f800000400", "3f80000g400", "inputs.x.bits: \"g\" at digit 7 is not"},
      {"3f800000400", "3f80 000400", "inputs.x.bits: \" \" at digit 4 is not"},
      {R"("bits":"3f8000004000000040400000")", R"("bits":12)",
       "inputs.x.bits: number, expected a string"},
      {R"(,"bits":"3f8000004000000040400000")", "", "inputs.x.bits: missing"},
      {"[1,3]", "[0,3]", "inputs.x.shape: shape 0x3 has an extent below 1"},
      {"[1,3]", "[-1,-3]", "inputs.x.shape: shape -1x-3 has an extent below"},
      {"[1,3]", "[1048576,1048577]", "inputs.x.shape: shape 1048576x1048577"},
      {"[1,3]", "[4294967296,4294967296]", "inputs.x.shape: shape 42949"},
      {"[1,3]", "[9223372036854775808]", "inputs.x.shape: 9223372036854775808"},
      {"[1,3]", "[99999999999999999999]", "inputs.x.shape: number, expected"},
      {"[1,3]", "[1.0,3]", "inputs.x.shape: number, expected an integer"},
      {"[1,3]", "[true,3]", "inputs.x.shape: boolean, expected an integer"},
      {"[1,3]", "[[1],3]", "inputs.x.shape: array, expected an integer"},
      {"[1,3]", "3", "inputs.x.shape: number, expected an array"},
      {"[1,3]", "{}", "inputs.x.shape: object, expected an array"},
      {"[1,3]", "[3]", "inputs.x.shape: rank 1, expected 2 to 5"},
      {"[1,3]", "[1,1,1,1,1,3]", "inputs.x.shape: 6 extents, expected at most"},
      {"f32\"", "f31\"",
       "inputs.x.dtype: \"f31\" is not one of f64, f32, f16,"},
      {"\"f32\"", "32", "inputs.x.dtype: number, expected a string"},
      {R"("dtype":"f32",)", "", "inputs.x.dtype: missing"},
      {R"("dtype":"f32",)", R"("dtype":"f32","order":"C",)",
       "inputs.x.order: unknown field"},
      {R"("dtype":"f32",)", R"("dtype":"f32","dtype":"f32",)",
       "inputs.x.dtype: given twice"},
      {"\"gamma\"", "\"x\"", "inputs.x: given twice"},
      {"\"gamma\"", "\"dy\"", "inputs.dy: forward_training has no such input"},
      {"\"gamma\"", "\"y\"", "inputs.y: forward_training has no such input"},
      {"\"x\":", "\"x_dot\":", "inputs.x: forward_training needs it"},
      {"\"x\":", "\"gamma_\":",
       "inputs.gamma_: forward_training has no such input"},
      {R"("shape":[3],"bits":"3f8000003f800000)",
       R"("shape":[2],"bits":"3f800000)", "inputs.gamma.shape: 2, expected 3"},
      {R"("inputs":{)", R"("inputs":[{)", "not JSON at byte"},
      {R"("inputs":)", R"("inputs":null,"i":)", "i: unknown field"},
      {R"("epsilon":"3ee4f8b580000000")", R"("epsilon":"bee4f8b580000000")",
       "epsilon: must be finite and not negative"},
      {R"("epsilon":"3ee4f8b580000000")", R"("epsilon":"7ff8000000000000")",
       "epsilon: must be finite and not negative"},
      {R"("epsilon":"3ee4f8b580000000")", R"("epsilon":"3EE4F8B580000000")",
       "epsilon: \"3EE4F8B580000000\" is not 16 lower-case hexadecimal"},
      {R"("epsilon":"3ee4f8b580000000")", R"("epsilon":1e-5)",
       "epsilon: number, expected a string"},
      {R"("epsilon":"3ee4f8b580000000",)", "", "epsilon: missing"},
      {R"("epsilon":"3ee4f8b580000000")", R"("epsilon":null)",
       "epsilon: null, expected a string"},
      {"\"3fc0000000000000\"", "\"3fc\"", "momentum: \"3fc\" is not 16"},
      {"\"3fc0000000000000\"", "\"7ff0000000000000\"",
       "momentum: must be finite"},
      {"\"3fc0000000000000\"", "0.1", "momentum: number, expected a string"},
      {"\"momentum\"", "\"batches_tracked\":-1,\"momentum\"",
       "batches_tracked: must not be negative"},
      {"\"momentum\"", "\"batches_tracked\":1.5,\"momentum\"",
       "batches_tracked: number, expected an integer"},
      {"\"momentum\"", "\"momentums\"", "momentums: unknown field"},
      {"axis\":1", "axis\":2", "channel_axis: 2 is not an axis of 1x3"},
      {"axis\":1", "axis\":-1", "channel_axis: -1 is not an axis of 1x3"},
      {"axis\":1", "axis\":4294967297", "channel_axis: 4294967297 is out of"},
      {"axis\":1", "axis\":\"1\"", "channel_axis: string, expected an integer"},
      {R"("channel_axis":1,)", "", "channel_axis: missing"},
      {"forward_training", "forward",
       "operation: \"forward\" is not one of forw"},
      {R"("operation":"forward_training",)", "", "operation: missing"},
      {"3ff0000000000000\"", "bff0000000000000\"",
       "inputs.running_var: negative in channel 2"},
      {"\"operation\"", "\"case\":\"b\",\"operation\"", "case: given twice"},
      {"\"epsilon\"", "\"case\":\"b\",\"epsilon\"", "case: given twice"},
      {"channel_axis\":1", "channel_axis\":1e999", "a number out of range"},
      {"}}}", "}}} x", "not JSON at byte"},
      {"}}}", "}}}{}", "not JSON at byte"},
  };
  for (const Row& row : rows) {
    const std::string line = with(kForward, row.from, row.to);
    const std::string says = refusal([&] { read_case(line); });
    EXPECT_THAT(says, testing::StartsWith("case fwd-f32-0007: ")) << line;
    EXPECT_THAT(says, HasSubstr(row.says)) << line;
  }
}

TEST(Wire, RefusesALineWithoutACaseName) {
  EXPECT_EQ(refusal([] { read_case(""); }),
            "the line ends too early, after 0 bytes");
  EXPECT_EQ(refusal([] { read_case("[]"); }), "not a JSON object");
  EXPECT_EQ(refusal([] { read_case("{}"); }), "case: missing");
  EXPECT_EQ(refusal([] { read_case(R"({"case":""})"); }), "case: empty");
  EXPECT_EQ(refusal([] { read_case(R"({"case":7})"); }),
            "case: number, expected a string");
  EXPECT_THAT(refusal([] { read_case("loading weights..."); }),
              HasSubstr("not JSON at byte 1"));
}

TEST(Wire, RefusesEveryTruncationAndNamesTheCase) {
  for (std::size_t n = 0; n < kForward.size(); ++n) {
    const std::string says = refusal([&] { read_case(kForward.substr(0, n)); });
    EXPECT_THAT(says, HasSubstr("the line ends too early")) << n;
    if (n > 30) {
      EXPECT_THAT(says, testing::StartsWith("case fwd-f32-0007: "));
    }
  }
  const std::size_t in_bits = kForward.find("40400000");
  EXPECT_THAT(refusal([&] { read_case(kForward.substr(0, in_bits)); }),
              HasSubstr("inputs.x.bits: the line ends too early, after "));
}

TEST(Wire, MessagesStayShort) {
  const std::string huge(100000, 'A');
  for (const std::string_view from :
       {"40400000\"", "f32\"", "\"gamma\"", "3ee4f8b580000000\"", "fwd-f32"}) {
    const std::string line = with(kForward, from, '"' + huge + '"');
    EXPECT_LT(refusal([&] { read_case(line); }).size(), 400U) << from;
  }
}

TEST(Wire, AnswersComeBackAsTheyWere) {
  const Case c = read_case(kForward);
  Answer answer;
  answer.outputs = {{Output::y, make_tensor(DType::f16, {1, 3},
                                            std::vector<double>{1, 2, 3})},
                    {Output::mean, make_tensor(DType::f64, {3},
                                               std::vector<double>{1, 2, 3})}};
  const std::string line = write_answer(c.id, answer);
  EXPECT_EQ(line,
            R"({"case":"fwd-f32-0007","outputs":{)"
            R"("mean":{"dtype":"f64","shape":[3],"bits":)"
            R"("3ff000000000000040000000000000004008000000000000"},)"
            R"("y":{"dtype":"f16","shape":[1,3],"bits":"3c0040004200"}}})");
  EXPECT_EQ(read_answer(line, c).outputs, answer.outputs);
  EXPECT_EQ(read_answer(line, c).kind, Answer::Kind::outputs);
  EXPECT_EQ(answered_case(line), c.id);
}

TEST(Wire, AnswersWithoutOutputsSayWhy) {
  const Case c = read_case(kForward);
  const std::vector<std::pair<Answer::Kind, std::string_view>> kinds = {
      {Answer::Kind::unsupported, "unsupported"},
      {Answer::Kind::rejected, "rejected"},
      {Answer::Kind::error, "error"}};
  for (const auto& [kind, field] : kinds) {
    const std::string line = write_answer(c.id, {kind, "no \"f16\"\n", {}});
    EXPECT_EQ(line, R"({"case":"fwd-f32-0007",")" + std::string(field) +
                        R"(":"no \"f16\"\n"})");
    EXPECT_EQ(read_answer(line, c).kind, kind);
    EXPECT_EQ(read_answer(line, c).message, "no \"f16\"\n");
  }
}

TEST(Wire, AMessageThatIsNotUtf8IsStillWritten) {
  const Answer answer{Answer::Kind::error, "\xff", {}};
  const Case c = read_case(kForward);
  EXPECT_EQ(read_answer(write_answer(c.id, answer), c).message, "\xef\xbf\xbd");
}

TEST(Wire, RefusesMalformedAnswers) {
  const Case c = read_case(kForward);
  const std::string y = R"({"dtype":"f32","shape":[1,3],)"
                        R"("bits":"3f8000004000000040400000"})";
  const std::vector<std::pair<std::string, std::string_view>> rows = {
      {R"({"case":"fwd-f32-0008","error":""})", "case: expected fwd-f32-0007"},
      {R"({"outputs":{}})", "case: missing"},
      {R"({"case":"fwd-f32-0007"})", "expected one of outputs, unsupported,"},
      {R"({"case":"fwd-f32-0007","error":"","rejected":""})",
       "expected one of outputs, unsupported, rejected and error"},
      {R"({"case":"fwd-f32-0007","error":null})",
       "error: null, expected a string"},
      {R"({"case":"fwd-f32-0007","output":{}})", "output: unknown field"},
      {R"({"case":"fwd-f32-0007","outputs":[]})",
       "outputs: array, expected an object"},
      {R"({"case":"fwd-f32-0007","outputs":{"dx":)" + y + "}}",
       "outputs.dx: the case has no such output"},
      {R"({"case":"fwd-f32-0007","outputs":{"running_mean":)" + y + "}}",
       "outputs.running_mean: the case has no such output"},
      {R"({"case":"fwd-f32-0007","outputs":{"mean":)" + y + "}}",
       "outputs.mean.shape: [1,3], expected [3]"},
      {R"({"case":"fwd-f32-0007","outputs":{"y":)" + with(y, "1,3", "3,1") +
           "}}",
       "outputs.y.shape: [3,1], expected [1,3]"},
      {R"({"case":"fwd-f32-0007","outputs":{"y":)" + with(y, "4040", "404") +
           "}}",
       "outputs.y.bits: 23 hexadecimal digits, expected 24 (3 values of f32)"},
      {R"({"case":"fwd-f32-0007","outputs":{"y":)" + y + ",\"y\":" + y + "}}",
       "outputs.y: given twice"},
      {R"({"case":"fwd-f32-0007","outputs":{"y":null}})",
       "outputs.y: null, expected an object"},
      {R"({"case":"fwd-f32-0007","outputs":{"y":NaN}})",
       "outputs.y: not JSON at byte"},
  };
  for (const auto& [line, says] : rows) {
    EXPECT_THAT(refusal([&, &text = line] { read_answer(text, c); }),
                HasSubstr(says))
        << line;
  }
}

TEST(Wire, TheAnsweredCaseIsReadFromBrokenLinesToo) {
  EXPECT_EQ(answered_case(R"({"case":"a","nonsense":[1,)"), "a");
  EXPECT_EQ(answered_case(R"({"outputs":{"case":"b"},"case":"a"})"), "a");
  EXPECT_EQ(refusal([] { answered_case(R"({"outputs":{"case":"b"}})"); }),
            "case: missing");
  EXPECT_EQ(refusal([] { answered_case(R"({"case":["b"]})"); }),
            "case: missing");
  EXPECT_THAT(refusal([] { answered_case("Segmentation fault"); }),
              HasSubstr("not JSON"));
}

TEST(Wire, DeclarationsComeBackAsTheyWere) {
  const std::string line =
      R"({"subject":"my kernel 1.2","operations":["forward_training"],)"
      R"("dtypes":["f32","bf16"],"channel_axes":["1","last"],)"
      R"("outputs":{"forward_training":["y","running_var"],)"
      R"("backward_training":["dx"]},)"
      R"("output_dtypes":{"running_var":"f32","y":"same"},)"
      R"("momentum":"weight_of_old","running_variance":"biased","single_value":"reject",)"
      R"("zero_variance":"zero","subnormals":"flush","accumulation":"f64",)"
      R"("domain":"all","rounding":"away"})";
  const Declaration d = read_declaration(line);
  EXPECT_EQ(d.subject, "my kernel 1.2");
  EXPECT_THAT(d.operations, testing::ElementsAre(Operation::forward_training));
  EXPECT_THAT(d.dtypes, testing::ElementsAre(DType::f32, DType::bf16));
  EXPECT_THAT(d.channel_axes, testing::ElementsAre("1", "last"));
  EXPECT_THAT(d.outputs.at(Operation::forward_training),
              testing::ElementsAre(Output::y, Output::running_var));
  EXPECT_EQ(d.momentum, Momentum::weight_of_old);
  EXPECT_EQ(d.running_variance, RunningVariance::biased);
  EXPECT_EQ(d.single_value, SingleValue::reject);
  EXPECT_EQ(d.zero_variance, ZeroVariance::zero);
  EXPECT_EQ(d.subnormals, Subnormals::flush);
  EXPECT_EQ(d.accumulation, DType::f64);
  EXPECT_EQ(d.domain, Domain::all);
  EXPECT_EQ(d.rounding, StoreRounding::away);
  EXPECT_EQ(write_declaration(d), line);
}

TEST(Wire, ADeclarationNeedsOnlyAName) {
  const Declaration d = read_declaration(R"({"subject":"s"})");
  EXPECT_EQ(d.accumulation, std::nullopt);
  EXPECT_EQ(write_declaration(d),
            R"({"subject":"s","momentum":"weight_of_new",)"
            R"("running_variance":"unbiased",)"
            R"("single_value":"nan","zero_variance":"nan",)"
            R"("subnormals":"keep","domain":"ordinary",)"
            R"("rounding":"nearest"})");
}

TEST(Wire, RefusesMalformedDeclarations) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {R"({})", "subject: missing"},
      {R"({"subject":""})", "subject: empty"},
      {R"({"subject":1})", "subject: number, expected a string"},
      {R"({"subject":"s","dtype":["f32"]})", "dtype: unknown field"},
      {R"({"subject":"s","dtypes":"f32"})", "dtypes: string, expected an arra"},
      {R"({"subject":"s","dtypes":[]})", "dtypes: empty; leave it out for all"},
      {R"({"subject":"s","dtypes":["f8"]})",
       "dtypes: \"f8\" is not one of f64, "},
      {R"({"subject":"s","operations":["bn"]})",
       "operations: \"bn\" is not one of "},
      {R"({"subject":"s","operations":[1]})", "operations: number, expected a"},
      {R"({"subject":"s","channel_axes":[1]})", "channel_axes: number, expect"},
      {R"({"subject":"s","channel_axes":["5"]})", "channel_axes: \"5\" is nei"},
      {R"({"subject":"s","channel_axes":["-1"]})", "channel_axes: \"-1\" is n"},
      {R"({"subject":"s","channel_axes":[""]})", "channel_axes: \"\" is neith"},
      {R"({"subject":"s","outputs":["y"]})", "outputs: array, expected an obj"},
      {R"({"subject":"s","outputs":{"train":["y"]}})",
       "outputs.train: unknown field"},
      {R"({"subject":"s","outputs":{"forward_inference":["mean"]}})",
       "outputs.forward_inference: \"mean\" is not one of y"},
      {R"({"subject":"s","outputs":{"forward_inference":[]}})",
       "outputs.forward_inference: empty"},
      {R"({"subject":"s","running_variance":"sample"})",
       "running_variance: \"sample\" is not one of unbiased, biased"},
      {R"({"subject":"s","single_value":null})",
       "single_value: null, expected a string"},
      {R"({"subject":"s","zero_variance":"inf"})",
       "zero_variance: \"inf\" is not one of nan, zero"},
      {R"({"subject":"s","subnormals":true})",
       "subnormals: boolean, expected a string"},
      {R"({"subject":"s","accumulation":"double"})",
       "accumulation: \"double\" is not one of f64, f32, f16, bf16"},
      {R"({"subject":"s","subject":"t"})", "subject: given twice"},
      {R"("s")", "not a JSON object"},
  };
  for (const auto& [line, says] : rows) {
    EXPECT_THAT(refusal([&text = line] { read_declaration(text); }),
                HasSubstr(says))
        << line;
  }
}

TEST(Declaration, AnEmptyOneCoversEverything) {
  const Case c = case_of(Operation::backward_inference, DType::bf16);
  EXPECT_EQ(why_unsupported({}, c.problem), std::nullopt);
  EXPECT_TRUE(offers({}, Operation::forward_training, Output::invstd));
}

TEST(Declaration, SaysInAFewWordsWhatItDoesNotCover) {
  Problem problem = case_of(Operation::forward_training, DType::f16).problem;
  problem.channel_axis = 2;
  const auto why = [&](std::string_view line) {
    return why_unsupported(read_declaration(line), problem);
  };
  EXPECT_EQ(why(R"({"subject":"s","operations":["backward_training"]})"),
            "no forward_training");
  EXPECT_EQ(why(R"({"subject":"s","dtypes":["f32","bf16"]})"), "no f16");
  EXPECT_EQ(why(R"({"subject":"s","channel_axes":["1","3"]})"),
            "channel axis 2 of 3");
  EXPECT_EQ(why(R"({"subject":"s","channel_axes":["0","2"]})"), std::nullopt);
  EXPECT_EQ(why(R"({"subject":"s","channel_axes":["1","last"]})"),
            std::nullopt);
  problem.channel_axis = 1;
  EXPECT_EQ(why(R"({"subject":"s","channel_axes":["last"]})"),
            "channel axis 1 of 3");
}

TEST(Declaration, OffersWhatItListsOfAnOperation) {
  const Declaration d = read_declaration(
      R"({"subject":"s","outputs":{"forward_training":["y"]}})");
  EXPECT_TRUE(offers(d, Operation::forward_training, Output::y));
  EXPECT_FALSE(offers(d, Operation::forward_training, Output::mean));
  EXPECT_TRUE(offers(d, Operation::backward_training, Output::dx));
}

}  // namespace
}  // namespace exactbn::wire_test
