// SPDX-License-Identifier: Apache-2.0
// Batch normalization in floats, in tiles: planes (channels before the last
// axis) and rows (channels last) have paths of their own. Statistics of tiles
// are merged as Chan, Golub and LeVeque do. f16 and bf16 are widened, and
// rounded once. With -DDEFECT=NAME one thing is wrong (defects.json says what),
// with -DDEFECT=sound nothing is.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "exactbn_plugin.h"

namespace {

enum Defect {
  sound,
  ft_no_square_root,
  fi_gamma_beta_swapped,
  bt_dx_without_gamma,
  bi_gradients_swapped,
  running_mean_weights_swapped,
  fi_mean_of_next_channel,
  bt_dbeta_term_undivided,
  bt_dgamma_uncentred,
  statistics_two_faults,
  bi_dgamma_after_dx,
  merge_without_delta,
  merge_with_equal_weights,
  bt_without_epsilon,
  fi_leaky_relu,
  last_sample_skipped,
  rows_padded_count,
  bt_dgamma_tf32,
  bi_gamma_plus_one,
  ft_centred_twice,
  fi_fast_rsqrt,
  tail_without_beta,
  last_tile_sums,
  bt_dgamma_accumulates,
  absent_beta_reads_gamma,
  null_momentum_is_tenth,
  rows_tail_gamma,
  over_64_unwritten,
  bf16_carry_lost,
  accumulators_not_reset,
  bt_count_in_byte,
};

constexpr bool is(Defect d) { return DEFECT == d; }

constexpr int64_t kLanes = 8;     // partial sums of a tile
constexpr int64_t kTile = 64;     // values of a plane
constexpr int64_t kChunk = 32;    // rows
constexpr int64_t kColumns = 16;  // channels of a tile of rows

// ---- formats

uint32_t bits_of(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  return u;
}

float float_of(uint32_t u) {
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}

float from_half(uint16_t h) {
  const uint32_t sign = uint32_t(h & 0x8000) << 16;
  const uint32_t exponent = h >> 10 & 31, fraction = h & 1023;
  if (exponent == 31) return float_of(sign | 0x7f800000 | fraction << 13);
  if (exponent) return float_of(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = float(fraction) * 0x1p-24f;
  return sign ? -tiny : tiny;
}

uint16_t to_half(float f) {
  const uint32_t u = bits_of(f);
  const uint16_t sign = u >> 16 & 0x8000;
  const uint32_t magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000)  // in units of 2^-24, to nearest even
    return sign | uint16_t(std::nearbyintf(std::fabs(f) * 0x1p24f));
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | uint16_t((rounded >> 13) - (112u << 10));
}

uint16_t to_bfloat(float f) {
  const uint32_t u = bits_of(f);
  if (std::isnan(f)) return uint16_t(u >> 16 | 0x40);
  const uint32_t up = 0x7fff + (u >> 16 & 1);
  if (is(bf16_carry_lost)) {
    const uint32_t fraction = ((u & 0x7fffff) + up) >> 16 & 0x7f;
    return uint16_t((u >> 16 & 0xff80) | fraction);
  }
  return uint16_t((u + up) >> 16);
}

std::vector<float> load(const exactbn_tensor& t) {
  int64_t count = 1;
  for (int32_t i = 0; i < t.rank; ++i) count *= t.shape[i];
  std::vector<float> out(count);
  if (t.dtype == EXACTBN_F32) {
    std::memcpy(out.data(), t.data, 4 * count);
    return out;
  }
  for (int64_t i = 0; i < count; ++i) {
    uint16_t h;
    std::memcpy(&h, static_cast<const char*>(t.data) + 2 * i, 2);
    out[i] =
        t.dtype == EXACTBN_F16 ? from_half(h) : float_of(uint32_t(h) << 16);
  }
  return out;
}

void store(exactbn_answer* a, const char* name, exactbn_dtype dtype,
           const std::vector<float>& values) {
  char* to = static_cast<char*>(a->output(a, name, dtype));
  if (!to) return;
  if (dtype == EXACTBN_F32) {
    std::memcpy(to, values.data(), 4 * values.size());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t h =
        dtype == EXACTBN_F16 ? to_half(values[i]) : to_bfloat(values[i]);
    std::memcpy(to + 2 * i, &h, 2);
  }
}

// ---- the shape: outer x channels x inner

struct Grid {
  int64_t outer = 1, channels = 1, inner = 1;
  bool rows() const { return inner == 1; }
  int64_t m() const { return outer * inner; }
  int64_t size() const { return m() * channels; }
  int64_t at(int64_t n, int64_t c) const { return (n * channels + c) * inner; }
};

Grid grid_of(const exactbn_tensor& x, int32_t axis) {
  Grid g;
  for (int32_t i = 0; i < x.rank; ++i)
    (i < axis ? g.outer : i == axis ? g.channels : g.inner) *= x.shape[i];
  return g;
}

// ---- sums and moments of tiles

float total(const float (&lane)[kLanes]) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
         ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

float sum(const float* p, int64_t n) {
  float lane[kLanes] = {};
  for (int64_t i = 0; i < n; ++i) lane[i % kLanes] += p[i];
  return total(lane);
}

struct Moments {
  float count = 0, mean = 0, m2 = 0;
};

void merge(Moments& a, const Moments& b) {
  if (a.count == 0) {
    a = b;
    return;
  }
  const float count = a.count + b.count, delta = b.mean - a.mean;
  const float part = is(merge_with_equal_weights) ? 0.5f : b.count / count;
  a.mean += delta * part;
  a.m2 += b.m2;
  if (!is(merge_without_delta))
    a.m2 += delta * delta * (a.count * (b.count / count));
  a.count = count;
}

Moments of_tile(const float* p, int64_t n) {
  Moments t;
  t.count = float(n);
  t.mean = sum(p, n) / t.count;
  float lane[kLanes] = {};
  for (int64_t i = 0; i < n; ++i) {
    const float d = p[i] - t.mean;
    lane[i % kLanes] += d * d;
  }
  t.m2 = total(lane);
  return t;
}

struct Statistics {
  std::vector<float> mean, var;
};

Statistics statistics(const Grid& g, const std::vector<float>& x,
                      bool forward) {
  Statistics s;
  s.mean.resize(g.channels);
  s.var.resize(g.channels);
  std::vector<Moments> all(g.channels);
  if (g.rows()) {
    for (int64_t c0 = 0; c0 < g.channels; c0 += kColumns)
      for (int64_t r0 = 0; r0 < g.outer; r0 += kChunk) {
        const int64_t width = std::min(kColumns, g.channels - c0);
        const int64_t height = std::min(kChunk, g.outer - r0);
        float column[kChunk];
        for (int64_t c = c0; c < c0 + width; ++c) {
          for (int64_t r = 0; r < height; ++r) column[r] = x[g.at(r0 + r, c)];
          merge(all[c], of_tile(column, height));
        }
      }
  } else {
    int64_t samples = g.outer;
    if (is(last_sample_skipped) && forward && samples > 1) --samples;
    for (int64_t c = 0; c < g.channels; ++c)
      for (int64_t n = 0; n < samples; ++n)
        for (int64_t i = 0; i < g.inner; i += kTile)
          merge(all[c],
                of_tile(&x[g.at(n, c) + i], std::min(kTile, g.inner - i)));
  }
  for (int64_t c = 0; c < g.channels; ++c) {
    float count = all[c].count;
    if (is(rows_padded_count) && g.rows())
      count = float((g.outer + kLanes - 1) / kLanes * kLanes);
    s.mean[c] = all[c].mean;
    s.var[c] = all[c].m2 / count;
  }
  return s;
}

float fast_rsqrt(float v) {
  const float y = float_of(0x5f3759df - (bits_of(v) >> 1));
  return y * (1.5f - 0.5f * v * y * y);
}

// value(index of the element, channel, index in the plane) for each element
template <class F>
std::vector<float> each(const Grid& g, F value) {
  std::vector<float> out(g.size());
  if (g.rows()) {
    for (int64_t r = 0; r < g.outer; ++r)
      for (int64_t c0 = 0; c0 < g.channels; c0 += kColumns)
        for (int64_t c = c0; c < std::min(c0 + kColumns, g.channels); ++c)
          out[g.at(r, c)] = value(g.at(r, c), c, 0);
    return out;
  }
  for (int64_t n = 0; n < g.outer; ++n)
    for (int64_t c = 0; c < g.channels; ++c)
      for (int64_t i = 0; i < g.inner; ++i)
        out[g.at(n, c) + i] = value(g.at(n, c) + i, c, i);
  return out;
}

struct Question {
  const exactbn_case& q;
  exactbn_answer* a;
  Grid g;
  exactbn_dtype format;
  float eps;
  std::vector<float> x;

  Question(const exactbn_case* c, exactbn_answer* answer) : q(*c), a(answer) {
    const exactbn_tensor* t = exactbn_input(c, "x");
    g = grid_of(*t, c->channel_axis);
    format = t->dtype;
    eps = float(c->epsilon);
    x = load(*t);
  }
  bool has(const char* name) const { return exactbn_input(&q, name); }
  std::vector<float> get(const char* name) const {
    return load(*exactbn_input(&q, name));
  }
  std::vector<float> get(const char* name, float otherwise) const {
    if (has(name)) return get(name);
    return std::vector<float>(g.channels, otherwise);
  }
  std::vector<float> beta() const {
    if (is(absent_beta_reads_gamma) && !has("beta") && has("gamma"))
      return get("gamma");
    return get("beta", 0);
  }
  void whole(const char* name, const std::vector<float>& v) const {
    store(a, name, format, v);
  }
  void vector(const char* name, const std::vector<float>& v) const {
    store(a, name, EXACTBN_F32, v);
  }
};

exactbn_status forward_training(const Question& k) {
  const Grid& g = k.g;
  const Statistics s = statistics(g, k.x, true);
  const std::vector<float> gamma = k.get("gamma", 1), beta = k.beta();
  std::vector<float> r(g.channels), used, saved = s.var;
  for (int64_t c = 0; c < g.channels; ++c) {
    r[c] = 1 / std::sqrt(s.var[c] + k.eps);
    if (is(statistics_two_faults)) saved[c] += k.eps;
  }
  used = r;
  if (is(ft_no_square_root))
    for (int64_t c = 0; c < g.channels; ++c) used[c] = 1 / (s.var[c] + k.eps);

  k.whole("y", each(g, [&](int64_t at, int64_t c, int64_t i) {
            float centred = k.x[at] - s.mean[c];
            if (is(ft_centred_twice)) centred -= s.mean[c];
            float weight = gamma[c], shift = beta[c];
            if (is(rows_tail_gamma) && g.rows() && g.channels > kColumns &&
                c >= g.channels / kColumns * kColumns)
              weight = gamma[c % kColumns];
            if (is(tail_without_beta) && !g.rows() && i >= g.inner / 4 * 4)
              shift = 0;
            return centred * used[c] * weight + shift;
          }));
  k.vector("mean", s.mean);
  k.vector("var", saved);
  k.vector("invstd", r);

  float w = float(k.q.momentum);
  if (k.q.cumulative)
    w = is(null_momentum_is_tenth)
            ? 0.1f
            : float(1 / (double(k.q.batches_tracked) + 1));
  const float m = float(g.m());
  if (k.has("running_mean")) {
    std::vector<float> mean = k.get("running_mean");
    for (int64_t c = 0; c < g.channels; ++c)
      mean[c] = is(running_mean_weights_swapped)
                    ? w * mean[c] + (1 - w) * s.mean[c]
                    : (1 - w) * mean[c] + w * s.mean[c];
    k.vector("running_mean", mean);
  }
  if (k.has("running_var")) {
    std::vector<float> var = k.get("running_var");
    const float bessel = m / (m - 1);
    const float keep = is(statistics_two_faults) ? 1.0f : 1 - w;
    for (int64_t c = 0; c < g.channels; ++c)
      var[c] = keep * var[c] + w * (s.var[c] * bessel);
    k.vector("running_var", var);
  }
  return EXACTBN_OUTPUTS;
}

exactbn_status forward_inference(const Question& k) {
  const Grid& g = k.g;
  std::vector<float> gamma = k.get("gamma", 1), beta = k.beta();
  if (is(fi_gamma_beta_swapped)) std::swap(gamma, beta);
  const std::vector<float> mean = k.get("running_mean", 0);
  std::vector<float> r = k.get("running_var", 1);
  for (float& v : r)
    v = is(fi_fast_rsqrt) ? fast_rsqrt(v + k.eps) : 1 / std::sqrt(v + k.eps);
  k.whole("y", each(g, [&](int64_t at, int64_t c, int64_t) {
            const int64_t from = is(fi_mean_of_next_channel)
                                     ? std::min(c + 1, g.channels - 1)
                                     : c;
            const float y = (k.x[at] - mean[from]) * r[c] * gamma[c] + beta[c];
            return is(fi_leaky_relu) && y < 0 ? 0.01f * y : y;
          }));
  return EXACTBN_OUTPUTS;
}

float tf32(float f) {
  const uint32_t u = bits_of(f);
  return float_of((u + 0xfff + (u >> 13 & 1)) & 0xffffe000);
}

struct Sums {
  std::vector<float> dy, dot;            // over the channel
  std::vector<float> last_dy, last_dot;  // over its last tile
};

// sum dy and sum dy (x - mean) r
Sums gradient_sums(const Grid& g, const std::vector<float>& x,
                   const std::vector<float>& dy, const std::vector<float>& mean,
                   const std::vector<float>& r, bool training) {
  Sums s;
  for (auto* v : {&s.dy, &s.dot, &s.last_dy, &s.last_dot})
    v->resize(g.channels);
  const auto dot = [&](int64_t at, int64_t c) {
    const float centre = is(bt_dgamma_uncentred) && training ? 0 : mean[c];
    const float xhat = (x[at] - centre) * r[c];
    if (is(bt_dgamma_tf32) && training) return tf32(dy[at]) * tf32(xhat);
    return dy[at] * xhat;
  };
  if (g.rows()) {
    float wide_dy[kColumns] = {}, wide_dot[kColumns] = {};
    for (int64_t c0 = 0; c0 < g.channels; c0 += kColumns) {
      const int64_t width = std::min(kColumns, g.channels - c0);
      std::fill_n(wide_dot, kColumns, 0.0f);
      if (!(is(accumulators_not_reset) && training))
        std::fill_n(wide_dy, kColumns, 0.0f);
      for (int64_t r0 = 0; r0 < g.outer; r0 += kChunk) {
        float part_dy[kColumns] = {}, part_dot[kColumns] = {};
        for (int64_t n = r0; n < std::min(r0 + kChunk, g.outer); ++n)
          for (int64_t l = 0; l < width; ++l) {
            part_dy[l] += dy[g.at(n, c0 + l)];
            part_dot[l] += dot(g.at(n, c0 + l), c0 + l);
          }
        for (int64_t l = 0; l < width; ++l) {
          wide_dy[l] += part_dy[l];
          wide_dot[l] += part_dot[l];
          s.last_dy[c0 + l] = part_dy[l];
          s.last_dot[c0 + l] = part_dot[l];
        }
      }
      std::copy_n(wide_dy, width, &s.dy[c0]);
      std::copy_n(wide_dot, width, &s.dot[c0]);
    }
    return s;
  }
  float tile_dy[kTile], tile_dot[kTile];
  for (int64_t c = 0; c < g.channels; ++c)
    for (int64_t j = 0; j < g.m(); j += kTile) {
      const int64_t n = std::min(kTile, g.m() - j);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t at = g.at((j + i) / g.inner, c) + (j + i) % g.inner;
        tile_dy[i] = dy[at];
        tile_dot[i] = dot(at, c);
      }
      s.dy[c] += s.last_dy[c] = sum(tile_dy, n);
      s.dot[c] += s.last_dot[c] = sum(tile_dot, n);
    }
  return s;
}

exactbn_status backward_training(const Question& k) {
  const Grid& g = k.g;
  const std::vector<float> dy = k.get("dy"), gamma = k.get("gamma", 1);
  const Statistics s = statistics(g, k.x, false);
  std::vector<float> r(g.channels);
  const float eps = is(bt_without_epsilon) ? 0 : k.eps;
  for (int64_t c = 0; c < g.channels; ++c) r[c] = 1 / std::sqrt(s.var[c] + eps);
  const Sums sums = gradient_sums(g, k.x, dy, s.mean, r, true);
  const bool last = is(last_tile_sums) && !g.rows();
  const std::vector<float>& sum_dy = last ? sums.last_dy : sums.dy;
  const std::vector<float>& sum_dot = last ? sums.last_dot : sums.dot;
  const float m = is(bt_count_in_byte) ? uint8_t(g.m()) : float(g.m());
  k.whole("dx", each(g, [&](int64_t at, int64_t c, int64_t) {
            const float xhat = (k.x[at] - s.mean[c]) * r[c];
            const float mean_dy =
                sum_dy[c] / (is(bt_dbeta_term_undivided) ? 1 : m);
            const float inner = dy[at] - mean_dy - xhat * (sum_dot[c] / m);
            return (is(bt_dx_without_gamma) ? 1 : gamma[c]) * r[c] * inner;
          }));
  std::vector<float> dgamma = sums.dot;
  if (is(bt_dgamma_accumulates)) {
    static std::vector<float> scratch;
    scratch.resize(g.channels);
    for (int64_t c = 0; c < g.channels; ++c)
      dgamma[c] = scratch[c] += dgamma[c];
  }
  k.vector("dgamma", dgamma);
  k.vector("dbeta", sums.dy);
  return EXACTBN_OUTPUTS;
}

exactbn_status backward_inference(const Question& k) {
  const Grid& g = k.g;
  const std::vector<float> dy = k.get("dy"), gamma = k.get("gamma", 1);
  const std::vector<float> mean = k.get("running_mean", 0);
  std::vector<float> r = k.get("running_var", 1);
  for (float& v : r) v = 1 / std::sqrt(v + k.eps);
  const std::vector<float> dx = each(g, [&](int64_t at, int64_t c, int64_t) {
    const float weight = is(bi_gamma_plus_one) ? 1 + gamma[c] : gamma[c];
    return weight * r[c] * dy[at];
  });
  Sums sums = gradient_sums(g, k.x, dy, mean, r, false);
  if (is(bi_dgamma_after_dx))
    sums.dot = gradient_sums(g, k.x, dx, mean, r, false).dot;
  if (is(over_64_unwritten))
    for (int64_t c = 64; c < g.channels; ++c) sums.dy[c] = sums.dot[c] = 0;
  k.whole("dx", dx);
  k.vector("dgamma", is(bi_gradients_swapped) ? sums.dy : sums.dot);
  k.vector("dbeta", is(bi_gradients_swapped) ? sums.dot : sums.dy);
  return EXACTBN_OUTPUTS;
}

exactbn_status run(const exactbn_case* c, exactbn_answer* a) {
  for (size_t i = 0; i < c->input_count; ++i) {
    const exactbn_dtype d = c->inputs[i].dtype;
    if (d != EXACTBN_F32 && d != EXACTBN_F16 && d != EXACTBN_BF16)
      return exactbn_say(a, EXACTBN_UNSUPPORTED, "f32, f16 and bf16 only");
  }
  const Question k(c, a);
  const std::string operation = c->operation;
  if (operation == "forward_training") return forward_training(k);
  if (operation == "forward_inference") return forward_inference(k);
  if (operation == "backward_training") return backward_training(k);
  if (operation == "backward_inference") return backward_inference(k);
  return exactbn_say(a, EXACTBN_UNSUPPORTED, "no such operation");
}

}  // namespace

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      "{\"subject\":\"C++ tiles, third series\",\"operations\":["
      "\"forward_training\",\"forward_inference\",\"backward_training\","
      "\"backward_inference\"],\"dtypes\":[\"f32\",\"f16\",\"bf16\"],"
      "\"accumulation\":\"f32\"}",
      run};
  return &plugin;
}
