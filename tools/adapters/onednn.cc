// SPDX-License-Identifier: Apache-2.0
#include <oneapi/dnnl/dnnl_debug.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tools/adapters/adapter.h"

namespace exactbn_adapter {
namespace {

using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;
using Forward = dnnl::batch_normalization_forward;
using Backward = dnnl::batch_normalization_backward;
using Arguments = std::unordered_map<int, memory>;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::data_type data_type(exactbn_dtype dtype) {
  switch (dtype) {
    case EXACTBN_F32:
      return memory::data_type::f32;
    case EXACTBN_F16:
      return memory::data_type::f16;
    case EXACTBN_BF16:
      return memory::data_type::bf16;
    case EXACTBN_F64:
    case EXACTBN_F8E4M3FN:
    case EXACTBN_F8E5M2:
      break;
  }
  throw Unsupported("a dtype that oneDNN does not have");
}

// Whether the channel axis is 1, which at rank 2 is also the last one.
bool channels_first(const exactbn_case& question) {
  if (question.channel_axis == 1) return true;
  if (question.channel_axis == required(question, "x").rank - 1) return false;
  throw Unsupported("the channel axis is neither 1 nor the last");
}

memory::format_tag format(std::int32_t rank, bool first) {
  using tag = memory::format_tag;
  switch (rank) {
    case 2:
      return tag::nc;
    case 3:
      return first ? tag::ncw : tag::nwc;
    case 4:
      return first ? tag::nchw : tag::nhwc;
    case 5:
      return first ? tag::ncdhw : tag::ndhwc;
    default:
      throw Unsupported("oneDNN normalizes tensors of rank 2 to 5");
  }
}

// oneDNN lists the axes as N, C, D, H, W, whatever their order in memory.
memory::desc activations(const exactbn_case& question) {
  const exactbn_tensor& x = required(question, "x");
  const bool first = channels_first(question);
  memory::dims dims(x.shape, x.shape + x.rank);
  if (!first) {
    dims.insert(dims.begin() + 1, dims.back());
    dims.pop_back();
  }
  return {dims, data_type(x.dtype), format(x.rank, first)};
}

memory::desc one_per_channel(const memory::desc& x) {
  return {{x.dims()[1]}, memory::data_type::f32, memory::format_tag::a};
}

memory loaded(const memory::desc& desc, const void* data) {
  memory result(desc, cpu());
  std::memcpy(result.get_data_handle(), data, desc.get_size());
  return result;
}

// The case's own memory, which oneDNN reads and never writes.
memory borrowed(const memory::desc& desc, const void* data) {
  return {desc, cpu(), const_cast<void*>(data)};
}

void put(exactbn_answer& answer, const char* name, exactbn_dtype dtype,
         const memory& data) {
  exactbn_adapter::put(answer, name, dtype, data.get_data_handle(),
                       data.get_desc().get_size());
}

void execute(const dnnl::primitive& primitive, const Arguments& arguments) {
  dnnl::stream stream(cpu());
  primitive.execute(stream, arguments);
  stream.wait();
}

class Run {
 public:
  Run(const exactbn_case& question, exactbn_answer& answer)
      : question_(question),
        answer_(answer),
        x_(required(question, "x")),
        epsilon_(static_cast<float>(question.epsilon)),
        data_(activations(question)),
        channel_(one_per_channel(data_)) {
    if (static_cast<double>(epsilon_) != question.epsilon) {
      throw Unsupported("oneDNN takes a float epsilon, and this is not one");
    }
  }

  void forward_training() {
    const Arguments done = forward(prop_kind::forward_training, affine());
    put(answer_, "mean", EXACTBN_F32, done.at(DNNL_ARG_MEAN));
    put(answer_, "var", EXACTBN_F32, done.at(DNNL_ARG_VARIANCE));
    put(answer_, "y", x_.dtype, done.at(DNNL_ARG_DST));
  }

  void forward_inference() {
    const Arguments done =
        forward(prop_kind::forward_inference,
                affine() | normalization_flags::use_global_stats);
    put(answer_, "y", x_.dtype, done.at(DNNL_ARG_DST));
  }

  void backward_training() {
    const Arguments statistics =
        forward(prop_kind::forward_training, normalization_flags::none);
    backward(statistics.at(DNNL_ARG_MEAN), statistics.at(DNNL_ARG_VARIANCE),
             normalization_flags::none);
  }

  void backward_inference() {
    backward(parameter("running_mean"), parameter("running_var"),
             normalization_flags::use_global_stats);
  }

 private:
  bool has(const char* name) const {
    return exactbn_input(&question_, name) != nullptr;
  }

  memory parameter(const char* name) const {
    return loaded(channel_, widened<float>(required(question_, name)).data());
  }

  // An absent gamma or beta is also absent in oneDNN.
  normalization_flags affine() const {
    normalization_flags flags = normalization_flags::none;
    if (has("gamma")) flags |= normalization_flags::use_scale;
    if (has("beta")) flags |= normalization_flags::use_shift;
    return flags;
  }

  static bool in(normalization_flags flags, normalization_flags flag) {
    return (flags & flag) != normalization_flags::none;
  }

  // Returns the arguments after the run, which include oneDNN's outputs.
  Arguments forward(prop_kind kind, normalization_flags flags) const {
    const Forward::primitive_desc pd({kind, data_, epsilon_, flags}, cpu());
    const bool frozen = in(flags, normalization_flags::use_global_stats);
    Arguments arguments = {
        {DNNL_ARG_SRC, borrowed(data_, x_.data)},
        {DNNL_ARG_DST, memory(data_, cpu())},
        {DNNL_ARG_MEAN,
         frozen ? parameter("running_mean") : memory(channel_, cpu())},
        {DNNL_ARG_VARIANCE,
         frozen ? parameter("running_var") : memory(channel_, cpu())}};
    if (in(flags, normalization_flags::use_scale)) {
      arguments.emplace(DNNL_ARG_SCALE, parameter("gamma"));
    }
    if (in(flags, normalization_flags::use_shift)) {
      arguments.emplace(DNNL_ARG_SHIFT, parameter("beta"));
    }
    execute(Forward(pd), arguments);
    return arguments;
  }

  // oneDNN requires a beta, which it does not read, to write dbeta. It computes
  // dgamma only if it is given a gamma. Without one, dx and dbeta come from a
  // run without gamma, and dgamma from a run with ones.
  void backward(const memory& mean, const memory& variance,
                normalization_flags frozen) {
    std::optional<memory> gamma;
    if (has("gamma")) gamma = parameter("gamma");
    const Arguments done = gradients(mean, variance, gamma, frozen);
    put(answer_, "dx", x_.dtype, done.at(DNNL_ARG_DIFF_SRC));
    put(answer_, "dbeta", EXACTBN_F32, done.at(DNNL_ARG_DIFF_SHIFT));
    put(answer_, "dgamma", EXACTBN_F32,
        gamma ? done.at(DNNL_ARG_DIFF_SCALE)
              : gradients(mean, variance, filled(1), frozen)
                    .at(DNNL_ARG_DIFF_SCALE));
  }

  Arguments gradients(const memory& mean, const memory& variance,
                      const std::optional<memory>& gamma,
                      normalization_flags frozen) const {
    const normalization_flags flags =
        frozen | normalization_flags::use_shift |
        (gamma ? normalization_flags::use_scale : normalization_flags::none);
    const Forward::primitive_desc hint(
        {prop_kind::forward_training, data_, epsilon_, flags}, cpu());
    const Backward::primitive_desc pd(
        {prop_kind::backward, data_, data_, epsilon_, flags}, cpu(), hint);
    Arguments arguments = {
        {DNNL_ARG_SRC, borrowed(data_, x_.data)},
        {DNNL_ARG_DIFF_DST,
         borrowed(data_, required_like_x(question_, "dy").data)},
        {DNNL_ARG_MEAN, mean},
        {DNNL_ARG_VARIANCE, variance},
        {DNNL_ARG_DIFF_SRC, memory(data_, cpu())},
        {DNNL_ARG_SHIFT, filled(0)},
        {DNNL_ARG_DIFF_SHIFT, memory(channel_, cpu())}};
    if (gamma) {
      arguments.emplace(DNNL_ARG_SCALE, *gamma);
      arguments.emplace(DNNL_ARG_DIFF_SCALE, memory(channel_, cpu()));
    }
    execute(Backward(pd), arguments);
    return arguments;
  }

  memory filled(float value) const {
    const std::vector<float> values(
        static_cast<std::size_t>(channel_.dims()[0]), value);
    return loaded(channel_, values.data());
  }

  const exactbn_case& question_;
  exactbn_answer& answer_;
  const exactbn_tensor& x_;
  float epsilon_;
  memory::desc data_;
  memory::desc channel_;
};

void answer(const exactbn_case& question, exactbn_answer& out) {
  const std::string_view operation = question.operation;
  Run run(question, out);
  if (operation == "forward_training") {
    run.forward_training();
  } else if (operation == "forward_inference") {
    run.forward_inference();
  } else if (operation == "backward_training") {
    run.backward_training();
  } else if (operation == "backward_inference") {
    run.backward_inference();
  } else {
    throw Unsupported("oneDNN has no " + std::string(operation));
  }
}

exactbn_status run_case(const exactbn_case* question, exactbn_answer* out) {
  return status_of(*out, [&] {
    try {
      answer(*question, *out);
    } catch (const dnnl::error& e) {
      const std::string text =
          std::string(e.what()) + ": " + dnnl_status2str(e.status);
      if (e.status == dnnl_unimplemented) throw Unsupported(text);
      throw std::runtime_error(text);
    }
  });
}

std::string version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch);
}

// Whether oneDNN may use kernels for this instruction set.
bool has(dnnl::cpu_isa wanted) {
  const auto bits = static_cast<unsigned>(wanted);
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  return (isa & bits) == bits;
}

// VCVTNE2PS2BF16 writes 0 for a subnormal, whatever MXCSR says.
bool converts_to_bf16_in_hardware() {
  return has(dnnl::cpu_isa::avx512_core_bf16);
}

std::string declaration() {
  return R"({"subject":"oneDNN )" + version() +
         R"(",)"
         R"("operations":["forward_training","forward_inference",)"
         R"("backward_training","backward_inference"],)"
         R"("dtypes":["f32")" +
         (has(dnnl::cpu_isa::avx512_core) ? R"(,"bf16")" : "") +
         R"(],"channel_axes":["1","last"],)"
         R"("outputs":{"forward_training":["y","mean","var"],)"
         R"("forward_inference":["y"],)"
         R"("backward_training":["dx","dgamma","dbeta"],)"
         R"("backward_inference":["dx","dgamma","dbeta"]},)"
         R"("running_variance":"biased",)"
         R"("zero_variance":"nan","accumulation":"f32",)"
         R"("subnormals":")" +
         (converts_to_bf16_in_hardware() ? "flush" : "keep") + R"("})";
}

}  // namespace
}  // namespace exactbn_adapter

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const std::string declaration = exactbn_adapter::declaration();
  static const exactbn_plugin plugin = {EXACTBN_PLUGIN_ABI, declaration.c_str(),
                                        exactbn_adapter::run_case};
  return &plugin;
}
