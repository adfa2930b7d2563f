// SPDX-License-Identifier: Apache-2.0
// Judges a kernel in JavaScript: node json.js FOLDER/forward_training-f32.json
// The reader is the first three functions. They read f32: 8 digits a value.
"use strict";
const view = new DataView(new ArrayBuffer(4));
const value = (bits) => { view.setUint32(0, bits); return view.getFloat32(0); };
const bits = (t, i) => parseInt(t.bits.slice(8 * i, 8 * i + 8), 16);
// The error beyond half an ulp, in units of eta.
function eta(out, i, got) {
  const want = bits(out, i), size = Math.min(want & 0x7fffffff, 0x7f7ffffe);
  const ulp = value(size + 1) - value(size);
  const k = parseInt(out.residual.slice(17 * i, 17 * i + 17), 16) / 2 ** 64;
  const beyond = Math.abs(got - value(want) - k * ulp) - ulp / 2;
  return beyond > 0 ? beyond / out.eta_limit_unit[i] : 0;
}

// Whether a value is right if `judged` is not v; see golden/README.md.
function same(out, i, got) {
  const want = value(bits(out, i));
  if (out.judged[i] === "f") return !Number.isFinite(got);
  return got === want || (Number.isNaN(got) && Number.isNaN(want));
}

const numbers = (t) =>
  Array.from({length: t.bits.length / 8}, (_, i) => value(bits(t, i)));

function epsilon(digits) {
  const f64 = new DataView(new ArrayBuffer(8));
  f64.setBigUint64(0, BigInt("0x" + digits));
  return f64.getFloat64(0);
}

// The kernel under test: two passes in doubles. `fast` makes the well-known
// mistake: one pass, E[x^2] - E[x]^2, in f32.
function batchNorm(test, fast) {
  const {x, gamma, beta} = test.inputs, f = Math.fround;
  const axis = test.channel_axis, channels = x.shape[axis];
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const xs = numbers(x), y = [], mean = [], variance = [], invstd = [];
  const g = gamma ? numbers(gamma) : Array(channels).fill(1);
  const b = beta ? numbers(beta) : Array(channels).fill(0);
  const channelOf = (i) => Math.floor(i / inner) % channels;
  for (let c = 0; c < channels; ++c) {
    const mine = xs.filter((_, i) => channelOf(i) === c), m = mine.length;
    let mu = mine.reduce((s, v) => s + v, 0) / m;
    let v = mine.reduce((s, v) => s + (v - mu) ** 2, 0) / m;
    if (fast) {
      mu = f(mu);
      v = f(f(mine.reduce((s, v) => f(s + f(v * v)), 0) / m) - f(mu * mu));
    }
    mean.push(mu);
    variance.push(v);
    invstd.push(1 / Math.sqrt(v + epsilon(test.epsilon)));
  }
  xs.forEach((v, i) => {
    const c = channelOf(i);
    y.push((v - mean[c]) * invstd[c] * g[c] + b[c]);
  });
  return {y, mean, var: variance, invstd};
}

const file = JSON.parse(require("node:fs").readFileSync(process.argv[2]));
const fast = process.argv[3] === "--fast";
const found = {};
for (const test of file.cases) {
  if (test.expected.reject) continue;
  for (const [name, list] of Object.entries(batchNorm(test, fast))) {
    const out = test.expected.outputs[name];
    found[name] ??= {values: 0, wrong: 0, undecided: 0, worst: 0, where: "-"};
    const f = found[name];
    list.map(Math.fround).forEach((got, i) => {
      f.values += 1;
      const judged = out.judged?.[i] ?? "v";
      if (judged === "u") {
        f.undecided += 1;
      } else if (judged !== "v") {
        f.wrong += !same(out, i, got);
      } else {
        const e = eta(out, i, got);
        f.wrong += !(e <= out.eta_limit);
        if (!(e <= f.worst)) Object.assign(f, {worst: e, where: test.id});
      }
    });
  }
}
let values = 0, wrong = 0;
for (const [name, f] of Object.entries(found)) {
  console.log(`${name}: ${f.values} values, ${f.wrong} wrong, ` +
    `${f.undecided} undecided, ` +
    `worst eta ${f.worst.toPrecision(3)} (${f.where})`);
  values += f.values;
  wrong += f.wrong;
}
process.exit(values === 0 || wrong > 0 ? 1 : 0);
