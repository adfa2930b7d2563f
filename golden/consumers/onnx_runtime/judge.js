// SPDX-License-Identifier: Apache-2.0
// Judges ONNX Runtime: node judge.js ONNX_FOLDER JSON_FOLDER. exactbn generate
// writes the folders with --format onnx, and with --format json --convention
// onnx. run() runs a case, and eta() judges a value.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const ort = require("onnxruntime-node");

async function run(folder) {
  const session = await ort.InferenceSession.create(`${folder}/model.onnx`);
  const feeds = {};
  session.inputNames.forEach((name, i) => {
    feeds[name] = tensor(`${folder}/test_data_set_0/input_${i}.pb`);
  });
  return session.run(feeds);
}

// The error beyond half an ulp, in units of eta.
function eta(out, i, got) {
  const {error, ulp} = distance(out, i, got);
  const beyond = error - ulp / 2;
  return beyond > 0 ? beyond / out.eta_limit_unit[i] : 0;
}

// The distance from the exact value, and the ulp there.
function distance(out, i, got) {
  const {digits, value, last} = formats[out.dtype];
  const want = BigInt("0x" + out.bits.slice(digits * i, digits * (i + 1)));
  const sign = 1n << BigInt(4 * digits - 1);
  const size = want % sign < last ? want % sign : last - 1n;
  const ulp = value(size + 1n) - value(size);
  const k = parseInt(out.residual.slice(17 * i, 17 * i + 17), 16) / 2 ** 64;
  return {error: Math.abs(got - value(want) - k * ulp), ulp, want: value(want)};
}

const view = new DataView(new ArrayBuffer(8));
function half(bits) {
  const n = Number(bits), e = n >> 10 & 31, f = n & 1023;
  const size = e === 31 ? (f ? NaN : Infinity)
                        : e ? (1 + f / 1024) * 2 ** (e - 15) : f * 2 ** -24;
  return n >> 15 ? -size : size;
}
// `last` is the largest number.
const formats = {
  f64: {digits: 16, last: 0x7fefffffffffffffn, type: "float64",
    array: Float64Array,
    value: (b) => { view.setBigUint64(0, b); return view.getFloat64(0); }},
  f32: {digits: 8, last: 0x7f7fffffn, type: "float32", array: Float32Array,
    value: (b) => { view.setUint32(0, Number(b)); return view.getFloat32(0); }},
  f16: {digits: 4, last: 0x7bffn, type: "float16", array: Uint16Array,
    value: half},
};
const byDataType = {1: "f32", 10: "f16", 11: "f64"};  // of onnx.proto

// Reads a TensorProto: dims is field 1, data_type 2 and raw_data 9.
function tensor(file) {
  const bytes = fs.readFileSync(file), dims = [];
  let at = 0, dtype = "", raw = bytes;
  const varint = () => {
    let value = 0, factor = 1;
    for (;; factor *= 128) {
      value += (bytes[at] & 127) * factor;
      if (bytes[at++] < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint(), field = key >> 3, number = varint();
    if (field === 1) dims.push(number);
    if (field === 2) dtype = byDataType[number];
    if ((key & 7) !== 2) continue;
    if (field === 9) raw = bytes.subarray(at, at + number);
    at += number;
  }
  if (!dtype) throw new Error("JavaScript has no tensor of this format");
  const {type, array} = formats[dtype];
  return new ort.Tensor(type, new array(Uint8Array.from(raw).buffer), dims);
}

// The answers to a case, in the convention of ONNX.
function* expected(test) {
  const outputs = {...test.expected.outputs, ...test.dialect?.outputs};
  yield ["Y", outputs.y];
  for (const name of ["running_mean", "running_var"]) {
    if (outputs[name]) yield [name, outputs[name]];
  }
}

// Whether the ONNX folder expects the same value as the JSON.
function expectsSame(folder, index, out) {
  const given = tensor(`${folder}/test_data_set_0/output_${index}.pb`);
  const {digits, value} = formats[out.dtype];
  return given.type === formats[out.dtype].type &&
    [...given.data].every((v, i) => Object.is(
      out.dtype === "f16" ? half(v) : v,
      value(BigInt("0x" + out.bits.slice(digits * i, digits * (i + 1))))));
}

function judge(row, test, out, results) {
  [...results.data].forEach((v, i) => {
    const got = results.type === "float16" ? half(v) : v;
    const {error, ulp, want} = distance(out, i, got);
    const judged = out.judged?.[i] ?? "v";
    let right = got === want || (Number.isNaN(got) && Number.isNaN(want));
    row.values += 1;
    if (judged === "u") {
      row.undecided += 1;
      return;
    }
    if (judged === "f") right = !Number.isFinite(got);
    if (judged === "v") {
      const e = eta(out, i, got);
      right = error < ulp || e <= out.eta_limit;
      if (!(e <= row.worst)) Object.assign(row, {worst: e, where: test.id});
    }
    row.wrong += !right;
    if (!right) row.ids.add(`${test.id} [${test.labels.join(" ")}]`);
  });
}

async function main(onnx, json) {
  const rows = {}, refused = {};
  console.log("ONNX Runtime", ort.env.versions.node);
  for (const file of fs.readdirSync(json).filter((n) => /^forw.*n$/.test(n))) {
    const text = fs.readFileSync(path.join(json, file));
    for (const test of JSON.parse(text).cases) {
      const folder = path.join(onnx, test.id);
      if (!fs.existsSync(folder)) continue;
      const kind = file.replace(/\.json$/, "").replace("-", " ");
      let results;
      try {
        results = await run(folder);
      } catch (error) {
        const why = `${kind}: ${String(error.message).slice(0, 90)}`;
        refused[why] = (refused[why] ?? 0) + 1;
        continue;
      }
      [...expected(test)].forEach(([name, out], index) => {
        const row = rows[`${kind} ${name}`] ??= {values: 0, wrong: 0,
          undecided: 0, others: 0, worst: 0, where: "-", ids: new Set()};
        if (expectsSame(folder, index, out)) judge(row, test, out, results[name]);
        else row.others += 1;
      });
    }
  }
  let values = 0, wrong = 0;
  for (const [kind, row] of Object.entries(rows)) {
    console.log(`${kind}: ${row.values} values, ${row.wrong} wrong, ` +
      `${row.undecided} undecided, worst eta ${row.worst.toPrecision(3)} ` +
      `(${row.where})` +
      (row.others ? `, ${row.others} cases expect another value` : ""));
    if (row.ids.size) {
      console.log(`  in ${row.ids.size} cases: ` +
        [...row.ids].slice(0, 4).join(", "));
    }
    values += row.values;
    wrong += row.wrong;
  }
  for (const [why, count] of Object.entries(refused)) {
    console.log(`${count} cases refused: ${why}`);
  }
  process.exit(values === 0 || wrong > 0 ? 1 : 0);
}

main(...process.argv.slice(2));
