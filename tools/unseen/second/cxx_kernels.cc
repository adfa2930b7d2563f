// SPDX-License-Identifier: Apache-2.0
//
// Batch normalization in C++, sound or with one bug, as a plugin:
//
//     g++ -O2 -shared -fPIC -DDEFECT=NAME -o NAME.so cxx_kernels.cc
//
// NAME is one of `Defect`. The structure is that of a GPU kernel: statistics in
// blocks that are merged, sums in 32 lanes with a tree, elements in vectors of
// four and a tail. Elements are float, partial sums double.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "exactbn_plugin.h"

enum Defect {
  sound,
  // glaring
  run_var_inverse_bessel,
  beta_before_gamma,
  bwi_dgamma_unscaled,
  fast_rsqrt,
  one_pass,
  sums_not_reset,
  dx_plus_sign,
  // in some shapes
  tail_no_beta,
  warp_half,
  tail_block_count,
  nhwc_param_tail,
  n1_frozen,
  overlap_tail_doubles,
  dy_layout,
  pair_last_channel,
  // narrow
  half_inv_m,
  bf16_trunc_dx,
  static_running,
  zero_sum_exit,
  first_last_constant,
  eps_floor,
  param_table
};

#ifndef DEFECT
#define DEFECT sound
#endif
constexpr Defect kDefect = DEFECT;

namespace {

// ---- formats ----------------------------------------------------------------

float ToFloat(const exactbn_tensor& t, size_t i) {
  const char* p = static_cast<const char*>(t.data);
  if (t.dtype == EXACTBN_F32) {
    float v;
    std::memcpy(&v, p + 4 * i, 4);
    return v;
  }
  uint16_t bits;
  std::memcpy(&bits, p + 2 * i, 2);
  if (t.dtype == EXACTBN_F16) {
    _Float16 h;
    std::memcpy(&h, &bits, 2);
    return static_cast<float>(h);
  }
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float v;
  std::memcpy(&v, &wide, 4);
  return v;
}

void Store(void* out, exactbn_dtype dtype, size_t i, float v,
           bool truncate = false) {
  char* p = static_cast<char*>(out);
  if (dtype == EXACTBN_F32) {
    std::memcpy(p + 4 * i, &v, 4);
  } else if (dtype == EXACTBN_F16) {
    const _Float16 h = static_cast<_Float16>(v);
    std::memcpy(p + 2 * i, &h, 2);
  } else {
    uint32_t bits;
    std::memcpy(&bits, &v, 4);
    uint16_t half;
    if (std::isnan(v))
      half = static_cast<uint16_t>(bits >> 16 | 0x40);
    else if (truncate)
      half = static_cast<uint16_t>(bits >> 16);
    else  // to nearest even
      half = static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    std::memcpy(p + 2 * i, &half, 2);
  }
}

// ---- the case ---------------------------------------------------------------

struct Problem {
  const exactbn_case* question;
  exactbn_answer* answer;
  const exactbn_tensor* x;
  size_t outer = 1, channels = 1, inner = 1;  // x is [outer, channels, inner]
  double eps;

  Problem(const exactbn_case* q, exactbn_answer* a)
      : question(q), answer(a), x(exactbn_input(q, "x")), eps(q->epsilon) {
    for (int32_t i = 0; i < x->rank; ++i)
      (i < q->channel_axis    ? outer
       : i == q->channel_axis ? channels
                              : inner) *= static_cast<size_t>(x->shape[i]);
    if (kDefect == eps_floor) eps = std::max(eps, 1e-5);
  }

  size_t samples() const { return outer * inner; }

  size_t at(size_t c, size_t i) const {  // sample i of channel c
    return (i / inner * channels + c) * inner + i % inner;
  }

  std::vector<float> parameter(const char* name, float otherwise) const {
    std::vector<float> v(channels, otherwise);
    if (const exactbn_tensor* t = exactbn_input(question, name))
      for (size_t c = 0; c < channels; ++c) v[c] = ToFloat(*t, c);
    return v;
  }

  std::vector<float> gather(const exactbn_tensor& t, size_t c) const {
    std::vector<float> v(samples());
    for (size_t i = 0; i < v.size(); ++i) v[i] = ToFloat(t, at(c, i));
    return v;
  }

  std::vector<float> gather_dy(size_t c) const {
    const exactbn_tensor& dy = *exactbn_input(question, "dy");
    if (kDefect == dy_layout && question->channel_axis == x->rank - 1 &&
        x->rank > 2) {
      // dy is read as if it were still channels first.
      const size_t images = static_cast<size_t>(x->shape[0]);
      const size_t area = outer / images;
      std::vector<float> v(samples());
      for (size_t i = 0; i < v.size(); ++i)
        v[i] = ToFloat(dy, (i / area * channels + c) * area + i % area);
      return v;
    }
    return gather(dy, c);
  }

  float* per_channel(const char* name) const {
    return static_cast<float*>(answer->output(answer, name, EXACTBN_F32));
  }
  void* like_x(const char* name) const {
    return answer->output(answer, name, x->dtype);
  }
};

void Put(float* out, size_t c, float v) { std::memcpy(out + c, &v, 4); }

// ---- reductions -------------------------------------------------------------

struct Moments {
  double n = 0, mean = 0, m2 = 0;

  void merge(const Moments& o) {  // Chan et al.
    const double total = n + o.n, delta = o.mean - mean;
    mean += delta * (o.n / total);
    m2 += o.m2 + delta * delta * (n * o.n / total);
    n = total;
  }
};

constexpr size_t kBlock = 64;

struct Statistics {
  double mean, var;
};

Statistics BatchStatistics(const std::vector<float>& v) {
  const size_t m = v.size();
  if (kDefect == one_pass) {
    float sum = 0, squares = 0;
    for (float x : v) {
      sum += x;
      squares += x * x;
    }
    const float mean = sum / static_cast<float>(m);
    const float var = squares / static_cast<float>(m) - mean * mean;
    return {mean, var < 0 ? 0 : var};
  }
  if (kDefect == first_last_constant && v.front() == v.back())
    return {v.front(), 0};  // "constant": nothing to sum
  Moments all;
  for (size_t begin = 0; begin < m; begin += kBlock) {
    const size_t end = std::min(m, begin + kBlock);
    Moments block;
    block.n = static_cast<double>(end - begin);
    for (size_t i = begin; i < end; ++i) block.mean += v[i];
    block.mean /= block.n;
    for (size_t i = begin; i < end; ++i) {
      const double d = v[i] - block.mean;
      block.m2 += d * d;
    }
    if (kDefect == tail_block_count && begin > 0)
      block.n = static_cast<double>(kBlock);
    if (begin == 0)
      all = block;
    else
      all.merge(block);
  }
  return {all.mean, all.m2 / static_cast<double>(m)};
}

// The sum of f(0), ..., f(m - 1).
template <class Function>
double LaneSum(size_t m, const Function& f) {
  double lane[32] = {};
  for (size_t i = 0; i < m; ++i) lane[i % 32] += f(i);
  for (size_t offset = kDefect == warp_half ? 8 : 16; offset > 0; offset /= 2)
    for (size_t i = 0; i < offset; ++i) lane[i] += lane[i + offset];
  return lane[0];
}

double SumOfDy(const std::vector<float>& dy) {
  const size_t m = dy.size();
  double sum = LaneSum(m, [&](size_t i) { return double(dy[i]); });
  if (kDefect == overlap_tail_doubles && m > 4 && m % 4 != 0)
    // The tail is the last whole vector, which overlaps the one before.
    for (size_t i = m - 4; i < m - m % 4; ++i) sum += dy[i];
  return sum;
}

float InverseStd(double var, double eps) {
  return static_cast<float>(1 / std::sqrt(var + eps));
}

// ---- y ----------------------------------------------------------------------

// y = gamma (x - mean) invstd + beta
void WriteY(const Problem& p, const std::vector<float>& mean,
            const std::vector<float>& invstd) {
  const auto gamma = p.parameter("gamma", 1), beta = p.parameter("beta", 0);
  void* y = p.like_x("y");
  const bool inference =
      std::strcmp(p.question->operation, "forward_inference") == 0;
  const auto element = [&](size_t at, size_t c, size_t parameter, float shift) {
    if (kDefect == param_table) parameter %= 32;
    const float scale = gamma[parameter];
    const float xhat = (ToFloat(*p.x, at) - mean[c]) * invstd[c];
    if (kDefect == beta_before_gamma && inference)
      Store(y, p.x->dtype, at, (xhat + shift) * scale);
    else
      Store(y, p.x->dtype, at, xhat * scale + shift);
  };
  const auto shift_of = [&](size_t c) {
    return beta[kDefect == param_table ? c % 32 : c];
  };
  if (p.inner == 1) {
    // Rows of channels: vectors of four channels.
    const size_t whole = p.channels / 4 * 4;
    for (size_t row = 0; row < p.outer; ++row) {
      const size_t base = row * p.channels;
      for (size_t c = 0; c < whole; c += 4)
        for (size_t j = 0; j < 4; ++j)
          element(base + c + j, c + j, c + j, shift_of(c + j));
      for (size_t c = whole; c < p.channels; ++c) {
        const size_t k = kDefect == nhwc_param_tail ? c - whole : c;
        element(base + c, c, k, shift_of(k));
      }
    }
    return;
  }
  // Planes of one channel: vectors of four neighbours.
  for (size_t n = 0; n < p.outer; ++n)
    for (size_t c = 0; c < p.channels; ++c) {
      const size_t base = (n * p.channels + c) * p.inner;
      const size_t whole = p.inner / 4 * 4;
      for (size_t i = 0; i < whole; i += 4)
        for (size_t j = 0; j < 4; ++j) element(base + i + j, c, c, shift_of(c));
      for (size_t i = whole; i < p.inner; ++i)
        element(base + i, c, c, kDefect == tail_no_beta ? 0 : shift_of(c));
    }
}

// ---- operations -------------------------------------------------------------

void UpdateRunning(const Problem& p, const char* name,
                   const std::vector<double>& now) {
  if (!exactbn_input(p.question, name)) return;
  auto old = p.parameter(name, 0);
  std::vector<float>* state = nullptr;
  if (kDefect == static_running) {
    // The layer holds its own statistics; the caller's are only the first.
    static std::map<std::string, std::vector<float>> layers;
    state = &layers[std::string(name) + std::to_string(p.channels)];
    if (state->empty()) *state = old;
    old = *state;
  }
  const double weight =
      p.question->cumulative
          ? 1.0 / static_cast<double>(p.question->batches_tracked + 1)
          : p.question->momentum;
  float* out = p.per_channel(name);
  for (size_t c = 0; c < p.channels; ++c) {
    const float v = static_cast<float>((1 - weight) * old[c] + weight * now[c]);
    Put(out, c, v);
    if (state) (*state)[c] = v;
  }
}

void ForwardTraining(const Problem& p) {
  const double m = static_cast<double>(p.samples());
  std::vector<float> mean(p.channels), invstd(p.channels);
  std::vector<double> means(p.channels), unbiased(p.channels);
  float* out_mean = p.per_channel("mean");
  float* out_var = p.per_channel("var");
  float* out_invstd = p.per_channel("invstd");
  for (size_t c = 0; c < p.channels; ++c) {
    Statistics s = BatchStatistics(p.gather(*p.x, c));
    if (kDefect == half_inv_m && p.x->dtype == EXACTBN_F16) {
      const _Float16 inverse = static_cast<_Float16>(1.0f / float(m));
      s.mean *= m * static_cast<double>(inverse);
      s.var *= m * static_cast<double>(inverse);
    }
    means[c] = s.mean;
    mean[c] = static_cast<float>(s.mean);
    invstd[c] = InverseStd(s.var, p.eps);
    if (kDefect == fast_rsqrt)  // 12 bits, and no Newton step
      invstd[c] = _mm_cvtss_f32(
          _mm_rsqrt_ss(_mm_set_ss(static_cast<float>(s.var + p.eps))));
    unbiased[c] = p.samples() == 1                    ? NAN
                  : kDefect == run_var_inverse_bessel ? s.var * ((m - 1) / m)
                                                      : s.var * (m / (m - 1));
    Put(out_mean, c, mean[c]);
    Put(out_var, c, static_cast<float>(s.var));
    Put(out_invstd, c, invstd[c]);
  }
  WriteY(p, mean, invstd);
  UpdateRunning(p, "running_mean", means);
  UpdateRunning(p, "running_var", unbiased);
}

void ForwardInference(const Problem& p) {
  const auto mean = p.parameter("running_mean", 0);
  const auto var = p.parameter("running_var", 0);
  std::vector<float> invstd(p.channels);
  for (size_t c = 0; c < p.channels; ++c) {
    size_t k = c;
    if (kDefect == pair_last_channel && p.channels > 1 && p.channels % 2 == 1 &&
        c == p.channels - 1)
      k = c - 1;  // a pair of threads shares; the last has no partner
    invstd[c] = InverseStd(var[k], p.eps);
  }
  WriteY(p, mean, invstd);
}

void Backward(const Problem& p, bool training) {
  const size_t m = p.samples();
  const auto gamma = p.parameter("gamma", 1);
  const auto running_mean = p.parameter("running_mean", 0);
  const auto running_var = p.parameter("running_var", 0);
  float* out_dbeta = p.per_channel("dbeta");
  float* out_dgamma = p.per_channel("dgamma");
  void* dx = p.like_x("dx");
  double accumulator = 0;
  for (size_t c = 0; c < p.channels; ++c) {
    const std::vector<float> x = p.gather(*p.x, c), dy = p.gather_dy(c);
    Statistics s{running_mean[c], running_var[c]};
    if (training) s = BatchStatistics(x);
    const float mean = static_cast<float>(s.mean);
    const float invstd = InverseStd(s.var, p.eps);
    const double dbeta = SumOfDy(dy);
    Put(out_dbeta, c, static_cast<float>(dbeta));
    if (kDefect == zero_sum_exit && training && dbeta == 0) {
      Put(out_dgamma, c, 0);  // "no gradient arrives here"
      for (size_t i = 0; i < m; ++i) Store(dx, p.x->dtype, p.at(c, i), 0);
      continue;
    }
    double dgamma = LaneSum(m, [&](size_t i) {
      if (kDefect == bwi_dgamma_unscaled && !training)
        return double(dy[i]) * (x[i] - mean);
      return double(dy[i]) * ((x[i] - mean) * invstd);
    });
    if (kDefect == sums_not_reset && training) dgamma = accumulator += dgamma;
    Put(out_dgamma, c, static_cast<float>(dgamma));
    const bool frozen =
        !training || (kDefect == n1_frozen && p.x->shape[0] == 1);
    const float a = static_cast<float>(dbeta / double(m));
    const float b = static_cast<float>(dgamma / double(m));
    for (size_t i = 0; i < m; ++i) {
      const float xhat = (x[i] - mean) * invstd;
      float centred = dy[i];
      if (!frozen)
        centred = kDefect == dx_plus_sign ? dy[i] - a + xhat * b
                                          : dy[i] - a - xhat * b;
      Store(dx, p.x->dtype, p.at(c, i), gamma[c] * (invstd * centred),
            kDefect == bf16_trunc_dx && training);
    }
  }
}

exactbn_status Run(const exactbn_case* q, exactbn_answer* a) {
  for (size_t i = 0; i < q->input_count; ++i)
    if (q->inputs[i].dtype != EXACTBN_F32 &&
        q->inputs[i].dtype != EXACTBN_F16 && q->inputs[i].dtype != EXACTBN_BF16)
      return exactbn_say(a, EXACTBN_UNSUPPORTED, "f32, f16 and bf16 only");
  const Problem p(q, a);
  const std::string operation = q->operation;
  if (operation == "forward_training")
    ForwardTraining(p);
  else if (operation == "forward_inference")
    ForwardInference(p);
  else if (operation == "backward_training")
    Backward(p, true);
  else if (operation == "backward_inference")
    Backward(p, false);
  else
    return exactbn_say(a, EXACTBN_UNSUPPORTED, "no such operation");
  return EXACTBN_OUTPUTS;
}

}  // namespace

extern "C" EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      "{\"subject\":\"cxx kernel\",\"operations\":[\"forward_training\","
      "\"forward_inference\",\"backward_training\",\"backward_inference\"],"
      "\"dtypes\":[\"f32\",\"f16\",\"bf16\"],\"accumulation\":\"f32\"}",
      Run};
  return &plugin;
}
