/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge of batch normalization as a library: libexactbn.so. C99; this
 * header is all that is needed.
 *
 *     int64_t shape[] = {2, 3, 4, 4}, channels[] = {3};
 *     exactbn_array inputs[] = {{"x", "f32", x, 4, shape, NULL},
 *                               {"gamma", "f32", gamma, 1, channels, NULL}};
 *     exactbn_array y = {"y", "f32", y_of_my_kernel, 4, shape, NULL};
 *     exactbn_question question = {sizeof question};
 *     question.operation = "forward_training";
 *     question.channel_axis = 1;
 *     question.epsilon = 1e-5;
 *     question.input_count = 2;
 *     question.inputs = inputs;
 *     exactbn_result* r = exactbn_check(&question, 1, &y, NULL);
 *     if (exactbn_failed(r)) fputs(exactbn_text(r), stderr);
 *     exactbn_free(r);
 *
 * Operations, inputs, outputs, formats, verdicts and grades have the names of
 * the wire format: the project's oracles/README.md describes them.
 *
 * Every function may be called by any thread, at any time. None prints, exits,
 * throws, takes over a signal, or keeps a pointer after it returns. Errors are
 * results: exactbn_code says what kind, exactbn_text in one line which argument
 * is wrong, what it was and what was expected. A function that returns a result
 * returns NULL only if no memory is left, and every function takes that NULL
 * for such a result.
 *
 * A result belongs to the caller, who frees it with exactbn_free. All texts and
 * arrays that the library returns belong to a result and live as long as it,
 * but for those that say "static". The floating-point environment of the caller
 * has no influence, and does not change.
 *
 * The work is done by OpenMP's threads; in a process that was forked after the
 * library was loaded, by the calling thread alone, since OpenMP's threads do
 * not survive a fork.
 */
#ifndef EXACTBN_H
#define EXACTBN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define EXACTBN_API __declspec(dllexport)
#else
#define EXACTBN_API __attribute__((visibility("default")))
#endif

/* Raised whenever a type or a function below changes its meaning. */
#define EXACTBN_API_VERSION 1
EXACTBN_API uint32_t exactbn_api_version(void);
/* "0.1.0"; static. */
EXACTBN_API const char* exactbn_version(void);

/* The number of threads of all later calls, in [1, 4096]; 0, which is the
 * default: as many as OpenMP takes. Returns EXACTBN_INVALID for other numbers.
 */
EXACTBN_API int exactbn_set_threads(int threads);

/* What kind of error a result is. */
enum {
  EXACTBN_OK = 0,
  EXACTBN_INVALID = 1,   /* an argument is wrong */
  EXACTBN_NO_MEMORY = 2, /* no memory is left */
  EXACTBN_INTERNAL = 3   /* a defect of this library */
};

typedef struct exactbn_result exactbn_result;
EXACTBN_API int exactbn_code(const exactbn_result* result);
EXACTBN_API const char* exactbn_text(const exactbn_result* result);
EXACTBN_API void exactbn_free(exactbn_result* result);

/* An array in memory. */
typedef struct {
  const char* name;       /* "x", "gamma", "y", ... */
  const char* dtype;      /* f64 f32 f16 bf16 f8e4m3fn f8e5m2 */
  const void* data;       /* at any alignment; aligned data are not copied */
  int32_t rank;           /* 1 to 5 */
  const int64_t* shape;   /* rank extents, each at least 1 */
  const int64_t* strides; /* rank strides in elements; NULL: row-major. Arrays
                             with gaps or in another order are copied */
} exactbn_array;

/* What a kernel was asked. Set `size` to sizeof(exactbn_question), and what
 * does not matter to 0. */
typedef struct {
  size_t size;
  const char* operation; /* "forward_training", ... */
  const char* id;        /* a name for the text; may be NULL */
  int32_t channel_axis;  /* counted from 0 */
  int32_t cumulative;    /* 1: the momentum is 1 / (batches_tracked + 1) */
  double epsilon;        /* added to the variance, inside the root */
  double momentum;       /* the weight that the kernel was given */
  int64_t batches_tracked;
  size_t input_count;
  const exactbn_array* inputs;
} exactbn_question;

/* How to judge, and what the kernel declares: fields of its declaration as
 * KEY=VALUE, such as "running_variance=biased". NULL instead of this: the
 * defaults of a kernel that declares nothing. Set `size` to
 * sizeof(exactbn_judging), and what does not matter to 0. */
typedef struct {
  size_t size;
  const char* require;    /* the worst grade that passes; NULL: sequential */
  const char* domain;     /* ordinary or all; NULL: ordinary */
  const char* convention; /* of a framework, such as "keras"; or NULL */
  size_t declare_count;
  const char* const* declare;
  int32_t require_all; /* 1: an output that is not given is missing; 0: the
                          given ones are judged */
} exactbn_judging;

/* Judges outputs: the exact error of every value. exactbn_text is empty if all
 * passed, else the diagnosis in several lines. */
EXACTBN_API exactbn_result* exactbn_check(const exactbn_question* question,
                                          size_t output_count,
                                          const exactbn_array* outputs,
                                          const exactbn_judging* judging);

/* Whether a result of exactbn_check is an error, or its verdict is failed,
 * missing or undecided: 1 or 0. */
EXACTBN_API int exactbn_failed(const exactbn_result* result);
/* The verdict of exactbn_check: "passed", "failed", "missing", "undecided" or
 * "beyond"; "" if there is none. Static. */
EXACTBN_API const char* exactbn_verdict(const exactbn_result* result);
/* The verdict and those of the outputs, as JSON, schema exactbn/check/1; "" if
 * there is none. */
EXACTBN_API const char* exactbn_json(const exactbn_result* result);

/* The verdict on one output. The words are static. */
typedef struct {
  const char* output;
  const char* dtype;
  const char* verdict;
  const char* grade; /* of the decided values */
  double max_ulp;    /* magnitudes, of the decided values */
  double max_eta;
  double limit; /* the largest eta that passes */
  int64_t failed_values;
  int64_t undecided_values;
  /* The worst value: its place in row-major order, -1 if no value is decided;
   * its bits and those of the correctly rounded value; and its errors. */
  int64_t index;
  uint64_t got;
  uint64_t want;
  double ulp;
  double eta;
} exactbn_output_verdict;

EXACTBN_API size_t exactbn_output_count(const exactbn_result* result);
/* Copies the verdict on output i to `to`. */
EXACTBN_API int exactbn_output(const exactbn_result* result, size_t i,
                               exactbn_output_verdict* to);

/* An output to compute. `value` and `residual` are row-major memory of its
 * format and size, aligned for one element: y, dx, y_dot, grad_dy and grad_x
 * have as many values as x, every other output has one per channel. */
typedef struct {
  const char* name;
  const char* dtype;
  void* value;    /* correctly rounded */
  void* residual; /* exact - value, correctly rounded; 0 where the exact value
                     is no number; may be NULL */
} exactbn_wanted;

/* Computes outputs exactly, and rounds them once, to nearest, ties to even. Of
 * `judging`, the conventions matter: momentum and running_variance. */
EXACTBN_API exactbn_result* exactbn_reference(const exactbn_question* question,
                                              size_t wanted_count,
                                              const exactbn_wanted* wanted,
                                              const exactbn_judging* judging);

/* Writes to unit[i] the error of value i of an output that an eta of 1 permits,
 * beyond half an ulp; and to *limit the largest eta that passes. So an error of
 * half an ulp + *limit unit[i] passes. unit[i] is NaN where the exact value is
 * no number, and infinite where the channel is too ill-conditioned to judge. */
EXACTBN_API exactbn_result* exactbn_tolerance_units(
    const exactbn_question* question, const char* output,
    const exactbn_judging* judging, double* unit, double* limit);

/* The cases of the core suite of an operation and a format of x; NULL: of all.
 */
EXACTBN_API exactbn_result* exactbn_suite(const char* operation,
                                          const char* dtype);
/* `count` drawn cases, each determined by seed and index; the first has the
 * index `first`. profile is "small" (at most 64 values), "usual" or "large";
 * NULL: usual. */
EXACTBN_API exactbn_result* exactbn_draw(const char* operation,
                                         const char* dtype, const char* profile,
                                         uint64_t seed, uint64_t first,
                                         uint64_t count);

EXACTBN_API size_t exactbn_case_count(const exactbn_result* result);
/* Sets *to to case i, with its id; its arrays belong to the result. */
EXACTBN_API int exactbn_case_question(const exactbn_result* result, size_t i,
                                      exactbn_question* to);
/* What case i tests: "MeanDominatesVariance, SingleValue". */
EXACTBN_API const char* exactbn_case_labels(const exactbn_result* result,
                                            size_t i);

/* An implementation to be judged in this process. */
typedef struct exactbn_reply exactbn_reply;
typedef struct {
  const char* name;        /* on the command line */
  const char* declaration; /* JSON, of the wire format */
  /* Answers a question, whose arrays live until it returns, by calls of the
   * functions below. Called by the thread that calls exactbn_run. Returns 0, or
   * 1 to stop the run. */
  int (*answer)(void* self, const exactbn_question* question,
                exactbn_reply* reply);
  void* self;
} exactbn_subject;

/* Adds an output to a reply; copies the values. Returns EXACTBN_INVALID if the
 * array is wrong: then the case fails with this as the reason. */
EXACTBN_API int exactbn_reply_output(exactbn_reply* reply,
                                     const exactbn_array* output);
/* Replies without outputs: "unsupported", "rejected" or "error", and why. */
EXACTBN_API int exactbn_reply_refusal(exactbn_reply* reply, const char* kind,
                                      const char* why);

/* `exactbn challenge` gives the inputs of all questions in a few buffers, which
 * it refills, exchanges and moves between calls, and compares them after each:
 * what depends on addresses or on earlier calls shows. */

/* Runs the command `exactbn` with these words, such as {"validate", "mine",
 * "--dtype", "f32"}, in this process. SUBJECT may be the name of `subject`,
 * which may be NULL, or built in. exactbn_text is what the command prints,
 * exactbn_messages what it prints on standard error. A run that `answer` stops
 * has the exit code 130. */
EXACTBN_API exactbn_result* exactbn_run(size_t word_count,
                                        const char* const* words,
                                        const exactbn_subject* subject);
EXACTBN_API const char* exactbn_messages(const exactbn_result* result);
EXACTBN_API int exactbn_exit_code(const exactbn_result* result);

#ifdef __cplusplus
}
#endif

#endif
