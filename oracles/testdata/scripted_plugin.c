/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin whose behaviour is selected by the id of the case. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exactbn_plugin.h"

static int is(const exactbn_case* c, const char* id) {
  return strcmp(c->id, id) == 0;
}

/* The mean of each channel of a [count, channels] array. */
static exactbn_status means(const exactbn_case* c, exactbn_answer* a) {
  const exactbn_tensor* x = exactbn_input(c, "x");
  const double* from = (const double*)x->data;
  double* mean = (double*)a->output(a, "mean", EXACTBN_F64);
  int64_t i, k;
  for (k = 0; k < x->shape[1]; ++k) {
    mean[k] = 0;
    for (i = 0; i < x->shape[0]; ++i) mean[k] += from[i * x->shape[1] + k];
    mean[k] /= (double)x->shape[0];
  }
  return EXACTBN_OUTPUTS;
}

/* Whether every field of the case is as the test expects. */
static int seen_well(const exactbn_case* c) {
  const exactbn_tensor* x = exactbn_input(c, "x");
  return strcmp(c->operation, "forward_training") == 0 &&
         c->channel_axis == 1 && c->epsilon == 0.5 && c->momentum == 0.25 &&
         c->cumulative == 0 && c->batches_tracked == 3 && c->input_count == 1 &&
         x != NULL && x->dtype == EXACTBN_F64 && x->rank == 2 &&
         x->shape[0] == 2 && x->shape[1] == 3 &&
         exactbn_input(c, "gamma") == NULL;
}

/* The offset from a 64-byte boundary. */
static int past(const void* data) { return (int)((uintptr_t)data % 64); }

static exactbn_status addresses(const exactbn_case* c, exactbn_answer* a) {
  char text[80];
  const int x = past(exactbn_input(c, "x")->data);
  const int mean = past(a->output(a, "mean", EXACTBN_F64));
  const int var = past(a->output(a, "var", EXACTBN_F64));
  snprintf(text, sizeof text, "x %d, mean %d, var %d", x, mean, var);
  return exactbn_say(a, EXACTBN_ERROR, text);
}

/* Whether x and mean lie where they did at the last call of this function. */
static exactbn_status places(const exactbn_case* c, exactbn_answer* a) {
  static const void* last_x;
  static const void* last_mean;
  char text[80];
  const void* x = exactbn_input(c, "x")->data;
  const void* mean = a->output(a, "mean", EXACTBN_F64);
  snprintf(text, sizeof text, "x %s, mean %s",
           x == last_x         ? "stays"
           : x == last_mean ? "is where mean was"
                            : "moves",
           mean == last_mean ? "stays" : "moves");
  last_x = x;
  last_mean = mean;
  return exactbn_say(a, EXACTBN_ERROR, text);
}

static exactbn_status run(const exactbn_case* c, exactbn_answer* a) {
  if (is(c, "means")) return means(c, a);
  if (is(c, "places")) return places(c, a);
  if (is(c, "scribbles")) {
    ((double*)(uintptr_t)exactbn_input(c, "x")->data)[4] = 9;
    return means(c, a);
  }
  if (strncmp(c->id, "writes ", 7) == 0) { /* writes y 6 2: y[6], y[7] */
    char name[16];
    int first = 0;
    int count = 0;
    int k;
    double* to;
    sscanf(c->id, "writes %15s %d %d", name, &first, &count);
    to = exactbn_input(c, name) != NULL
             ? (double*)(uintptr_t)exactbn_input(c, name)->data
             : (double*)a->output(a, name, EXACTBN_F64);
    for (k = first; k < first + count; ++k) to[k] = 0.5;
    return EXACTBN_OUTPUTS;
  }
  if (is(c, "addresses")) return addresses(c, a);
  if (is(c, "threads")) {
    const char* given = getenv("OMP_NUM_THREADS");
    return exactbn_say(a, EXACTBN_ERROR, given ? given : "none");
  }
  if (is(c, "fields"))
    return exactbn_say(a, EXACTBN_ERROR, seen_well(c) ? "well" : "badly");
  if (is(c, "cumulative"))
    return exactbn_say(
        a, EXACTBN_ERROR,
        c->cumulative == 1 && c->momentum != c->momentum ? "well" : "badly");
  if (is(c, "unwritten")) {
    a->output(a, "y", EXACTBN_BF16);
    a->output(a, "mean", EXACTBN_F16);
    a->output(a, "var", EXACTBN_F32);
    a->output(a, "invstd", EXACTBN_F64);
    return EXACTBN_OUTPUTS;
  }
  if (is(c, "twice")) {
    double* first = (double*)a->output(a, "mean", EXACTBN_F64);
    float* other = (float*)a->output(a, "var", EXACTBN_F32);
    double* later = (double*)a->output(a, "var", EXACTBN_F64);
    first[0] = 1;
    other[2] = 1; /* still writable, but no longer the answer */
    later[0] = a->output(a, "mean", EXACTBN_F64) == (void*)first ? 2 : 3;
    return EXACTBN_OUTPUTS;
  }
  if (is(c, "unknown")) {
    const int refused = a->output(a, "dx", EXACTBN_F64) == NULL &&
                        a->output(a, "running_mean", EXACTBN_F64) == NULL &&
                        a->output(a, NULL, EXACTBN_F64) == NULL &&
                        a->output(a, "y", (exactbn_dtype)6) == NULL;
    return exactbn_say(a, EXACTBN_ERROR, refused ? "well" : "badly");
  }
  if (is(c, "unsupported"))
    return exactbn_say(a, EXACTBN_UNSUPPORTED, "not today");
  if (is(c, "rejected")) return exactbn_say(a, EXACTBN_REJECTED, NULL);
  if (is(c, "status")) return (exactbn_status)9;
  if (is(c, "crash")) abort();
  return EXACTBN_ERROR;
}

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {
      EXACTBN_PLUGIN_ABI,
      "{\"subject\":\"scripted\",\"operations\":[\"forward_training\"]}", run};
  return &plugin;
}
