#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime: each case loads a model of one BatchNormalization, opset 15.
// The npm package is that of golden/consumers/onnx_runtime.
import {createRequire} from "node:module";
import {Unsupported, formats, serve} from "./serve.mjs";

const require = createRequire(
  new URL("../../golden/consumers/onnx_runtime/", import.meta.url));
const ort = require("onnxruntime-node");

const types = {  // data_type of onnx.proto, and its name in ort
  f32: [1, "float32"], f16: [10, "float16"], f64: [11, "float64"]};

// Protobuf messages: a field is its number, its wire type and its value.
const varint = (n) => n < 128 ? [n] : [n % 128 + 128, ...varint(n >> 7)];
const integer = (field, n) => [...varint(field << 3), ...varint(n)];
const bytes = (field, content) =>
  [...varint(field << 3 | 2), ...varint(content.length), ...content];
const text = (field, s) => bytes(field, Buffer.from(s));
const float = (field, value) => {
  const raw = Buffer.alloc(4);
  raw.writeFloatLE(value);
  return [...varint(field << 3 | 5), ...raw];
};

// AttributeProto: 1 name, 2 f, 3 i, 20 type, which is 1 for f and 2 for i.
const floatAttribute = (name, value) =>
  bytes(5, [...text(1, name), ...float(2, value), ...integer(20, 1)]);
const intAttribute = (name, value) =>
  bytes(5, [...text(1, name), ...integer(3, value), ...integer(20, 2)]);

// ValueInfoProto: 1 name, 2 type. TypeProto: 1 tensor_type: 1 elem_type, 2
// shape. TensorShapeProto: 1 dim, each with 1 dim_value.
const value = (field, name, dtype, shape) => bytes(field, [
  ...text(1, name),
  ...bytes(2, bytes(1, [
    ...integer(1, types[dtype][0]),
    ...bytes(2, shape.flatMap((n) => bytes(1, integer(1, n))))]))]);

// ModelProto: 1 ir_version, 7 graph, 8 opset_import (2 version). GraphProto:
// 1 node, 2 name, 11 input, 12 output. NodeProto: 1 input, 2 output, 4 op_type,
// 5 attribute.
function model(inputs, outputs, attributes) {
  const node = [
    ...inputs.flatMap(({name}) => text(1, name)),
    ...outputs.flatMap(({name}) => text(2, name)),
    ...text(4, "BatchNormalization"), ...attributes];
  const graph = [
    ...bytes(1, node), ...text(2, "g"),
    ...inputs.flatMap((v) => value(11, v.name, v.dtype, v.shape)),
    ...outputs.flatMap((v) => value(12, v.name, v.dtype, v.shape))];
  return Uint8Array.from([...integer(1, 8), ...bytes(7, graph),
                          ...bytes(8, integer(2, 15))]);
}

// 1 or 0 in every channel, for an input that ONNX requires and the case lacks.
function filled(question, dtype, value) {
  const one = dtype === "f16" ? 0x3c00 : 1;
  const data = new formats[dtype].array(question.channels).fill(value * one);
  return {dtype, shape: [question.channels], data};
}

const yAlone = process.argv.includes("--y");
const absent = {gamma: 1, beta: 0, running_mean: 0, running_var: 1};
const places = {gamma: "scale", beta: "B", running_mean: "input_mean",
                running_var: "input_var"};

async function run(question) {
  const {x} = question.inputs;
  const training = question.operation === "forward_training";
  const inputs = [{name: "X", ...x}];
  const pairs = [["gamma", "beta"], ["running_mean", "running_var"]];
  for (const [name, other] of pairs.flatMap(([a, b]) => [[a, b], [b, a]])) {
    const {inputs: given} = question;
    const dtype = given[name]?.dtype ?? given[other]?.dtype ?? x.dtype;
    inputs.push({name: places[name],
      ...(given[name] ?? filled(question, dtype, absent[name]))});
  }
  if (inputs.some(({dtype}) => !types[dtype])) {
    throw new Unsupported("ONNX Runtime does not support this format");
  }
  if (inputs[1].dtype !== inputs[2].dtype ||
      inputs[3].dtype !== inputs[4].dtype) {
    throw new Unsupported("in ONNX gamma and beta have the same format, and " +
      "so do the two statistics");
  }
  const attributes = [...floatAttribute("epsilon",
    question.float32("epsilon", question.epsilon))];
  const outputs = [{name: "Y", dtype: x.dtype, shape: x.shape}];
  if (training) {
    attributes.push(...intAttribute("training_mode", 1));
    attributes.push(...floatAttribute("momentum", yAlone ? 0.5 :
      question.float32("1 - momentum", question.oldWeight())));
    for (const name of ["running_mean", "running_var"]) {
      outputs.push({name, dtype: inputs[3].dtype, shape: inputs[3].shape});
    }
  }
  return answered(question, inputs, outputs, attributes);
}

async function answered(question, inputs, outputs, attributes) {
  let session;
  try {
    session = await ort.InferenceSession.create(
      model(inputs, outputs, attributes), {logSeverityLevel: 3});
  } catch (error) {
    if (/NOT_IMPLEMENTED|Could not find an implementation|Type Error/.test(
      error.message)) {
      throw new Unsupported(error.message);
    }
    throw error;
  }
  const feeds = Object.fromEntries(inputs.map(({name, dtype, shape, data}) =>
    [name, new ort.Tensor(types[dtype][1], data, shape)]));
  const got = await session.run(feeds);
  await session.release();
  const answer = {};
  for (const {name, dtype, shape} of outputs) {
    const wire = name === "Y" ? "y" : name;
    if (wire !== "y" && (yAlone || !question.inputs[wire])) continue;
    const data = got[name].data;
    // A version of node with Float16Array returns one; take its bits.
    answer[wire] = {dtype, shape, data: dtype === "f16"
      ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data};
  }
  return answer;
}

await serve({
  subject: `ONNX Runtime ${ort.env.versions.node}` +
    (yAlone ? ", y alone" : ""),
  operations: ["forward_training", "forward_inference"],
  dtypes: ["f64", "f32", "f16"], channel_axes: ["1"],
  outputs: {forward_training:
    yAlone ? ["y"] : ["y", "running_mean", "running_var"]},
  running_variance: "biased", zero_variance: "nan"},
  run);
