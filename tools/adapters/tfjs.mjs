#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// TensorFlow.js on its CPU backend: tf.layers.batchNormalization, which calls
// tf.batchNorm, and its gradients. The layer receives the channel axis of the
// case; with --last, x is transposed so that channels are last.
import {createRequire} from "node:module";
import {Unsupported, serve} from "./serve.mjs";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs-core");
const layers = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
tf.enableProdMode();  // else it recommends a faster backend
await tf.setBackend("cpu");

function tensor(question, name) {
  const given = question.inputs[name];
  if (!given) return undefined;
  if (given.dtype === "f64") throw new Unsupported(`${name} is f64`);
  return tf.tensor(widened(given), given.shape, "float32");
}

// f16 and bf16 as f32, which is exact.
function widened({dtype, data}) {
  if (dtype === "f32") return data;
  if (dtype === "bf16") {
    return new Float32Array(Uint32Array.from(data, (b) => b << 16).buffer);
  }
  return Float32Array.from(data, (bits) => {
    const e = bits >> 10 & 31, f = bits & 1023;
    const size = e === 31 ? (f ? NaN : Infinity)
                          : e ? (1 + f / 1024) * 2 ** (e - 15) : f * 2 ** -24;
    return bits >> 15 ? -size : size;
  });
}

const transposing = process.argv.includes("--last");

// x or dy.
function activation(question, name) {
  const given = tensor(question, name);
  if (!transposing) return given;
  const axes = given.shape.map((_, i) => i);
  axes.push(...axes.splice(question.channelAxis, 1));
  return tf.transpose(given, axes);
}

function putActivation(question, t) {
  if (!transposing) return out(t);
  const axes = t.shape.map((_, i) => i);
  axes.splice(question.channelAxis, 0, axes.pop());
  return out(tf.transpose(t, axes));
}

const out = (t) => ({dtype: "f32", shape: t.shape,
                     data: Float32Array.from(t.dataSync())});

// A layer with the parameters of the case. If the case has no statistics, they
// start at 0 and 1, and are not outputs.
function layer(question, gamma, beta, momentum) {
  if (question.inputs.x.shape.length > 4) {
    throw new Unsupported("tf.batchNorm has no rank 5");
  }
  const shape = activation(question, "x").shape;
  const bn = layers.layers.batchNormalization({
    axis: transposing ? -1 : question.channelAxis, momentum,
    epsilon: question.epsilon, scale: gamma !== undefined,
    center: beta !== undefined});
  bn.build(shape);
  const mean = tensor(question, "running_mean");
  const variance = tensor(question, "running_var");
  gamma && bn.gamma.write(gamma);
  beta && bn.beta.write(beta);
  mean && bn.movingMean.write(mean);
  variance && bn.movingVariance.write(variance);
  return bn;
}

function forwardTraining(question) {
  // The layer stores 1 - momentum in a tensor of one float.
  question.float32("the weight of the new statistic", question.weight);
  const bn = layer(question, tensor(question, "gamma"),
                   tensor(question, "beta"), question.oldWeight());
  const y = bn.apply(activation(question, "x"), {training: true});
  const answer = {y: putActivation(question, y)};
  if (question.inputs.running_mean) {
    answer.running_mean = out(bn.movingMean.read());
  }
  if (question.inputs.running_var) {
    answer.running_var = out(bn.movingVariance.read());
  }
  return answer;
}

function forwardInference(question) {
  const bn = layer(question, tensor(question, "gamma"),
                   tensor(question, "beta"), 1);
  const y = bn.apply(activation(question, "x"), {training: false});
  return {y: putActivation(question, y)};
}

// An absent gamma is ones, because dgamma needs one. (In training the layer of
// 4.22 throws unless it has both gamma and beta.)
function backward(question, training) {
  const bn = layer(question, tensor(question, "gamma") ??
    tf.ones([question.channels]), tf.zeros([question.channels]), 1);
  const x = activation(question, "x");
  const [dx, dgamma, dbeta] = tf.engine().gradients(
    () => bn.apply(x, {training}), [x, bn.gamma.val, bn.beta.val],
    activation(question, "dy")).grads;
  return {dx: putActivation(question, dx), dgamma: out(dgamma),
          dbeta: out(dbeta)};
}

const operations = {
  forward_training: forwardTraining, forward_inference: forwardInference,
  backward_training: (question) => backward(question, true),
  backward_inference: (question) => backward(question, false)};

function run(question) {
  try {
    return tf.tidy(() => operations[question.operation](question));
  } finally {
    tf.disposeVariables();
  }
}

await serve({
  subject: `TensorFlow.js ${layers.version_layers} (cpu` +
    (transposing ? ", channels last)" : ")"),
  operations: Object.keys(operations), dtypes: ["f32"],
  outputs: {forward_training: ["y", "running_mean", "running_var"]},
  running_variance: "biased", zero_variance: "nan"},
  run);
