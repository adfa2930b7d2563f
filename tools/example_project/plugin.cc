// SPDX-License-Identifier: Apache-2.0
// The kernel as a plugin: `exactbn validate ./libbatch_norm_plugin.so`. It
// passes the bits of a case to the kernel, and the bits of the answer back; it
// rounds nothing.
#include <exactbn_plugin.h>

#include <cstddef>
#include <stdexcept>
#include <string_view>

#include "batch_norm.h"

namespace {

// The case in the kernel's layout.
my::Layout layout_of(const exactbn_case& c, const exactbn_tensor& x) {
  my::Layout layout;
  for (std::int32_t axis = 0; axis < x.rank; ++axis) {
    (axis < c.channel_axis    ? layout.outer
     : axis == c.channel_axis ? layout.channels
                              : layout.inner) *= x.shape[axis];
  }
  return layout;
}

// The input of that name; empty if the case has none.
std::span<const float> input(const exactbn_case& c, const char* name) {
  const exactbn_tensor* tensor = exactbn_input(&c, name);
  if (!tensor) return {};
  if (tensor->dtype != EXACTBN_F32) throw std::invalid_argument("f32 only");
  std::size_t size = 1;
  for (std::int32_t axis = 0; axis < tensor->rank; ++axis) {
    size *= static_cast<std::size_t>(tensor->shape[axis]);
  }
  return {static_cast<const float*>(tensor->data), size};
}

exactbn_status run(const exactbn_case* question, exactbn_answer* answer) try {
  const exactbn_case& c = *question;
  const my::Layout layout = layout_of(c, *exactbn_input(question, "x"));
  const std::span<const float> x = input(c, "x");
  const auto output = [&](const char* name, std::size_t size) {
    void* memory = answer->output(answer, name, EXACTBN_F32);
    return std::span(static_cast<float*>(memory), size);
  };
  const auto channels = static_cast<std::size_t>(layout.channels);
  const my::Affine affine = {input(c, "gamma"), input(c, "beta")};
  const std::string_view operation = c.operation;
  if (operation == "forward_training") {
    my::forward_training(layout, x, affine, c.epsilon, output("y", x.size()),
                         output("mean", channels), output("var", channels));
  } else if (operation == "forward_inference") {
    my::forward_inference(layout, x, affine, input(c, "running_mean"),
                          input(c, "running_var"), c.epsilon,
                          output("y", x.size()));
  } else {
    my::backward_training(layout, x, input(c, "dy"), affine.gamma, c.epsilon,
                          output("dx", x.size()), output("dgamma", channels),
                          output("dbeta", channels));
  }
  return EXACTBN_OUTPUTS;
} catch (const std::exception& error) {
  return exactbn_say(answer, EXACTBN_UNSUPPORTED, error.what());
}

}  // namespace

// exactbn asks only what the declaration offers.
EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin() {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      R"({"subject":"my batch norm","dtypes":["f32"],"accumulation":"f64",)"
      R"("operations":["forward_training","forward_inference",)"
      R"("backward_training"],)"
      R"("outputs":{"forward_training":["y","mean","var"]}})",
      run};
  return &plugin;
}
