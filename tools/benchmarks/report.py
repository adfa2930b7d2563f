# SPDX-License-Identifier: Apache-2.0
"""Prints the figures and their limits: report.py BENCHMARKS.json MPMATH.txt
GRADCHECK.txt PYTHON.json [--json]

The files are the outputs of exactbn_benchmarks, of two_pass_mpmath.py, of
gradcheck_torch.py and of python_package.py. The text files are empty, and the
last one has no figures, if mpmath or torch is not installed: then figures that
compare with it are null.
"""

import json
import math
import sys

AT_MOST = {
    "generate_f64_ns": 3,
    "exact_sums_over_double_two_pass_f32": 1.5,
    "backward_over_forward_f64": 3,
    "extra_memory_mib": 64,
    "check_f32_over_limit": 2,
    "check_f64_over_limit": 2,
    "check_backward_f32_over_limit": 3,
    "check_channels_last_over_first": 1.5,
    "python_check_over_read": 2,
    "python_small_over_assert_close": 3,
    "import_ms": 50,
}
AT_LEAST = {
    "mpfr_over_generate_f64": 40,
    "mpmath_over_generate_f64": 800,
    "thread_efficiency": 0.85,
    "torch_forward_over_check_f32": 4,
    "cases_per_second": 20000,
    "cases_over_gradcheck": 100,
}


def medians(report):
    return {
        run["run_name"]: run
        for run in report["benchmarks"]
        if run.get("aggregate_name") == "median"
    }


def over(a, b):
    return None if a is None or b is None else a / b


def figures(runs, mpmath_ns, gradchecks, python):
    def ns(name, time="cpu_time"):
        run = runs.get(name)
        return run and run[time] / run["values"]

    def efficiency(name):
        alone = ns(f"{name}/1", "real_time")
        return over(alone, over(ns(f"{name}/2", "real_time"), 1 / 2))

    def real(name):
        return ns(f"{name}/real_time", "real_time")

    cases = over(1e9, real("properties_small"))
    forward = ns("forward_f64/1")
    check, large = real("check_f32"), real("check_large_f32")
    sums = ns("exact_sums_f32")
    extra = [run.get("extra_mib", math.nan) for run in runs.values()]
    return {
        "generate_f64_ns": forward,
        "mpfr_over_generate_f64": over(ns("two_pass_mpfr_f64"), forward),
        "mpmath_over_generate_f64": over(mpmath_ns, forward),
        "exact_sums_over_double_two_pass_f32": over(
            sums, ns("two_pass_double_f32")
        ),
        "backward_over_forward_f64": over(ns("backward_f64/1"), forward),
        "thread_efficiency": efficiency("forward_f64"),
        "extra_memory_mib": max(
            (mib for mib in extra if not math.isnan(mib)), default=None
        ),
        "check_f32_over_limit": over(check, real("read_2_f32")),
        "check_f64_over_limit": over(real("check_f64"), real("read_2_f64")),
        "torch_forward_over_check_f32": over(real("torch_forward_f32"), check),
        "check_backward_f32_over_limit": over(
            real("check_backward_f32"), real("read_3_f32")
        ),
        "check_channels_last_over_first": over(real("check_nhwc_f32"), check),
        "cases_per_second": cases,
        "cases_over_gradcheck": over(cases, gradchecks),
        "check_large_f32_over_limit": over(large, real("read_2_large_f32")),
        "torch_forward_over_check_large_f32": over(
            real("torch_forward_large_f32"), large
        ),
        "python_check_over_read": python.get("python_check_over_read"),
        "python_small_over_assert_close": over(
            python.get("python_small_us"), python.get("assert_close_us")
        ),
        "import_ms": python.get("import_ms"),
        "python_small_us": python.get("python_small_us"),
        "assert_close_us": python.get("assert_close_us"),
        "check_f32_ns": check,
        "check_f64_ns": real("check_f64"),
        "read_2_f32_ns": real("read_2_f32"),
        "backward_f64_ns": ns("backward_f64/1"),
        "backward_thread_efficiency": efficiency("backward_f64"),
        "double_backward_f64_ns": ns("double_backward_f64/1"),
        "generate_f32_ns": ns("forward_f32/1"),
        "generate_f16_ns": ns("forward_f16/1"),
        "generate_bf16_ns": ns("forward_bf16/1"),
        "exact_sums_f32_ns": sums,
        "exact_sums_f64_ns": ns("exact_sums_f64"),
        "double_two_pass_f32_ns": ns("two_pass_double_f32"),
        "double_two_pass_lanes_f32_ns": ns("two_pass_lanes_f32"),
        "mpfr_f64_ns": ns("two_pass_mpfr_f64"),
        "mpmath_f64_ns": mpmath_ns,
        "allocate_f64_ns": ns("allocate_f64"),
        "read_f64_ns": ns("read_f64"),
    }


def limit(key, value):
    """The limit of a figure, and whether it is met, as text for the table."""
    if key in AT_MOST:
        text, met = f"<= {AT_MOST[key]}", value and value <= AT_MOST[key]
    elif key in AT_LEAST:
        text, met = f">= {AT_LEAST[key]}", value and value >= AT_LEAST[key]
    else:
        return "", ""
    return text, "" if value is None else "yes" if met else "no"


def print_table(values):
    print(f"{'figure':36}{'median':>10}  {'limit':8}  met")
    for key, value in values.items():
        shown = "none" if value is None else f"{value:.4g}"
        text, met = limit(key, value)
        print(f"{key:36}{shown:>10}  {text:8}  {met}".rstrip())


def number_in(path):
    """The number in a file; None if the file is empty."""
    with open(path) as file:
        text = file.read()
    return float(text) if text else None


def main(benchmarks, mpmath, gradcheck, python, *options):
    with open(benchmarks) as file:
        report = json.load(file)
    with open(python) as file:
        of_python = json.load(file)
    context = report["context"]
    values = figures(
        medians(report), number_in(mpmath), number_in(gradcheck), of_python
    )
    if "--json" in options:
        print(json.dumps(values, indent=2))
    else:
        print_table(values)
    load, processors = context["load_avg"][:1], context["num_cpus"]
    if load and load[0] > processors:
        print(
            f"tools/bench: a load of {load[0]:.1f} on {processors} processors:"
            " thread efficiency, in real time, is unreliable",
            file=sys.stderr,
        )


main(*sys.argv[1:])
