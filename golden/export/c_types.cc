// SPDX-License-Identifier: Apache-2.0
#include "golden/export/c_types.h"

namespace exactbn {

const std::string_view kCTypes = R"C(/* SPDX-License-Identifier: Apache-2.0 */
/* Types of proved answers of batch normalization, written by exactbn. Numbers
   are bit patterns; exactbn_value and exactbn_double convert them to double. */
#ifndef EXACTBN_VECTORS_H
#define EXACTBN_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Row-major values of an input or an output. */
typedef struct {
  const char *name;  /* x, gamma, y, ... */
  const char *dtype; /* f64, f32, f16 or bf16 */
  int width;         /* bits of a value: 64, 32 or 16 */
  int precision;     /* bits of its significand, the hidden one included */
  int rank;
  int32_t shape[5];
  size_t size;      /* how many values */
  const void *bits; /* uint64_t, uint32_t or uint16_t, by width */
} exactbn_tensor;

typedef struct {
  exactbn_tensor values;    /* correctly rounded */
  const uint64_t *residual; /* doubles: the exact values minus `values`, in ulp */
  const uint64_t *eta_unit; /* doubles: the error forgiven per unit of eta */
  const char *judged;       /* a letter per value: v, s, f or u; no final 0 */
  uint64_t eta_limit;       /* a double: the largest eta that passes */
} exactbn_output;

typedef struct {
  const char *rule;   /* "expected", or the name of a variation */
  const char *reject; /* why the input must be refused, or NULL */
  size_t outputs;     /* of a variation: those that differ from expected */
  const exactbn_output *output;
} exactbn_answer;

typedef struct {
  const char *id;
  const char *comment;
  size_t labels;
  const char *const *label;
  int channel_axis;
  uint64_t epsilon;         /* a double */
  const uint64_t *momentum; /* a double; NULL for the cumulative average */
  int64_t batches_tracked;
  size_t inputs;
  const exactbn_tensor *input;
  size_t answers; /* the expected one first, then the variations */
  const exactbn_answer *answer;
} exactbn_case;

typedef struct {
  const char *operation;
  const char *dtype; /* of x */
  const char *command;
  size_t semantics;
  const char *const *semantic; /* "momentum: weight of the new statistic" */
  size_t cases;
  const exactbn_case *test; /* the cases */
} exactbn_vectors;

static inline double exactbn_double(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint64_t exactbn_bits(const exactbn_tensor *t, size_t i) {
  if (t->width == 64) return ((const uint64_t *)t->bits)[i];
  if (t->width == 32) return ((const uint32_t *)t->bits)[i];
  return ((const uint16_t *)t->bits)[i];
}

/* The input or output with the name; NULL if absent. */
static inline const exactbn_tensor *exactbn_input(const exactbn_case *c,
                                                  const char *name) {
  size_t i;
  for (i = 0; i < c->inputs; ++i) {
    if (strcmp(c->input[i].name, name) == 0) return &c->input[i];
  }
  return NULL;
}
static inline const exactbn_output *exactbn_find_output(const exactbn_answer *a,
                                                        const char *name) {
  size_t i;
  for (i = 0; i < a->outputs; ++i) {
    if (strcmp(a->output[i].values.name, name) == 0) return &a->output[i];
  }
  return NULL;
}

/* Bits in the format of t, converted exactly to double. */
static inline double exactbn_of_bits(const exactbn_tensor *t, uint64_t bits) {
  const int fraction = t->precision - 1;
  const int exponents = t->width - t->precision;
  const uint64_t top = ((uint64_t)1 << exponents) - 1;
  const uint64_t exponent = bits >> fraction & top;
  const uint64_t sign = bits >> (t->width - 1);
  uint64_t significand = bits & (((uint64_t)1 << fraction) - 1);
  int64_t unit;
  double value;
  if (t->width == 64) return exactbn_double(bits);
  if (exponent == top) { /* infinity or NaN */
    return exactbn_double(sign << 63 | (uint64_t)0x7ff << 52 |
                          significand << (52 - fraction));
  }
  if (exponent > 0) significand |= (uint64_t)1 << fraction;
  unit = (int64_t)(exponent > 0 ? exponent : 1) - (int64_t)(top >> 1) - fraction;
  value = (double)significand * exactbn_double((uint64_t)(unit + 1023) << 52);
  return sign ? -value : value;
}

static inline double exactbn_value(const exactbn_tensor *t, size_t i) {
  return exactbn_of_bits(t, exactbn_bits(t, i));
}

/* The distance from a finite value to the next larger magnitude. */
static inline double exactbn_ulp(const exactbn_tensor *t, uint64_t bits) {
  const uint64_t size = bits & (((uint64_t)1 << (t->width - 1)) - 1);
  const double value = exactbn_of_bits(t, size);
  const double ulp = exactbn_of_bits(t, size + 1) - value;
  if (ulp - ulp == 0) return ulp;
  return value - exactbn_of_bits(t, size - 1); /* for the largest number */
}

/* Whether `got`, in the format of the output, is right for value i: 1 if so, 0
   if not, -1 if the data are too ill-conditioned to decide. */
static inline int exactbn_right(const exactbn_output *o, size_t i,
                                uint64_t got) {
  const uint64_t want = exactbn_bits(&o->values, i);
  const double w = exactbn_of_bits(&o->values, want);
  const double g = exactbn_of_bits(&o->values, got);
  const int finite = g - g == 0;
  const int same = w != w ? g != g : g == w;
  double ulp, error;
  if (o->judged[i] == 's') return same;
  if (o->judged[i] == 'f') return !finite;
  if (w - w != 0) return same ? 1 : -1;
  if (!finite) return o->judged[i] == 'u' ? -1 : 0;
  ulp = exactbn_ulp(&o->values, want);
  error = g - w - exactbn_double(o->residual[i]) * ulp;
  if (error < 0) error = -error;
  if (error < ulp) return 1;
  if (o->judged[i] == 'u') return -1;
  return error - ulp / 2 <=
         exactbn_double(o->eta_limit) * exactbn_double(o->eta_unit[i]);
}

#endif
)C";

}  // namespace exactbn
