// SPDX-License-Identifier: Apache-2.0
// Inference compared with training, and one call with another.
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

constexpr std::string_view kPaperAlgorithm2 =
    "Ioffe & Szegedy 2015, algorithm 2";

bool is_inference(const Problem& p) {
  return p.operation == Operation::forward_inference && is_short(p);
}
bool is_training(const Problem& p) {
  return p.operation == Operation::forward_training && is_short(p);
}
bool is_any(const Problem& p) { return is_short(p); }

void inference_is_affine(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::y)) return;
  const Column y = a.out(Output::y);
  const Column x = a.in(Input::x);
  const Column mean = a.in(Input::running_mean);
  const Column beta = a.beta();
  const ChannelNumbers slope = scales(a);
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(y(i) - beta(c) - slope(c) * (x(i) - mean(c)), Output::y, i);
  });
}

// The last position of the batch, with the others and alone.
void inference_of_one(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::y)) return;
  const ChannelView view = a.view();
  const Observation* alone =
      t.ask(restricted(a.problem(), {view.count() - 1}).problem);
  if (!alone || !alone->has(Output::y)) return;
  const Column y = a.out(Output::y);
  const Column y_alone = alone->out(Output::y);
  each_channel(a, [&](std::int64_t c) {
    t.zero(y_alone(c) - y(view.offset(c, view.count() - 1)), Output::y, c);
  });
}

// Only if a format can represent the statistics of the batch.
void inference_is_training(Trial& t) {
  const Observation& a = t.base();
  auto frozen = frozen_at_the_batch(a, Operation::forward_inference);
  if (!frozen) return;
  const Observation* q = t.ask(std::move(*frozen));
  if (!q || !q->has(Output::y) || !a.has(Output::y)) return;
  const Column y = a.out(Output::y);
  const Column y_frozen = q->out(Output::y);
  each_value(a, [&](std::int64_t, std::int64_t i) {
    t.zero(y_frozen(i) - y(i), Output::y, i);
  });
}

// y of W x + b, with the statistics of W x + b, is an affine map of x. Here W
// is a power of 2, so that no product is rounded.
void folded(Trial& t) {
  const Observation& a = t.base();
  const Problem& p = a.problem();
  Problem q = p;
  constexpr int kWeight = 3;
  for (const Input name : {Input::x, Input::running_mean, Input::running_var}) {
    Tensor& tensor = q.inputs.at(name);
    const int k = name == Input::running_var ? 2 * kWeight : kWeight;
    auto scaled = replaced(tensor, [&](std::uint64_t bits, std::int64_t) {
      return exact_scaled(bits, k, tensor.dtype());
    });
    if (!scaled) return;
    tensor = std::move(*scaled);
  }
  q.epsilon = p.epsilon * 64;
  const Observation* layer = t.ask(std::move(q));
  if (!layer || !layer->has(Output::y) || !a.has(Output::y)) return;
  const Column y = layer->out(Output::y);
  const Column x = a.in(Input::x);
  const Column mean = a.in(Input::running_mean);
  const Column beta = a.beta();
  const ChannelNumbers slope = scales(a);
  const ChannelNumbers offset(
      a, [&](std::int64_t c) { return beta(c) - slope(c) * mean(c); });
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(y(i) - slope(c) * x(i) - offset(c), Output::y, i);
  });
}

// Repeats twice, as the first answer may be the subject's first call.
void same_twice(Trial& t) {
  t.repeat();
  t.repeat();
}

// Asks another batch in between, which contains an infinity.
void nothing_is_kept(Trial& t) {
  Problem other = t.base().problem();
  for (auto& [name, tensor] : other.inputs) {
    if (!shaped_like_x(name)) continue;
    tensor = filled(tensor.dtype(), tensor.shape(), 3);
    tensor.set_bits(0, format(tensor.dtype()).overflow());
  }
  t.repeat();
  if (!t.ask(std::move(other))) return;
  t.repeat();
}

const Law kModesLaws[] = {
    {"inference_is_affine", "y = beta + gamma (x - running_mean) invstd",
     kPaperAlgorithm2,
     "inference uses statistics of the batch, or another epsilon", is_inference,
     inference_is_affine},
    {"inference_of_one", "y of a value does not depend on the other values",
     kPaperAlgorithm2, "inference normalizes with the statistics of its batch",
     is_inference, inference_of_one},
    {"inference_is_training",
     "y equals that of training if the statistics are the batch's",
     kPaperAlgorithm2, "training and inference are not the same function",
     is_training, inference_is_training},
    {"folded_into_a_layer",
     "y of W x is slope x + offset with the statistics of W x",
     kPaperAlgorithm2, "inference is not the affine map that folding assumes",
     is_inference, folded},
    {"same_twice", "the same input gives the same answer, bit for bit",
     kFunction, "the result depends on threads, memory or the previous call",
     is_any, same_twice},
    {"nothing_is_kept",
     "the same, after another batch that contains an infinity", kFunction,
     "another call changes state that the answer depends on", is_any,
     nothing_is_kept},
};

}  // namespace

std::span<const Law> mode_laws() { return kModesLaws; }

}  // namespace exactbn::law
