/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a kernel in C99: cc -std=c99 -IFOLDER header.c -lm, where exactbn
   generate --format c wrote FOLDER. The reader is eta(). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "forward_training-f32.h"

/* The error beyond half an ulp, in units of eta. */
static double eta(const exactbn_output* o, size_t i, double got) {
  const double want = exactbn_value(&o->values, i);
  const double ulp = exactbn_ulp(&o->values, exactbn_bits(&o->values, i));
  const double exact = exactbn_double(o->residual[i]) * ulp; /* beyond want */
  const double beyond = fabs(got - want - exact) - ulp / 2;
  return beyond > 0 ? beyond / exactbn_double(o->eta_unit[i]) : 0;
}

/* The kernel under test, for channel c of x, which has shape [outer, channels,
   inner]: two passes in float. `fast` makes the well-known mistake: one pass,
   E[x^2] - E[x]^2. */
typedef struct {
  float mean, var, invstd;
} statistics;

static statistics batch_norm(const float* x, size_t outer, size_t channels,
                             size_t inner, size_t c, float gamma, float beta,
                             float epsilon, int fast, float* y) {
  const float m = (float)(outer * inner);
  float sum = 0, squares = 0;
  statistics s;
  size_t i, j;
  for (i = 0; i < outer; ++i) {
    for (j = 0; j < inner; ++j) sum += x[(i * channels + c) * inner + j];
  }
  s.mean = sum / m;
  for (i = 0; i < outer; ++i) {
    for (j = 0; j < inner; ++j) {
      const float v = x[(i * channels + c) * inner + j];
      squares += fast ? v * v : (v - s.mean) * (v - s.mean);
    }
  }
  s.var = squares / m - (fast ? s.mean * s.mean : 0);
  s.invstd = 1 / sqrtf(s.var + epsilon);
  for (i = 0; i < outer; ++i) {
    for (j = 0; j < inner; ++j) {
      const size_t at = (i * channels + c) * inner + j;
      y[at] = (x[at] - s.mean) * (s.invstd * gamma) + beta;
    }
  }
  return s;
}

/* The results for an output, over all cases. */
typedef struct {
  const char* name;
  long values, wrong, undecided;
  double worst;
  const char* where;
} row;

static void judge(row* r, const exactbn_case* test, size_t i, float got) {
  const exactbn_output* o = exactbn_find_output(&test->answer[0], r->name);
  uint32_t bits;
  int right;
  memcpy(&bits, &got, sizeof bits);
  right = exactbn_right(o, i, bits);
  ++r->values;
  r->wrong += right == 0;
  r->undecided += right < 0;
  if (o->judged[i] == 'v' && !(eta(o, i, got) <= r->worst)) {
    r->worst = eta(o, i, got);
    r->where = test->id;
  }
}

/* A kernel that computes only in float need not solve these; see
   golden/README.md. */
static int demanding(const exactbn_case* test) {
  static const char* const labels[] = {"IntermediateOverflow",
                                       "IntermediateUnderflow",
                                       "ProductOverflow",
                                       "LongSum",
                                       "AnyBits",
                                       "ZeroVariance",
                                       "SingleValue"};
  size_t i, j;
  for (i = 0; i < test->labels; ++i) {
    for (j = 0; j < sizeof labels / sizeof *labels; ++j) {
      if (strcmp(test->label[i], labels[j]) == 0) return 1;
    }
  }
  return 0;
}

static float value(const exactbn_tensor* t, size_t i, float absent) {
  return t == NULL ? absent : (float)exactbn_value(t, i);
}

static void run(const exactbn_case* test, int fast, row* rows) {
  const exactbn_tensor* t = exactbn_input(test, "x");
  const exactbn_tensor* gamma = exactbn_input(test, "gamma");
  const exactbn_tensor* beta = exactbn_input(test, "beta");
  const size_t channels = (size_t)t->shape[test->channel_axis];
  size_t inner = 1, c, i;
  float *x = malloc(t->size * sizeof *x), *y = malloc(t->size * sizeof *y);
  if (x == NULL || y == NULL) exit(2);
  for (i = 0; i < t->size; ++i) x[i] = (float)exactbn_value(t, i);
  for (i = (size_t)test->channel_axis + 1; i < (size_t)t->rank; ++i) {
    inner *= (size_t)t->shape[i];
  }
  for (c = 0; c < channels; ++c) {
    const statistics s = batch_norm(
        x, t->size / channels / inner, channels, inner, c, value(gamma, c, 1),
        value(beta, c, 0), (float)exactbn_double(test->epsilon), fast, y);
    judge(&rows[1], test, c, s.mean);
    judge(&rows[2], test, c, s.var);
    judge(&rows[3], test, c, s.invstd);
  }
  for (i = 0; i < t->size; ++i) judge(&rows[0], test, i, y[i]);
  free(x);
  free(y);
}

int main(int argc, char** argv) {
  const exactbn_vectors* v = &exactbn_forward_training_f32;
  const int fast = argc > 1 && strcmp(argv[1], "--fast") == 0;
  row rows[4] = {{"y", 0, 0, 0, 0, "-"},
                 {"mean", 0, 0, 0, 0, "-"},
                 {"var", 0, 0, 0, 0, "-"},
                 {"invstd", 0, 0, 0, 0, "-"}};
  long values = 0, wrong = 0;
  size_t i;
  for (i = 0; i < v->cases; ++i) {
    if (v->test[i].answer[0].reject != NULL) continue;
    if (!demanding(&v->test[i])) run(&v->test[i], fast, rows);
  }
  for (i = 0; i < 4; ++i) {
    printf("%s: %ld values, %ld wrong, %ld undecided, worst eta %.3g (%s)\n",
           rows[i].name, rows[i].values, rows[i].wrong, rows[i].undecided,
           rows[i].worst, rows[i].where);
    values += rows[i].values;
    wrong += rows[i].wrong;
  }
  return values == 0 || wrong > 0;
}
