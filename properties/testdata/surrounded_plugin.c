/* SPDX-License-Identifier: Apache-2.0 */
/* y of training in f32, summed in double. A macro (READS_ALIGNED, ...) selects
 * one dependence on the surroundings. */
#include <math.h>
#include <stdlib.h>

#include "exactbn_plugin.h"

/* Rounds the address down to a 16-byte boundary, as some processors do. */
static const float* align_down(const void* data) {
  return (const float*)(uintptr_t)((uintptr_t)data / 16 * 16);
}

static int64_t threads(void) {
  const char* given = getenv("OMP_NUM_THREADS");
  const int64_t n = given ? strtol(given, NULL, 10) : 1;
  return n < 1 ? 1 : n;
}

/* The shape of x as outer x channels x inner. */
typedef struct {
  int64_t outer;
  int64_t channels;
  int64_t inner;
} view_of_x;

static view_of_x view(const exactbn_case* c, const exactbn_tensor* x) {
  view_of_x v = {1, x->shape[c->channel_axis], 1};
  int32_t i;
  for (i = 0; i < c->channel_axis; ++i) v.outer *= x->shape[i];
  for (i = c->channel_axis + 1; i < x->rank; ++i) v.inner *= x->shape[i];
  return v;
}

static int64_t at(const view_of_x* v, int64_t channel, int64_t k) {
  return (k / v->inner * v->channels + channel) * v->inner + k % v->inner;
}

/* Rounds a partial sum to float, of any exponent. */
static double to_partial(double sum) {
#if defined(SPLITS)
  int exponent = 0;
  if (!isfinite(sum)) return sum;
  sum = (double)(float)frexp(sum, &exponent);
  return ldexp(sum, exponent);
#else
  return sum;
#endif
}

/* The sum of (x - centre)^power, one partial sum per thread. */
static double sum_of(const float* x, const view_of_x* v, int64_t channel,
                     double centre, int power) {
  const int64_t m = v->outer * v->inner;
  double sum = 0;
#if defined(SPLITS) || defined(LOSES_TAIL)
  const int64_t parts = threads();
#else
  const int64_t parts = 1;
#endif
  const int64_t length = m / parts;
  int64_t part, k;
  for (part = 0; part < parts; ++part) {
    double own = 0;
    int64_t end = (part + 1) * length;
#if !defined(LOSES_TAIL)
    if (part == parts - 1) end = m;
#endif
    for (k = part * length; k < end; ++k) {
      const double d = (double)x[at(v, channel, k)] - centre;
      own += power == 1 ? d : d * d;
    }
    sum += to_partial(own);
  }
  return sum;
}

static void put(float* y, double value) {
#if defined(ACCUMULATES)
  *y += (float)value;
#else
  *y = (float)value;
#endif
}

static void normalize(const exactbn_case* c, const float* x, float* y,
                      const view_of_x* v, int64_t channel) {
  const exactbn_tensor* gamma = exactbn_input(c, "gamma");
  const exactbn_tensor* beta = exactbn_input(c, "beta");
  const double g = gamma ? ((const float*)gamma->data)[channel] : 1;
  const double b = beta ? ((const float*)beta->data)[channel] : 0;
  const int64_t m = v->outer * v->inner;
  const double mean = sum_of(x, v, channel, 0, 1) / (double)m;
  const double var = sum_of(x, v, channel, mean, 2) / (double)m;
  const double deviation = sqrt(var + c->epsilon);
  int64_t k;
  for (k = 0; k < m; ++k) {
    const int64_t i = at(v, channel, k);
#if defined(SKIPS_TAIL)
    const int64_t size = m * v->channels;
    if (size > 4 && i >= size / 4 * 4) continue;
#endif
    put(y + i, b + g * ((double)x[i] - mean) / deviation);
  }
}

static exactbn_status run(const exactbn_case* c, exactbn_answer* a) {
  const exactbn_tensor* input = exactbn_input(c, "x");
  const view_of_x v = view(c, input);
  const float* x = (const float*)input->data;
  float* y = (float*)a->output(a, "y", EXACTBN_F32);
  int64_t channel;
  (void)align_down;
  (void)threads;
#if defined(READS_ALIGNED)
  x = align_down(x);
#elif defined(NEEDS_ALIGNED)
  if (x != align_down(x)) abort();
#elif defined(WRITES_ALIGNED)
  y = (float*)(uintptr_t)align_down(y);
#endif
  for (channel = 0; channel < v.channels; ++channel)
    normalize(c, x, y, &v, channel);
  return EXACTBN_OUTPUTS;
}

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      "{\"subject\":\"surrounded\",\"operations\":[\"forward_training\"],"
      "\"dtypes\":[\"f32\"],\"outputs\":{\"forward_training\":[\"y\"]}}",
      run};
  return &plugin;
}
