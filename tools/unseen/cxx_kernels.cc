// SPDX-License-Identifier: Apache-2.0
// Batch normalization in f32, as a plugin: correct, or with the one defect that
// the macro DEFECT names. Each defect is at the line that goes wrong.
#include <atomic>
#include <latch>
#include <limits>
#include <map>
#include <thread>
#include <tuple>

#include "layout.h"
#include "sums.h"

namespace {

struct Statistics {
  Floats mean, var, invstd;
};

struct Kernel {
  const exactbn_case& q;
  exactbn_answer& a;
  const exactbn_tensor& tensor = *exactbn_input(&q, "x");
  const exactbn_dtype type = tensor.dtype;
  const Layout layout{tensor, q.channel_axis};
  const size_t channels = layout.channels, m = layout.count();
  const float eps = float(q.epsilon);
  const Floats x = floats(tensor);
  const Floats gamma = parameter("gamma", 1);

  bool given(const char* name) const { return exactbn_input(&q, name); }

  Floats parameter(const char* name, float otherwise = 0) const {
    const exactbn_tensor* t = exactbn_input(&q, name);
    return t ? floats(*t) : Floats(channels, otherwise);
  }

  void put(const char* name, const Floats& values) const {
    void* out = a.output(&a, name, EXACTBN_F32);
    for (size_t i = 0; i < values.size(); ++i)
      store(out, EXACTBN_F32, i, values[i]);
  }

  void put_all(const char* name, const Floats& values) const {
    void* out = a.output(&a, name, type);
    for (size_t i = 0; i < values.size(); ++i) store(out, type, i, values[i]);
  }

  bool is_half() const { return type == EXACTBN_F16 || type == EXACTBN_BF16; }

  // ---- statistics

  // The values that the statistics of a channel are computed from.
  Floats observed(size_t c) const {
    if (has("sample_stride_uses_width") && tensor.rank > 3 &&
        layout.inner > layout.width) {
      Floats values;
      for (size_t o = 0; o < layout.outer; ++o)
        for (size_t i = 0; i < layout.inner; ++i)
          values.push_back(
              x[o * channels * layout.width + c * layout.inner + i]);
      return values;
    }
    Floats values = layout.channel(x, c);
    // Each row ends with a full vector of 8, which may overlap the one before.
    if (has("overlapping_tail_counted_twice") && layout.inner > 8 &&
        layout.inner % 8 != 0)
      for (size_t o = 0; o < layout.outer; ++o)
        for (size_t i = layout.inner - 8; i < layout.inner / 8 * 8; ++i)
          values.push_back(x[layout.row(o, c) + i]);
    return values;
  }

  float square(float d) const {
    float s = d * d;
    if (has("half_squares_saturate") && type == EXACTBN_F16)
      s = std::min(s, 65504.0f);
    return s;
  }

  float deviation(float value, float mean) const {
    const float d = value - mean;
    if (has("deviations_flushed_below_half_minimum") && std::fabs(d) < 0x1p-14f)
      return 0;
    return d;
  }

  std::pair<float, float> two_passes(const Floats& values, float count) const {
    float total = sum(values);
    if (has("fourth_accumulator_not_added"))
      for (size_t i = 3; i < values.size(); i += 4) total -= values[i];
    const float mean = total / count;
    Floats squares;
    for (float v : values)
      squares.push_back(
          has("variance_about_zero") ? square(v) : square(deviation(v, mean)));
    return {mean, sum(squares) / count};
  }

  static std::pair<float, float> welford(const Floats& values) {
    float mean = 0, squares = 0, n = 0;
    for (float v : values) {
      const float delta = v - mean;
      mean += delta / ++n;
      squares += delta * delta;  // should be delta (v - mean)
    }
    return {sum(values) / n, squares / n};
  }

  std::pair<float, float> merged_blocks(const Floats& values) const {
    float mean = 0, squares = 0, n = 0;
    for (size_t i = 0; i < m; i += 128) {
      const Floats block(values.begin() + i,
                         values.begin() + std::min(i + 128, m));
      const float nb = float(block.size());
      const auto [mean_b, var_b] = two_passes(block, nb);
      if (n == 0) {
        std::tie(mean, squares, n) = std::tuple(mean_b, var_b * nb, nb);
        continue;
      }
      const float delta = mean_b - mean, all = n + nb;
      mean += delta * nb / all;
      squares += var_b * nb + delta * delta * nb * nb / all;  // n nb
      n = all;
    }
    return {mean, squares / n};
  }

  std::pair<float, float> mean_and_var(size_t c) const {
    const Floats values = observed(c);
    if (has("welford_squares_first_delta")) return welford(values);
    if (has("block_merge_weighs_by_new_count")) return merged_blocks(values);
    if (has("count_wraps_at_65536")) return two_passes(values, uint16_t(m));
    return two_passes(values, float(m));
  }

  Statistics statistics() const {
    Statistics s;
    for (size_t c = 0; c < channels; ++c) {
      const auto [mean, var] = mean_and_var(c);
      s.mean.push_back(mean);
      s.var.push_back(var);
      s.invstd.push_back(has("root_estimate_without_newton_step")
                             ? inverse_root_estimate(var + eps)
                             : inverse_root(var + eps));
    }
    return s;
  }

  // The statistics of training without any of the defects of forward.
  Statistics sound_statistics() const {
    Statistics s;
    for (size_t c = 0; c < channels; ++c) {
      const Floats values = layout.channel(x, c);
      const float mean = sum(values) / float(m);
      Floats squares;
      for (float v : values) squares.push_back((v - mean) * (v - mean));
      s.mean.push_back(mean);
      s.var.push_back(sum(squares) / float(m));
      s.invstd.push_back(inverse_root(s.var[c] + eps));
    }
    return s;
  }

  Statistics frozen() const {
    Statistics s{parameter("running_mean"), parameter("running_var"), {}};
    for (size_t c = 0; c < channels; ++c) {
      const float w = s.var[c] + eps;
      const bool in_tail = c >= channels / 4 * 4;
      if (has("frozen_variance_taken_for_deviation") && forward())
        s.invstd.push_back(1 / w);
      else if (has("tail_channels_miss_newton_step") && in_tail && forward())
        s.invstd.push_back(inverse_root_estimate(w));
      else
        s.invstd.push_back(inverse_root(w));
    }
    return s;
  }

  bool forward() const {
    return std::string_view(q.operation).substr(0, 7) == "forward";
  }

  // ---- forward

  Floats scale() const {
    Floats used = gamma;
    if (has("absent_gamma_keeps_previous")) {
      static Floats previous;
      if (!given("gamma") && previous.size() == channels) used = previous;
      previous = used;
    }
    return used;
  }

  void put_y(const Statistics& s) const {
    Floats slope = scale(), beta = parameter("beta");
    if (has("parameters_rounded_to_x_format"))
      for (size_t c = 0; c < channels; ++c) {
        slope[c] = rounded(slope[c], type);
        beta[c] = rounded(beta[c], type);
      }
    if (has("beta_read_from_the_end")) std::reverse(beta.begin(), beta.end());
    void* out = a.output(&a, "y", type);
    for (size_t c = 0; c < channels; ++c)
      for (size_t i = 0; i < m; ++i) {
        const size_t at = layout.at(c, i);
        // The unwritten tail keeps what the memory held.
        if (has("output_tail_not_written") && at >= x.size() / 4 * 4) continue;
        const bool late = has("first_sample_uses_previous_invstd") &&
                          i < layout.inner && c > 0 && training();
        const float xhat =
            deviation(x[at], s.mean[c]) * s.invstd[late ? c - 1 : c];
        float y = slope[c] * xhat + beta[c];
        if (has("half_output_through_bf16") && type == EXACTBN_F16)
          y = rounded(y, EXACTBN_BF16);
        store(out, type, at, y);
      }
  }

  bool training() const {
    return std::string_view(q.operation) == "forward_training";
  }

  void put_running(const char* name, const Floats& batch) const {
    if (!given(name)) return;
    const double w =
        q.cumulative ? 1.0 / double(q.batches_tracked + 1) : q.momentum;
    Floats running = parameter(name);
    // Each block of a channel does the update.
    const size_t updates =
        has("running_update_repeated_per_block") ? (m + 1023) / 1024 : 1;
    for (size_t k = 0; k < updates; ++k)
      for (size_t c = 0; c < channels; ++c)
        running[c] = float(1 - w) * running[c] + float(w) * batch[c];
    put(name, running);
  }

  Statistics cached_statistics() const {
    uint32_t first;
    std::memcpy(&first, x.data(), sizeof first);
    static std::map<std::tuple<size_t, size_t, uint32_t>, Statistics> cache;
    const auto key = std::tuple(channels, m, first);
    const auto found = cache.find(key);
    if (found == cache.end()) return cache[key] = statistics();
    Statistics s = found->second;
    for (size_t c = 0; c < channels; ++c)
      s.invstd[c] = inverse_root(s.var[c] + eps);
    return s;
  }

  void forward_training() const {
    const Statistics s = has("statistics_cached_by_first_value")
                             ? cached_statistics()
                             : statistics();
    put_y(s);
    put("mean", s.mean);
    put("var", s.var);
    Floats invstd = s.invstd;
    if (has("invstd_output_is_deviation"))
      for (float& v : invstd) v = 1 / v;
    put("invstd", invstd);
    put_running("running_mean", s.mean);
    Floats unbiased = s.var;
    for (float& v : unbiased)
      v = m > 1 ? v * float(double(m) / double(m - 1))
                : std::numeric_limits<float>::quiet_NaN();
    put_running("running_var", unbiased);
  }

  void forward_inference() const { put_y(frozen()); }

  // ---- backward

  Floats normalized(const Statistics& s, size_t c) const {
    Floats xhat = layout.channel(x, c);
    for (float& v : xhat) v = (v - s.mean[c]) * s.invstd[c];
    return xhat;
  }

  // A channel as the kernel that sums reads it.
  Floats summed(const Floats& all, size_t c) const {
    Floats values = layout.channel(all, c);
    if (has("rows_read_from_aligned_address") && layout.inner > 1)
      for (size_t i = 0; i < m; ++i) {
        const size_t row = layout.row(i / layout.inner, c);
        values[i] = all[row / 4 * 4 + i % layout.inner];
      }
    return values;
  }

  // Four threads add the sums of their blocks of 16 without atomic additions.
  static Floats racing_sums(const std::vector<Floats>& values) {
    std::vector<std::atomic<float>> total(values.size());
    std::latch start(4);
    const auto work = [&](size_t first) {
      start.arrive_and_wait();
      for (size_t c = 0; c < values.size(); ++c)
        for (size_t i = 16 * first; i < values[c].size(); i += 64) {
          const auto from = values[c].begin() + i;
          const size_t n = std::min<size_t>(16, values[c].end() - from);
          const float part = sum(Floats(from, from + n));
          total[c].store(total[c].load() + part);
        }
    };
    std::vector<std::thread> threads;
    for (size_t k = 0; k < 4; ++k) threads.emplace_back(work, k);
    for (std::thread& t : threads) t.join();
    return Floats(total.begin(), total.end());
  }

  void backward_training() const {
    const Statistics s = sound_statistics();
    Floats dy = floats(*exactbn_input(&q, "dy")), dbeta, dgamma;
    if (has("relu_mask_in_backward"))
      for (size_t c = 0; c < channels; ++c)
        for (size_t i = 0; i < m; ++i)
          if (const size_t at = layout.at(c, i);
              gamma[c] * (x[at] - s.mean[c]) <= 0)
            dy[at] = 0;
    constexpr bool odd = has("tree_reduction_loses_odd_partial");
    std::vector<Floats> products;
    for (size_t c = 0; c < channels; ++c) {
      Floats xhat = summed(x, c);
      for (float& v : xhat) v = (v - s.mean[c]) * s.invstd[c];
      products.push_back(product(summed(dy, c), xhat));
      dbeta.push_back(sum<odd>(summed(dy, c)));
      dgamma.push_back(sum<odd>(products[c]));
    }
    if (has("racing_threads_add_dgamma") && m >= 256)
      dgamma = racing_sums(products);
    if (has("gradient_workspace_not_cleared")) {
      static std::map<size_t, std::pair<Floats, Floats>> workspace;
      auto& [old_dbeta, old_dgamma] = workspace[channels];
      old_dbeta.resize(channels);
      old_dgamma.resize(channels);
      for (size_t c = 0; c < channels; ++c) {
        dbeta[c] = old_dbeta[c] += dbeta[c];
        dgamma[c] = old_dgamma[c] += dgamma[c];
      }
    }
    for (size_t c = 0; c < channels; ++c) {
      const float factor = gamma[c] * s.invstd[c];
      const float t = dgamma[c] / float(m), mean_dy = dbeta[c] / float(m);
      const Floats xhat = normalized(s, c);
      for (size_t i = 0; i < m; ++i) {
        float& d = dy[layout.at(c, i)];
        d = factor * (d - mean_dy - xhat[i] * t);
      }
      if (has("dgamma_summed_after_dx_overwrote_dy"))
        dgamma[c] = sum(product(layout.channel(dy, c), xhat));
    }
    put_all("dx", dy);
    put("dgamma", dgamma);
    put("dbeta", dbeta);
  }

  float frozen_slope(size_t c) const {
    if (has("frozen_dx_lacks_gamma")) return 1;
    // The tail of the channels reads the vector before its own.
    if (has("channels_last_tail_reads_previous_gamma") && layout.inner == 1 &&
        channels > 4 && c >= channels / 4 * 4)
      return gamma[c - 4];
    return gamma[c];
  }

  void backward_inference() const {
    const Statistics s = frozen();
    Floats dy = floats(*exactbn_input(&q, "dy")), dbeta, dgamma;
    for (size_t c = 0; c < channels; ++c) {
      const Floats values = layout.channel(dy, c);
      const Floats products = product(values, normalized(s, c));
      if (has("sums_kept_in_storage_format") && is_half()) {
        dbeta.push_back(narrow_sum(values, type));
        dgamma.push_back(narrow_sum(products, type));
      } else {
        dbeta.push_back(sum(values));
        dgamma.push_back(sum(products));
      }
      const float factor = frozen_slope(c) * s.invstd[c];
      for (size_t i = 0; i < m; ++i) dy[layout.at(c, i)] *= factor;
    }
    put_all("dx", dy);
    put("dgamma", dgamma);
    put("dbeta", dbeta);
  }

  // ---- derivatives of higher order

  // y_dot, and grad_dy, which has the same formula.
  void put_tangent(const char* name, const Statistics& s, const Floats& u,
                   const Floats& gamma_dot, const Floats& beta_dot) const {
    Floats out(x.size());
    for (size_t c = 0; c < channels; ++c) {
      const Floats xhat = normalized(s, c), values = layout.channel(u, c);
      float mean = sum(values) / float(m);
      float p = sum(product(values, xhat)) / float(m);
      float slope = gamma[c];
      if (has("jvp_holds_statistics_constant") && given("x_dot")) mean = p = 0;
      if (has("negative_gamma_loses_sign") && given("ddx"))
        slope = std::fabs(slope);
      for (size_t i = 0; i < m; ++i)
        out[layout.at(c, i)] =
            gamma_dot[c] * xhat[i] + beta_dot[c] +
            slope * s.invstd[c] * (values[i] - mean - xhat[i] * p);
    }
    put_all(name, out);
  }

  void jvp_training() const {
    put_tangent("y_dot", sound_statistics(),
                floats(*exactbn_input(&q, "x_dot")), parameter("gamma_dot"),
                parameter("beta_dot"));
  }

  void double_backward_training() const {
    const Statistics s = sound_statistics();
    const Floats dy = floats(*exactbn_input(&q, "dy"));
    const Floats ddx = floats(*exactbn_input(&q, "ddx"));
    const Floats ddgamma = parameter("ddgamma");
    put_tangent("grad_dy", s, ddx, ddgamma, parameter("ddbeta"));
    Floats grad_x(x.size()), grad_gamma;
    for (size_t c = 0; c < channels; ++c) {
      const float n = float(m), inv = s.invstd[c];
      const Floats xhat = normalized(s, c);
      Floats d = layout.channel(dy, c), u = layout.channel(ddx, c);
      const float t = sum(product(d, xhat)) / n;
      const float p = sum(product(u, xhat)) / n;
      const float mean_d = sum(d) / n, mean_u = sum(u) / n;
      for (float& v : u) v -= mean_u;
      const float k = sum(product(u, d)) / n;
      for (float& v : d) v -= mean_d;
      grad_gamma.push_back(n * inv * (k - t * p));
      for (size_t i = 0; i < m; ++i)
        grad_x[layout.at(c, i)] =
            ddgamma[c] * inv * (d[i] - xhat[i] * t) -
            gamma[c] * (inv * inv) *
                (xhat[i] * k + d[i] * p + u[i] * t - 3 * (xhat[i] * (t * p)));
    }
    put("grad_gamma", grad_gamma);
    put_all("grad_x", grad_x);
  }
};

exactbn_status run(const exactbn_case* q, exactbn_answer* a) {
  if (double(float(q->epsilon)) != q->epsilon)
    return exactbn_say(a, EXACTBN_UNSUPPORTED, "epsilon must be a float");
  const Kernel kernel{*q, *a};
  const std::string_view operation = q->operation;
  if (operation == "forward_training") kernel.forward_training();
  if (operation == "forward_inference") kernel.forward_inference();
  if (operation == "backward_training") kernel.backward_training();
  if (operation == "backward_inference") kernel.backward_inference();
  if (operation == "jvp_training") kernel.jvp_training();
  if (operation == "double_backward_training")
    kernel.double_backward_training();
  return EXACTBN_OUTPUTS;
}

}  // namespace

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      "{\"subject\":\"C++ kernel " DEFECT
      "\",\"dtypes\":[\"f32\",\"f16\",\"bf16\"]}",
      run};
  return &plugin;
}
