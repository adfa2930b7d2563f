// SPDX-License-Identifier: Apache-2.0
// Inputs that are written to. A caller lends them as const.
#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

// Where the caller has the values of an input.
std::span<std::byte> memory_of(const Problem& p, Input name) {
  const std::span<const std::byte> bytes = p.inputs.at(name).bytes();
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

void write(const Tensor& from, std::span<std::byte> to) {
  std::copy(from.bytes().begin(), from.bytes().end(), to.begin());
}

const Hack kInputHacks[] = {
    {"writes_y_to_x", "x is overwritten by y", kForward,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       write(outputs.at(Output::y), memory_of(p, Input::x));
       return outputs;
     }},
    {"writes_dx_to_dy", "dy is overwritten by dx", kBackward,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       write(outputs.at(Output::dx), memory_of(p, Input::dy));
       return outputs;
     }},
    {"updates_running_statistics_in_place",
     "the given running statistics are overwritten", kTraining,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       if (p.find(Input::running_mean)) {
         write(outputs.at(Output::running_mean),
               memory_of(p, Input::running_mean));
       }
       return outputs;
     }},
};

}  // namespace

std::span<const Hack> input_hacks() { return kInputHacks; }

}  // namespace exactbn::hacking
