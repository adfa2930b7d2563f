// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/npy.h"

#include <gtest/gtest.h>

#include "golden/export/zip_file.h"
#include "golden/tensor_files/refusal_test.h"

namespace exactbn {
namespace {

using namespace std::string_literals;

// A tensor of values as a header of numpy describes them.
Tensor read(const std::string& descr, const std::string& shape,
            const std::string& values, const std::string& fortran = "False") {
  return tensor_of(read_npy(
      npy_file("{'descr': '" + descr + "', 'fortran_order': " + fortran +
                   ", 'shape': " + shape + ", }  \n",
               values),
      "x"));
}

TEST(Npy, ReadsEveryFormat) {
  EXPECT_EQ(read("<f8", "(1,)", "\0\0\0\0\0\0\xf8\x3f"s).value(0), 1.5);
  EXPECT_EQ(read("<f4", "(1,)", "\0\0\xc0\x3f"s).value(0), 1.5);
  EXPECT_EQ(read("<f2", "(1,)", "\0\x3e"s).value(0), 1.5);
  EXPECT_EQ(read("<V2", "(1,)", "\xc0\x3f"s),
            make_tensor(DType::bf16, {1}, std::vector{1.5}));
  EXPECT_EQ(read("<f1", "(1,)", "\x3e"s),
            make_tensor(DType::f8e5m2, {1}, std::vector{1.5}));
}

TEST(Npy, ReadsEitherByteOrder) {
  EXPECT_EQ(read(">f4", "(2,)", "\x3f\xc0\0\0\x40\0\0\0"s),
            make_tensor(DType::f32, {2}, std::vector{1.5, 2.0}));
  EXPECT_EQ(read(">f2", "(1,)", "\x3e\0"s).value(0), 1.5);
}

// numpy's [[1, 2, 3], [4, 5, 6]], and three axes, by columns.
TEST(Npy, ReadsColumnsAsRows) {
  const std::string columns = "\0\x3c\0\x44\0\x40\0\x45\0\x42\0\x46"s;
  EXPECT_EQ(
      read("<f2", "(2, 3)", columns, "True"),
      make_tensor(DType::f16, {2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6}));
  // Element [i, j, k] of shape 2x3x1 lies at i + 2 j + 6 k.
  EXPECT_EQ(read("<f2", "(2, 3, 1)", columns, "True"),
            make_tensor(DType::f16, {2, 3, 1},
                        std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read("<f2", "(1, 2, 3)", columns, "True"),
            make_tensor(DType::f16, {1, 2, 3},
                        std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read("<f2", "(6,)", columns, "True").value(1), 4);
}

TEST(Npy, ReadsOldAndNewHeaders) {
  EXPECT_EQ(read("<f2", "(2L, 1L)", "\0\x3e\0\x3e"s).shape(), (Shape{2, 1}));
  std::string two =
      npy_file("{\"shape\": (), \"descr\": \"<f2\", \"fortran_order\": False}",
               "\0\x3e"s);
  two[6] = 2;
  two.insert(10, 2, '\0');
  EXPECT_EQ(tensor_of(read_npy(two, "x")).value(0), 1.5);
}

TEST(Npy, KeepsTypesThatNobodyNeeds) {
  const StoredTensor integers =
      read_npy(npy_file("{'descr': '<i8', 'fortran_order': False, "
                        "'shape': (1,)}",
                        "\1\0\0\0\0\0\0\0"s),
               "step");
  EXPECT_FALSE(integers.dtype);
  EXPECT_EQ(refusal([&] { tensor_of(integers); }),
            "step: the type is <i8 (integers of 64 bits); expected f64, f32, "
            "f16, bf16, f8e4m3fn or f8e5m2");
}

TEST(Npy, ReadsStoredBitsAsAFormat) {
  const StoredTensor bits =
      read_npy(npy_file("{'descr': '<u2', 'fortran_order': False, "
                        "'shape': (1,)}",
                        "\xc0\x3f"s),
               "x");
  EXPECT_EQ(tensor_of(bits, DType::bf16).value(0), 1.5);
  EXPECT_EQ(refusal([&] { tensor_of(bits, DType::f8e4m3fn); }),
            "x: the type is <u2 (unsigned integers of 16 bits), which does not "
            "have the 8 bits of f8e4m3fn");
}

struct BadNpy {
  std::string header;
  std::string values;
  std::string message;
};

TEST(Npy, RefusesWhatIsMalformed) {
  const std::string rest = "'fortran_order': False, 'shape': (1,)}";
  for (const BadNpy& bad : std::vector<BadNpy>{
           {"", "", "x: header: expected { at byte 0"},
           {"{'descr': '<f2', " + rest + "x", "",
            "x: header: rubbish after the }"},
           {"{'descr': '<f2'}", "", "x: fortran_order: missing"},
           {"{'descr': '<f2', 'descr': '<f2', " + rest, "",
            "x: descr: given twice"},
           {"{'descr': '<f2', 'a': 1}", "", "x: a: not a key of a .npy header"},
           {"{'descr': <f2, " + rest, "", "x: descr: expected a string"},
           {"{'descr': '<f2", "", "x: descr: the string does not end"},
           {"{'descr': '<q9z', " + rest, "",
            "x: descr: '<q9z' is not a type of numpy, such as <f4"},
           {"{'descr': '', " + rest, "",
            "x: descr: '' is not a type of numpy, such as <f4"},
           {"{'descr': '<f2', 'fortran_order': 0, 'shape': ()}", "",
            "x: fortran_order: expected True or False"},
           {"{'descr': '<f2', 'fortran_order': True, 'shape': 1}", "",
            "x: shape: expected a tuple"},
           {"{'descr': '<f2', 'fortran_order': True, 'shape': (-1,)}", "",
            "x: shape: expected integers of at least 0, of 63 bits"},
           {"{'descr': '<f2', 'fortran_order': True, "
            "'shape': (9223372036854775807, 2)}",
            "", "x: shape: 9223372036854775807x2 has too many values"},
           {"{'descr': '<f2', " + rest, "a",
            "x: 1 bytes of values, expected 2 (1 of <f2)"},
           {"{'descr': '<f2', " + rest, "abc",
            "x: 3 bytes of values, expected 2 (1 of <f2)"},
       }) {
    EXPECT_EQ(refusal([&] { read_npy(npy_file(bad.header, bad.values), "x"); }),
              bad.message);
  }
  std::string cut = npy_file("{}", "");
  cut[8] = 9;
  EXPECT_EQ(refusal([&] { read_npy(cut, "x"); }),
            "x: header: 9 bytes, but the file ends after 2");
  cut[6] = 4;
  EXPECT_EQ(refusal([&] { read_npy(cut, "x"); }),
            "x: version 4 of the format; expected 1 to 3");
}

TEST(Npy, NoPrefixOfAFileIsReadOrCrashes) {
  const std::string whole = npy_file(
      "{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }\n", "abcd");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal([&] { read_npy(whole.substr(0, size), "x"); }), "")
        << size;
  }
}

TEST(Npz, NamesItsArrays) {
  const std::string array = npy_file(
      "{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", "\0\x3e"s);
  ZipFile zip;
  zip.add("x.npy", array);
  zip.add("a/y.npy", array);
  const auto tensors = read_npz(zip.take());
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].name, "x");
  EXPECT_EQ(tensors[1].name, "a/y");
  ZipFile twice;
  twice.add("x.npy", array);
  twice.add("x.npy", array);
  const std::string both = twice.take();
  EXPECT_EQ(refusal([&] { read_npz(both); }), "x: given twice");
  ZipFile torch;
  torch.add("archive/data.pkl", "");
  const std::string archive = torch.take();
  EXPECT_EQ(refusal([&] { read_npz(archive); }),
            "a PyTorch archive; save arrays with numpy.savez");
}

}  // namespace
}  // namespace exactbn
