/* SPDX-License-Identifier: Apache-2.0 */
/* exactbn.h from C99: a check that passes and one that fails, the reference,
 * the tolerances, the suite, and a run over a function. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exactbn.h"

static int failures = 0;

static void expect(int holds, const char* what) {
  if (holds) return;
  printf("not so: %s\n", what);
  ++failures;
}

static const int64_t shape[] = {2, 2, 3};
static const float x[12] = {1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60};

static exactbn_question forward(const exactbn_array* input) {
  exactbn_question question = {0};
  question.size = sizeof question;
  question.operation = "forward_training";
  question.channel_axis = 1;
  question.epsilon = 0.0009765625;
  question.input_count = 1;
  question.inputs = input;
  return question;
}

/* Two passes in double, rounded to float; `inside`: epsilon is in the root. */
static void normalize(const float* in, int inside, double epsilon, float* y) {
  int c, n, k;
  for (c = 0; c < 2; ++c) {
    double mean = 0, var = 0, scale;
    for (n = 0; n < 2; ++n)
      for (k = 0; k < 3; ++k) mean += in[n * 6 + c * 3 + k] / 6.0;
    for (n = 0; n < 2; ++n)
      for (k = 0; k < 3; ++k) var += pow(in[n * 6 + c * 3 + k] - mean, 2) / 6;
    scale = inside ? 1 / sqrt(var + epsilon) : 1 / (sqrt(var) + epsilon);
    for (n = 0; n < 2; ++n)
      for (k = 0; k < 3; ++k) {
        const int i = n * 6 + c * 3 + k;
        y[i] = (float)((in[i] - mean) * scale);
      }
  }
}

static void checks(void) {
  const exactbn_array input = {"x", "f32", x, 3, shape, NULL};
  const exactbn_question question = forward(&input);
  float values[12];
  exactbn_array y = {"y", "f32", NULL, 3, shape, NULL};
  exactbn_output_verdict verdict;
  exactbn_result* result;
  y.data = values;
  normalize(x, 1, question.epsilon, values);
  result = exactbn_check(&question, 1, &y, NULL);
  expect(exactbn_code(result) == EXACTBN_OK, "a right y is checked");
  expect(!exactbn_failed(result), "a right y passes");
  expect(strcmp(exactbn_text(result), "") == 0, "and has no text");
  expect(exactbn_output_count(result) == 1, "one output");
  expect(exactbn_output(result, 0, &verdict) == EXACTBN_OK &&
             strcmp(verdict.output, "y") == 0 && verdict.max_ulp < 1,
         "y is faithful");
  exactbn_free(result);

  normalize(x, 0, question.epsilon, values);
  result = exactbn_check(&question, 1, &y, NULL);
  expect(exactbn_failed(result), "epsilon outside the root fails");
  expect(strcmp(exactbn_verdict(result), "failed") == 0, "its verdict");
  expect(strstr(exactbn_text(result), "epsilon") != NULL, "the cause is named");
  expect(strstr(exactbn_json(result), "\"exactbn/check/1\"") != NULL,
         "the JSON has a schema");
  expect(exactbn_output(result, 1, &verdict) == EXACTBN_INVALID,
         "there is no second output");
  exactbn_free(result);
}

static void reference(void) {
  const exactbn_array input = {"x", "f32", x, 3, shape, NULL};
  const exactbn_question question = forward(&input);
  double value[12], residual[12], unit[12], limit = 0;
  float rounded[12], want[12];
  exactbn_wanted wanted[2] = {{"y", "f64", NULL, NULL},
                              {"y", "f32", NULL, NULL}};
  exactbn_result* result;
  int i;
  wanted[0].value = value;
  wanted[0].residual = residual;
  wanted[1].value = rounded;
  result = exactbn_reference(&question, 2, wanted, NULL);
  expect(exactbn_code(result) == EXACTBN_OK, exactbn_text(result));
  exactbn_free(result);
  normalize(x, 1, question.epsilon, want);
  for (i = 0; i < 12; ++i) {
    expect(rounded[i] == (float)value[i], "both formats agree");
    expect(fabs(rounded[i] - want[i]) < 1e-6, "y is y");
    expect(fabs(residual[i]) <= ldexp(fabs(value[i]), -53), "the residual");
  }
  result = exactbn_tolerance_units(&question, "y", NULL, unit, &limit);
  expect(exactbn_code(result) == EXACTBN_OK, exactbn_text(result));
  exactbn_free(result);
  expect(limit > 12 && limit < 13, "8 + 2 sqrt(6)");
  for (i = 0; i < 12; ++i) {
    expect(unit[i] > 1e-9 && unit[i] < 1e-5, "units of f32");
  }
}

static void suite(void) {
  exactbn_result* result = exactbn_suite("forward_inference", "f16");
  exactbn_question question;
  expect(exactbn_case_count(result) > 10, "the suite has cases");
  expect(exactbn_case_question(result, 0, &question) == EXACTBN_OK &&
             strcmp(question.operation, "forward_inference") == 0 &&
             strncmp(question.id, "inf-f16-", 8) == 0,
         "of the operation");
  exactbn_free(result);
}

static int calls = 0;

static int answer(void* self, const exactbn_question* question,
                  exactbn_reply* reply) {
  exactbn_array y = question->inputs[0];
  size_t i;
  const int* const most = (const int*)self;
  if (++calls > *most) return 1;
  for (i = 0; i < question->input_count; ++i)
    if (strcmp(question->inputs[i].name, "x") == 0) y = question->inputs[i];
  y.name = "y";
  exactbn_reply_output(reply, &y);
  return 0;
}

static void run(void) {
  const char* const words[] = {"validate", "identity", "--dtype", "f64"};
  int most = 1000000;
  exactbn_subject subject;
  exactbn_result* result;
  subject.name = "identity";
  subject.declaration =
      "{\"subject\":\"identity 1\",\"operations\":[\"forward_inference\"],"
      "\"outputs\":{\"forward_inference\":[\"y\"]}}";
  subject.answer = answer;
  subject.self = &most;
  result = exactbn_run(4, words, &subject);
  expect(exactbn_code(result) == EXACTBN_OK, exactbn_text(result));
  expect(exactbn_exit_code(result) == 1, "y = x fails");
  expect(strstr(exactbn_text(result), "identity 1") != NULL, "a report");
  expect(
      strstr(exactbn_text(result), "again  exactbn validate identity") != NULL,
      "the command that repeats a failure");
  exactbn_free(result);
  most = 3;
  calls = 0;
  result = exactbn_run(4, words, &subject);
  expect(exactbn_exit_code(result) == 130, "the function can stop the run");
  exactbn_free(result);
}

int main(void) {
  expect(exactbn_api_version() == EXACTBN_API_VERSION, "the version");
  checks();
  reference();
  suite();
  run();
  if (failures == 0) printf("all as expected\n");
  return failures == 0 ? 0 : 1;
}
