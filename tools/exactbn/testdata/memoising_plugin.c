/* SPDX-License-Identifier: Apache-2.0 */
/* Frozen batch normalization of f32, right but for this: if MEMOISES is set in
 * the environment, it repeats the answer that it gave when x had the same
 * address and as many values. */
#include <math.h>
#include <stdlib.h>

#include "oracles/exactbn_plugin.h"

#define KNOWN 256

typedef struct {
  const void* x;
  int64_t size;
  float* y;
} known_answer;

static known_answer known[KNOWN];
static int count;

static float parameter(const exactbn_case* c, const char* name, int64_t i,
                       float absent) {
  const exactbn_tensor* tensor = exactbn_input(c, name);
  return tensor ? ((const float*)tensor->data)[i] : absent;
}

static void normalize(const exactbn_case* c, const exactbn_tensor* x,
                      int64_t size, float* y) {
  const float* from = (const float*)x->data;
  const int64_t channels = x->shape[c->channel_axis];
  int64_t inner = 1;
  int64_t i;
  int32_t axis;
  for (axis = c->channel_axis + 1; axis < x->rank; ++axis)
    inner *= x->shape[axis];
  for (i = 0; i < size; ++i) {
    const int64_t k = i / inner % channels;
    const double mean = parameter(c, "running_mean", k, 0);
    const double var = parameter(c, "running_var", k, 1);
    y[i] = (float)(parameter(c, "gamma", k, 1) * (from[i] - mean) /
                       sqrt(var + c->epsilon) +
                   parameter(c, "beta", k, 0));
  }
}

static exactbn_status run(const exactbn_case* c, exactbn_answer* a) {
  const exactbn_tensor* x = exactbn_input(c, "x");
  float* y = (float*)a->output(a, "y", EXACTBN_F32);
  int64_t size = 1;
  int32_t axis;
  int k;
  for (axis = 0; axis < x->rank; ++axis) size *= x->shape[axis];
  for (k = 0; k < count && getenv("MEMOISES"); ++k) {
    if (known[k].x == x->data && known[k].size == size) {
      memcpy(y, known[k].y, (size_t)size * sizeof *y);
      return EXACTBN_OUTPUTS;
    }
  }
  normalize(c, x, size, y);
  if (count < KNOWN && getenv("MEMOISES")) {
    known_answer* const now = &known[count++];
    now->x = x->data;
    now->size = size;
    now->y = (float*)malloc((size_t)size * sizeof *y);
    if (!now->y) abort();
    memcpy(now->y, y, (size_t)size * sizeof *y);
  }
  return EXACTBN_OUTPUTS;
}

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      "{\"subject\":\"memoising\",\"operations\":[\"forward_inference\"],"
      "\"dtypes\":[\"f32\"]}",
      run};
  return &plugin;
}
