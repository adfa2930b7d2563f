// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/safetensors.h"

#include <gtest/gtest.h>

#include "golden/tensor_files/refusal_test.h"
#include "golden/vector/bytes.h"

namespace exactbn {
namespace {

using namespace std::string_literals;

std::string file_of(const std::string& header, const std::string& values) {
  return little_endian(header.size(), 8) + header + values;
}

TEST(Safetensors, ReadsEveryFormat) {
  const auto tensors = read_safetensors(file_of(
      R"({"__metadata__":{"a":"b"},)"
      R"("x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]},)"
      R"("n":{"dtype":"I64","shape":[1],"data_offsets":[10,18]},)"
      R"("q":{"dtype":"F4","shape":[2],"data_offsets":[18,19]},)"
      R"("e":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[19,19]}}  )",
      "\0\0\xc0\x3f\0\0\0\x40\xc0\x3f\1\0\0\0\0\0\0\0\2"s));
  ASSERT_EQ(tensors.size(), 5U);
  EXPECT_EQ(tensor_of(tensors[0]),
            make_tensor(DType::f32, {1, 2}, std::vector{1.5, 2.0}));
  EXPECT_EQ(tensor_of(tensors[1]).value(0), 1.5);
  EXPECT_EQ(refusal([&] { tensor_of(tensors[2]); }),
            "n: the type is I64; expected f64, f32, f16, bf16, f8e4m3fn or "
            "f8e5m2");
  EXPECT_NE(refusal([&] { tensor_of(tensors[3]); }), "");
  EXPECT_EQ(refusal([&] { tensor_of(tensors[4]); }),
            "e: shape 0 has an extent below 1");
}

TEST(Safetensors, RefusesWhatIsMalformed) {
  const auto of = [](const std::string& dtype, const std::string& shape,
                     const std::string& offsets) {
    return R"({"x":{"dtype":)" + dtype + R"(,"shape":)" + shape +
           R"(,"data_offsets":)" + offsets + "}}";
  };
  const std::pair<std::string, std::string> all[] = {
      {"{}", "4 bytes after the last tensor"},
      {R"({"x":1})", "x: expected an object"},
      {R"({"x":{},"x":{}})", "header: x: given twice"},
      {R"({"x":{"a":1}})", "x: a: unknown field"},
      {"{", "header: the line ends too early, after 1 bytes"},
      {std::string(20, '['), "header: nested too deeply"},
      {of("1", "[1]", "[0,4]"), "x: dtype: expected a string"},
      {of(R"("F32")", "1", "[0,4]"), "x: shape: expected an array"},
      {of(R"("F32")", "[-1]", "[0,4]"),
       "x: shape: expected an integer of at least 0"},
      {of(R"("F32")", "[1.5]", "[0,4]"),
       "x: shape: expected an integer of at least 0"},
      {of(R"("F32")", "[1]", "[0]"), "x: data_offsets: expected two integers"},
      {of(R"("F32")", "[1]", "[4,0]"),
       "x: data_offsets: the end is before the beginning"},
      {of(R"("F32")", "[2]", "[0,4]"),
       "x: data_offsets: 4 bytes, expected 8 (2 of F32)"},
      {of(R"("F32")", "[4611686018427387904,2]", "[0,4]"),
       "x: shape: 4611686018427387904x2 has too many values"},
      {of(R"("F32")", "[2]", "[4,12]"),
       "x: data_offsets: [4, 12], expected to begin at 0 and to end within 4 "
       "bytes"},
      {of(R"("F32")", "[2]", "[0,8]"),
       "x: data_offsets: [0, 8], expected to begin at 0 and to end within 4 "
       "bytes"},
      {of(R"("F16")", "[1]", "[0,2]"), "2 bytes after the last tensor"},
      {of(R"("F16")", "[1]", "[2,4]"),
       "x: data_offsets: [2, 4], expected to begin at 0 and to end within 4 "
       "bytes"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}})",
       "b: data_offsets: [2, 4], expected to begin at 4 and to end within 4 "
       "bytes"},
  };
  for (const auto& [header, message] : all) {
    EXPECT_EQ(refusal([&, &text = header] {
                read_safetensors(file_of(text, "\0\0\xc0\x3f"s));
              }),
              message);
  }
  EXPECT_EQ(refusal([] { read_safetensors(file_of("{}", "")); }),
            "a file without tensors");
  EXPECT_EQ(refusal([] { read_safetensors(little_endian(99, 8) + "{}"); }),
            "header: 99 bytes, but the file has 2");
}

}  // namespace
}  // namespace exactbn
