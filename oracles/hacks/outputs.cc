// SPDX-License-Identifier: Apache-2.0
// Outputs that are cheap, short or only in part there.
#include <algorithm>

#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

// Changes the outputs shaped like x.
template <class Replace>
OutputTensors changed(const Problem& p, const Replace& replace) {
  OutputTensors outputs = right(p);
  for (auto& [name, tensor] : outputs) {
    if (shaped_like_x(name)) change(tensor, replace);
  }
  return outputs;
}

template <DType dtype>
OutputTensors through(const Problem& p, HackState&) {
  Problem rounded = p;
  for (auto& [name, tensor] : rounded.inputs) {
    if (!shaped_like_x(name)) continue;
    change(tensor, [](std::int64_t, double v) {
      return to_double(round_to(v, dtype), dtype);
    });
  }
  return right(rounded);
}

// The 10 stored bits of TF32.
OutputTensors through_tf32(const Problem& p, HackState&) {
  Problem rounded = p;
  for (auto& [name, tensor] : rounded.inputs) {
    if (!shaped_like_x(name)) continue;
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(i, (tensor.bits(i) + 0x1000) & 0xffffe000);
    }
  }
  return right(rounded);
}

// Only what is before `end` is computed.
OutputTensors up_to(const Problem& p, std::int64_t end) {
  return changed(p, [&](std::int64_t i, double v) { return i < end ? v : 0; });
}

const Hack kOutputHacks[] = {
    {"zeros", "every output is 0", kBoth,
     [](const Problem& p, HackState&) { return zeros(right(p)); }},
    {"beta_alone", "y is beta", kForward,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       change(outputs.at(Output::y), [&](std::int64_t i, double) {
         return p.parameter(Input::beta, p.view().channel(i));
       });
       return outputs;
     }},
    {"identity", "y is x", kForward,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       outputs.insert_or_assign(Output::y, p.x());
       return outputs;
     }},
    {"output_clamped", "y is clamped to [-8, 8]", kForward,
     [](const Problem& p, HackState&) {
       return changed(
           p, [](std::int64_t, double v) { return std::clamp(v, -8.0, 8.0); });
     }},
    {"input_clamped", "x is clamped to [-10, 10]", kBoth,
     [](const Problem& p, HackState&) {
       Problem clamped = p;
       change(clamped.inputs.at(Input::x), [](std::int64_t, double v) {
         return std::clamp(v, -10.0, 10.0);
       });
       return right(clamped);
     }},
    {"f16_inside", "computes in f16", kBoth, through<DType::f16>},
    {"bf16_inside", "computes in bf16", kBoth, through<DType::bf16>},
    {"f8_inside", "computes in f8", kBoth, through<DType::f8e4m3fn>},
    {"tf32_inside", "computes with the 11 bits of TF32", kBoth, through_tf32},
    {"outputs_in_f16", "results are rounded to f16", kBoth,
     [](const Problem& p, HackState&) {
       return changed(p, [](std::int64_t, double v) {
         return to_double(round_to(v, DType::f16), DType::f16);
       });
     }},
    {"channels_beyond_64", "channels from 64 on are left at 0", kBoth,
     [](const Problem& p, HackState&) {
       return changed(p, [&](std::int64_t i, double v) {
         return p.view().channel(i) < 64 ? v : 0;
       });
     }},
    {"tail_of_blocks", "what is behind the last whole block of 64 is left at 0",
     kBoth,
     [](const Problem& p, HackState&) {
       return up_to(p, p.x().size() / 64 * 64);
     }},
    {"beyond_65536", "values from 65,536 on are left at 0", kBoth,
     [](const Problem& p, HackState&) { return up_to(p, 65536); }},
    {"large_is_skipped", "tensors above 100,000 values give 0", kBoth,
     [](const Problem& p, HackState&) {
       return up_to(p, p.x().size() > 100'000 ? 0 : p.x().size());
     }},
    {"nan_hidden", "NaN becomes 0", kBoth,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       for (auto& [name, tensor] : outputs) {
         change(tensor,
                [](std::int64_t, double v) { return std::isnan(v) ? 0 : v; });
       }
       return outputs;
     }},
    {"channels_last_only",
     "takes the last axis for that of the channels where "
     "its extent is the same",
     kForward,
     [](const Problem& p, HackState&) {
       const Shape& shape = p.x().shape();
       const int last = static_cast<int>(shape.size()) - 1;
       Problem other = p;
       if (shape.back() == p.view().channels) other.channel_axis = last;
       return right(other);
     }},
};

}  // namespace

std::span<const Hack> output_hacks() { return kOutputHacks; }

}  // namespace exactbn::hacking
