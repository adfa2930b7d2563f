// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <list>
#include <memory>
#include <new>

#include "oracles/format_names.h"
#include "oracles/wire.h"

namespace exactbn {

namespace {

// The value of an enumerator that C code set: loading a value outside the
// enumeration is undefined in C++.
template <class Enum>
unsigned raw(const Enum& value) {
  unsigned bits = 0;
  static_assert(sizeof bits == sizeof value);
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

static_assert(EXACTBN_F64 == static_cast<int>(DType::f64));
static_assert(EXACTBN_F32 == static_cast<int>(DType::f32));
static_assert(EXACTBN_F16 == static_cast<int>(DType::f16));
static_assert(EXACTBN_BF16 == static_cast<int>(DType::bf16));
static_assert(EXACTBN_F8E4M3FN == static_cast<int>(DType::f8e4m3fn));
static_assert(EXACTBN_F8E5M2 == static_cast<int>(DType::f8e5m2));
static_assert(EXACTBN_OUTPUTS == static_cast<int>(Answer::Kind::outputs));
static_assert(EXACTBN_UNSUPPORTED ==
              static_cast<int>(Answer::Kind::unsupported));
static_assert(EXACTBN_REJECTED == static_cast<int>(Answer::Kind::rejected));
static_assert(EXACTBN_ERROR == static_cast<int>(Answer::Kind::error));

Tensor unwritten(DType dtype, const Shape& shape,
                 const Surroundings& surroundings) {
  Tensor tensor(dtype, shape);
  if (surroundings.held) {
    const std::span<std::byte> bytes = tensor.bytes();
    std::fill(bytes.begin(), bytes.end(), std::byte{*surroundings.held});
    return tensor;
  }
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, format(dtype).quiet_nan());
  }
  return tensor;
}

// The values of a tensor in memory for a plugin, between guard bytes that it
// must not write. The memory does not move before the next call.
class PluginBuffer {
 public:
  // Tensor number k of a case.
  PluginBuffer(const Tensor& tensor, const Surroundings& surroundings,
               std::size_t k, KeptBuffers& kept)
      : offset_(kGuard + offset_of(tensor.dtype(), surroundings, k)),
        size_(tensor.bytes().size()) {
    const std::size_t room = offset_ + size_ + kGuard;
    if (surroundings.kept) {
      memory_ = kept.at(k, *surroundings.kept, room);
    } else {
      own_.reset(static_cast<std::byte*>(
          ::operator new(room, KeptBuffers::kBoundary)));
      memory_ = own_.get();
    }
    for (std::size_t i = 0; i < offset_; ++i) memory_[i] = guard(i);
    std::memcpy(data(), tensor.bytes().data(), size_);
    for (std::size_t i = 0; i < kGuard; ++i) data()[size_ + i] = guard(i);
  }

  std::byte* data() const { return memory_ + offset_; }

  // "wrote 4 bytes, 8 bytes past the end of y"; empty if no guard has changed.
  std::string trespass(std::string_view name) const {
    const auto before = changed(memory_, offset_);
    if (before.first < before.end) {
      return fmt::format("wrote {}, {} before the start of {}",
                         bytes(before.end - before.first),
                         bytes(offset_ - before.first), name);
    }
    const auto after = changed(data() + size_, kGuard);
    if (after.first == after.end) return {};
    return fmt::format("wrote {}, {} past the end of {}",
                       bytes(after.end - after.first), bytes(after.first),
                       name);
  }

  bool holds(const Tensor& tensor) const {
    return std::memcmp(data(), tensor.bytes().data(), size_) == 0;
  }
  void copy_to(Tensor& tensor) const {
    std::memcpy(tensor.bytes().data(), data(), size_);
  }

 private:
  // A multiple of the boundary: the width of a loop over vectors of any
  // processor, or a few rows of a small image.
  static constexpr std::size_t kGuard = 1024;

  // Not constant, so that a copied or repeated value shows.
  static std::byte guard(std::size_t i) {
    return std::byte{static_cast<unsigned char>(i * 167 + 89)};
  }

  struct Changed {
    std::size_t first;
    std::size_t end;
  };
  static Changed changed(const std::byte* guards, std::size_t n) {
    Changed found = {0, n};
    while (found.first < n && guards[found.first] == guard(found.first)) {
      ++found.first;
    }
    while (found.end > found.first &&
           guards[found.end - 1] == guard(found.end - 1)) {
      --found.end;
    }
    return found;
  }

  static std::string bytes(std::size_t n) {
    return fmt::format("{} byte{}", n, n == 1 ? "" : "s");
  }

  static std::size_t offset_of(DType dtype, const Surroundings& surroundings,
                               std::size_t k) {
    const std::size_t elements =
        static_cast<std::size_t>(surroundings.past) +
        k * static_cast<std::size_t>(surroundings.apart);
    return elements * static_cast<std::size_t>(format(dtype).width / 8) %
           static_cast<std::size_t>(KeptBuffers::kBoundary);
  }

  struct Free {
    void operator()(std::byte* memory) const {
      ::operator delete(memory, KeptBuffers::kBoundary);
    }
  };

  std::size_t offset_;
  std::size_t size_;
  std::unique_ptr<std::byte, Free> own_;
  std::byte* memory_ = nullptr;
};

// The object behind exactbn_answer.host.
struct Host {
  struct Output {
    exactbn::Output name;
    Tensor tensor;  // its values before the call
    PluginBuffer memory;
  };

  const Problem& problem;
  const Surroundings& surroundings;
  KeptBuffers& kept;
  std::list<Output> outputs;
  std::string message;
};

Host& host(exactbn_answer* answer) { return *static_cast<Host*>(answer->host); }

// No exception may pass through the C frames of a plugin.
void* output(exactbn_answer* answer, const char* name,
             exactbn_dtype dtype_of_c) noexcept {
  Host& h = host(answer);
  const std::optional<Output> known = name ? parse_output(name) : std::nullopt;
  if (!known || !output_names(h.problem).contains(*known) ||
      raw(dtype_of_c) >= kDTypes.size()) {
    return nullptr;
  }
  const auto dtype = static_cast<DType>(raw(dtype_of_c));
  for (Host::Output& given : h.outputs) {
    if (given.name == *known && given.tensor.dtype() == dtype) {
      return given.memory.data();
    }
  }
  Tensor tensor = unwritten(dtype, shape_of(h.problem, *known), h.surroundings);
  PluginBuffer memory(tensor, h.surroundings,
                      h.problem.inputs.size() + h.outputs.size(), h.kept);
  h.outputs.push_back({*known, std::move(tensor), std::move(memory)});
  return h.outputs.back().memory.data();
}

void message(exactbn_answer* answer, const char* text) noexcept {
  host(answer).message = text ? text : "";
}

std::vector<PluginBuffer> plugin_buffers(const InputTensors& tensors,
                                         const Surroundings& surroundings,
                                         KeptBuffers& kept) {
  std::vector<PluginBuffer> all;
  all.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    all.emplace_back(tensor, surroundings, all.size(), kept);
  }
  return all;
}

std::vector<Shape> shapes_of(const InputTensors& tensors) {
  std::vector<Shape> all;
  for (const auto& [name, tensor] : tensors) all.push_back(tensor.shape());
  return all;
}

std::vector<exactbn_tensor> tensors_of_c(
    const InputTensors& tensors, const std::vector<Shape>& shapes,
    const std::vector<PluginBuffer>& memory) {
  std::vector<exactbn_tensor> all;
  all.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    all.push_back({to_string(name).data(),
                   static_cast<exactbn_dtype>(tensor.dtype()),
                   static_cast<std::int32_t>(tensor.shape().size()),
                   shapes[all.size()].data(), memory[all.size()].data()});
  }
  return all;
}

// Describes the first input value that the plugin changed; empty if none
// changed. The inputs belong to the tool.
std::string overwritten(const InputTensors& before,
                        const std::vector<PluginBuffer>& after) {
  auto memory = after.begin();
  for (const auto& [name, was] : before) {
    const PluginBuffer& now = *memory++;
    if (now.holds(was)) continue;
    Tensor tensor = was;
    now.copy_to(tensor);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      if (tensor.bits(i) == was.bits(i)) continue;
      return fmt::format("it wrote to its input {}: {}[{}] was {} and is {}",
                         name, name, i, to_hexfloat(was.bits(i), was.dtype()),
                         to_hexfloat(tensor.bits(i), was.dtype()));
    }
  }
  return {};
}

// What the plugin wrote outside of its tensors; empty if nothing.
std::string trespass(const InputTensors& inputs,
                     const std::vector<PluginBuffer>& of_inputs,
                     const std::list<Host::Output>& outputs) {
  auto memory = of_inputs.begin();
  for (const auto& [name, tensor] : inputs) {
    std::string what = (memory++)->trespass(to_string(name));
    if (!what.empty()) return what;
  }
  for (const Host::Output& output : outputs) {
    std::string what = output.memory.trespass(to_string(output.name));
    if (!what.empty()) return what;
  }
  return {};
}

using GetPlugin = const exactbn_plugin*();

const exactbn_plugin* load(const std::filesystem::path& file) {
  // Absolute: dlopen searches for a bare name among the system's libraries.
  // Never closed: threads that the plugin started may still run its code.
  void* library =
      ::dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    throw LoadError(fmt::format("{}: cannot be loaded as a shared library: {}",
                                file.string(), ::dlerror()));
  }
  void* symbol = ::dlsym(library, "exactbn_get_plugin");
  if (!symbol) {
    throw LoadError(
        fmt::format("{}: not a plugin: it does not export exactbn_get_plugin",
                    file.string()));
  }
  return reinterpret_cast<GetPlugin*>(symbol)();
}

void require_interface(const exactbn_plugin* plugin,
                       const std::filesystem::path& file) {
  if (!plugin) {
    throw LoadError(
        fmt::format("{}: exactbn_get_plugin returned NULL", file.string()));
  }
  // Checked first: in another version the other members may lie elsewhere.
  if (plugin->abi != EXACTBN_PLUGIN_ABI) {
    throw LoadError(
        fmt::format("{}: built for version {} of the plugin interface, this "
                    "tool has version {}",
                    file.string(), plugin->abi, EXACTBN_PLUGIN_ABI));
  }
  if (!plugin->declaration) {
    throw LoadError(fmt::format("{}: its declaration is NULL", file.string()));
  }
  if (!plugin->run) {
    throw LoadError(fmt::format("{}: its run is NULL", file.string()));
  }
}

Declaration declaration_of(const exactbn_plugin* plugin,
                           const std::filesystem::path& file) {
  require_interface(plugin, file);
  try {
    return read_declaration(plugin->declaration);
  } catch (const WireError& error) {
    throw LoadError(
        fmt::format("{}: its declaration: {}", file.string(), error.what()));
  }
}

}  // namespace

PluginSubject::PluginSubject(const std::filesystem::path& file)
    : plugin_(load(file)), declaration_(declaration_of(plugin_, file)) {}

std::optional<Answer> PluginSubject::answer_in(const Surroundings& surroundings,
                                               const Case& c) {
  if (surroundings.threads != 0) return std::nullopt;
  return run(c, surroundings);
}

Answer PluginSubject::run(const Case& c, const Surroundings& surroundings) {
  const Problem& problem = c.problem;
  const std::vector<PluginBuffer> memory =
      plugin_buffers(problem.inputs, surroundings, kept_);
  // Copies: the plugin may write to them.
  const std::string id = c.id;
  const std::vector<Shape> shapes = shapes_of(problem.inputs);
  const std::vector<exactbn_tensor> inputs =
      tensors_of_c(problem.inputs, shapes, memory);
  const exactbn_case question = {
      id.c_str(),
      to_string(problem.operation).data(),
      problem.channel_axis,
      problem.epsilon,
      problem.momentum.value_or(std::numeric_limits<double>::quiet_NaN()),
      problem.momentum ? 0 : 1,
      problem.batches_tracked,
      inputs.size(),
      inputs.data()};
  Host host_of_c{problem, surroundings, kept_, {}, {}};
  exactbn_answer blank = {&host_of_c, output, message};

  const exactbn_status status_of_c = plugin_->run(&question, &blank);
  const unsigned status = raw(status_of_c);
  if (const std::string what =
          trespass(problem.inputs, memory, host_of_c.outputs);
      !what.empty()) {
    throw SubjectFailure(what);
  }
  // Whatever the status: the plugin has overwritten a caller's data.
  if (std::string what = overwritten(problem.inputs, memory); !what.empty()) {
    return {Answer::Kind::error, std::move(what), {}};
  }
  if (status > EXACTBN_ERROR) {
    return {Answer::Kind::error, fmt::format("no such status: {}", status), {}};
  }
  Answer answer;
  answer.kind = static_cast<Answer::Kind>(status);
  if (answer.kind != Answer::Kind::outputs) {
    answer.message = host_of_c.message;
    return answer;
  }
  // If an output was requested in two formats, the last one wins.
  for (auto& [name, tensor, written] : host_of_c.outputs) {
    written.copy_to(tensor);
    answer.outputs.insert_or_assign(name, std::move(tensor));
  }
  return answer;
}

}  // namespace exactbn
