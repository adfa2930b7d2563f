// SPDX-License-Identifier: Apache-2.0
#include "oracles/convention.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "reference/conventions.h"

namespace exactbn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;

TEST(Convention, SaysWhatAFrameworkDoes) {
  EXPECT_THAT(convention_fields("keras"),
              ElementsAre(Pair("momentum", "weight_of_old"),
                          Pair("running_variance", "biased")));
  EXPECT_THAT(convention_fields("pytorch"),
              ElementsAre(Pair("momentum", "weight_of_new"),
                          Pair("running_variance", "unbiased")));
  // It keeps no running statistics, so it has no momentum.
  EXPECT_THAT(convention_fields("onednn"),
              ElementsAre(Pair("running_variance", "biased")));
}

TEST(Convention, ChangesOnlyThoseFields) {
  Declaration mine;
  mine.subject = "mine";
  mine.subnormals = Subnormals::flush;
  Declaration keras = mine;
  keras.momentum = Momentum::weight_of_old;
  keras.running_variance = RunningVariance::biased;
  EXPECT_EQ(by_convention(mine, "keras"), keras);
  EXPECT_EQ(by_convention(keras, "pytorch"), mine);
}

TEST(Convention, OfEveryFrameworkButCaffeCanBeDeclared) {
  for (const Convention& each : conventions()) {
    if (each.framework == "caffe") continue;
    EXPECT_NO_THROW(convention_fields(each.framework)) << each.framework;
  }
  EXPECT_THAT([] { convention_fields("caffe"); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("keeps sums")));
  EXPECT_THAT([] { convention_fields("Keras"); },
              ThrowsMessage<std::invalid_argument>(
                  "unknown convention 'Keras'; expected pytorch, tensorflow, "
                  "keras, onnx, onednn, cudnn, flax, mxnet, paddle"));
}

}  // namespace
}  // namespace exactbn
