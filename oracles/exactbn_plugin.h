/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C interface of an implementation of batch normalization under test.
 *
 * This header is all that a plugin needs. Copy it, write the two parts below,
 * build a shared library, and run:
 *
 *     cc -std=c99 -shared -fPIC -o my_kernel.so my_kernel.c
 *     exactbn validate ./my_kernel.so
 *
 * Part one is a function that answers one case:
 *
 *     static exactbn_status run(const exactbn_case* c, exactbn_answer* a) {
 *       const exactbn_tensor* x = exactbn_input(c, "x");
 *       if (x->dtype != EXACTBN_F32)
 *         return exactbn_say(a, EXACTBN_UNSUPPORTED, "f32 only");
 *       float* y = (float*)a->output(a, "y", EXACTBN_F32);
 *       ... fill y ...
 *       return EXACTBN_OUTPUTS;
 *     }
 *
 * Part two is the only symbol that the tool looks up:
 *
 *     EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
 *       static const exactbn_plugin plugin = {
 *           EXACTBN_PLUGIN_ABI,
 *           "{\"subject\":\"my kernel 1.2\","
 *           "\"operations\":[\"forward_training\"],\"dtypes\":[\"f32\"]}",
 *           run};
 *       return &plugin;
 *     }
 *
 * The declaration is the JSON object that a subject process writes as its first
 * line; the project's oracles/README.md lists its fields. The tool loads a
 * plugin in a separate process, so a crash fails the case and not the run, and
 * calls `run` from one thread, one case at a time. What the plugin prints on
 * standard output goes to standard error.
 */
#ifndef EXACTBN_PLUGIN_H
#define EXACTBN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a type below changes. */
#define EXACTBN_PLUGIN_ABI 1

#if defined(_WIN32)
#define EXACTBN_EXPORT __declspec(dllexport)
#else
#define EXACTBN_EXPORT __attribute__((visibility("default")))
#endif

typedef enum {
  EXACTBN_F64 = 0,      /* double */
  EXACTBN_F32 = 1,      /* float */
  EXACTBN_F16 = 2,      /* IEEE binary16, in a uint16_t */
  EXACTBN_BF16 = 3,     /* upper half of a float, in a uint16_t */
  EXACTBN_F8E4M3FN = 4, /* OCP's 8 bits, no infinities, in a uint8_t */
  EXACTBN_F8E5M2 = 5    /* OCP's 8 bits, upper half of binary16 */
} exactbn_dtype;

typedef enum {
  EXACTBN_OUTPUTS = 0,     /* every output is written */
  EXACTBN_UNSUPPORTED = 1, /* this subject does not support the case */
  EXACTBN_REJECTED = 2,    /* this subject refuses the input */
  EXACTBN_ERROR = 3        /* something went wrong */
} exactbn_status;

/* A dense row-major array. The data belong to the tool; when `run` returns, it
 * checks that they have not changed. */
typedef struct {
  const char* name; /* "x", "gamma", "dy", ... */
  exactbn_dtype dtype;
  int32_t rank;
  const int64_t* shape; /* rank extents, each at least 1 */
  const void* data;     /* aligned for one element only */
} exactbn_tensor;

/* One case. Everything in it lives until `run` returns. */
typedef struct {
  const char* id;
  const char* operation; /* "forward_training", "backward_training", ... */
  int32_t channel_axis;
  double epsilon;
  double momentum;         /* weight of the new statistic; NaN if cumulative */
  int32_t cumulative;      /* 1: the momentum is 1 / (batches_tracked + 1) */
  int64_t batches_tracked; /* batches before this one */
  size_t input_count;
  const exactbn_tensor* inputs;
} exactbn_case;

typedef struct exactbn_answer exactbn_answer;
struct exactbn_answer {
  void* host; /* private to the tool */

  /* Memory for an output of that name and format, to be filled row-major: y,
   * dx, y_dot, grad_dy and grad_x have the shape of x, every other output has
   * one value per channel. Its initial contents mean nothing, and it is aligned
   * for one element only. NULL if the operation has no such output. Writing
   * before or after it breaks the protocol. */
  void* (*output)(exactbn_answer* answer, const char* name,
                  exactbn_dtype dtype);

  /* The reason for a status other than EXACTBN_OUTPUTS. The text is copied. */
  void (*message)(exactbn_answer* answer, const char* text);
};

typedef struct {
  uint32_t abi; /* EXACTBN_PLUGIN_ABI */
  const char* declaration;
  exactbn_status (*run)(const exactbn_case* question, exactbn_answer* answer);
} exactbn_plugin;

/* The symbol that a plugin exports. */
EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void);

/* The input of that name, or NULL if the case has none. */
static inline const exactbn_tensor* exactbn_input(const exactbn_case* question,
                                                  const char* name) {
  size_t i;
  for (i = 0; i < question->input_count; ++i)
    if (strcmp(question->inputs[i].name, name) == 0)
      return &question->inputs[i];
  return NULL;
}

static inline exactbn_status exactbn_say(exactbn_answer* answer,
                                         exactbn_status status,
                                         const char* text) {
  answer->message(answer, text);
  return status;
}

#ifdef __cplusplus
}
#endif

#endif
