// SPDX-License-Identifier: Apache-2.0
#include "reference/conventions.h"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>
#include <string_view>

namespace exactbn::conventions_test {
namespace {

double default_weight_of_new(std::string_view framework) {
  const Convention convention = find_convention(framework).value();
  return converted_weight(convention, convention.momentum.value());
}

TEST(Conventions, PyTorchMomentumIsTheWeightOfTheNew) {
  EXPECT_EQ(default_weight_of_new("pytorch"), 0.1);
}

TEST(Conventions, KerasOnnxAndCaffeMomentumIsTheWeightOfTheOld) {
  EXPECT_EQ(default_weight_of_new("keras"), 1 - 0.99);
  EXPECT_EQ(default_weight_of_new("onnx"), 1 - 0.9);
  EXPECT_EQ(default_weight_of_new("caffe"), 1 - 0.999);
}

TEST(Conventions, TheWeightOfTheNewIsExactIfADoubleHoldsIt) {
  const Convention keras = find_convention("keras").value();
  EXPECT_EQ(converted_weight(keras, 0.875), 0.125);
  EXPECT_EQ(converted_weight(keras, 0x1.fffffffffffffp-1), 0x1p-53);
  EXPECT_EQ(converted_weight(keras, 0), 1);
  EXPECT_EQ(converted_weight(keras, 1), 0);
}

TEST(Conventions, OneDnnHasNoMomentumToConvert) {
  const Convention onednn = find_convention("onednn").value();
  EXPECT_FALSE(onednn.momentum);
  EXPECT_THROW(converted_weight(onednn, 0.1), std::invalid_argument);
}

TEST(Conventions, FusedTensorFlowCorrectsTheRunningVarianceAndKerasDoesNot) {
  EXPECT_EQ(find_convention("tensorflow")->running_var,
            VarianceDivisor::m_minus_1);
  EXPECT_EQ(find_convention("keras")->running_var, VarianceDivisor::m);
}

TEST(Conventions, OneDnnAndCudnnHaveNoDefaultEpsilon) {
  EXPECT_FALSE(find_convention("onednn")->epsilon);
  EXPECT_FALSE(find_convention("cudnn")->epsilon);
}

TEST(Conventions, EveryFrameworkHasOneRow) {
  std::set<std::string_view> names;
  for (const Convention& c : conventions()) {
    EXPECT_TRUE(names.insert(c.framework).second) << c.framework;
  }
  EXPECT_THAT(names,
              testing::IsSupersetOf({"pytorch", "tensorflow", "keras", "onnx",
                                     "onednn", "cudnn", "caffe"}));
  EXPECT_FALSE(find_convention("theano"));
}

}  // namespace
}  // namespace exactbn::conventions_test
