// SPDX-License-Identifier: Apache-2.0
// Makes a JavaScript function a subject, as serve.py does in Python: serve()
// calls it with each Case, and answers with the outputs that it returns.
import {createInterface} from "node:readline";

export class Unsupported extends Error {}

// There are no typed arrays for f16 and bf16: their bit patterns are in a
// Uint16Array.
export const formats = {
  f64: {bytes: 8, array: Float64Array},
  f32: {bytes: 4, array: Float32Array},
  f16: {bytes: 2, array: Uint16Array},
  bf16: {bytes: 2, array: Uint16Array},
};

// The wire format is big-endian, typed arrays are mostly little-endian.
function swapped(buffer, width) {
  if (width === 8) return buffer.swap64();
  return width === 4 ? buffer.swap32() : buffer.swap16();
}

export function decode({dtype, shape, bits}) {
  const {bytes, array} = formats[dtype] ?? {};
  if (!array) throw new Unsupported(`no ${dtype}`);
  const raw = swapped(Buffer.from(bits, "hex"), bytes);
  const data = new array(raw.length / bytes);
  Buffer.from(data.buffer).set(raw);
  return {dtype, shape, data};
}

export function encode({dtype, shape, data}) {
  const {bytes, array} = formats[dtype];
  if (!(data instanceof array)) {
    throw new Error(`${dtype} data must be a ${array.name}`);
  }
  const raw = Buffer.from(new array(data).buffer);
  return {dtype, shape: [...shape], bits: swapped(raw, bytes).toString("hex")};
}

const number = (bits) => Buffer.from(bits, "hex").readDoubleBE();

// operation, channelAxis, epsilon; weight of the new statistic; inputs by name,
// each with dtype, shape and data.
export class Case {
  constructor(line) {
    this.operation = line.operation;
    this.channelAxis = line.channel_axis;
    this.epsilon = number(line.epsilon);
    this.inputs = {};
    for (const [name, tensor] of Object.entries(line.inputs)) {
      this.inputs[name] = decode(tensor);
    }
    this.weight = line.momentum ? number(line.momentum)
                                : 1 / ((line.batches_tracked ?? 0) + 1);
    if (line.momentum === undefined) this.weight = 0;
    this.channels = this.inputs.x.shape[this.channelAxis];
  }
  // The weight of the old statistic. Throws Unsupported if it is not exact: the
  // framework would receive a different case.
  oldWeight() {
    const old = 1 - this.weight;
    if (1 - old !== this.weight) {
      throw new Unsupported("1 - momentum has more digits than an f64");
    }
    return old;
  }
  float32(what, value) {
    if (Math.fround(value) !== value) {
      throw new Unsupported(`${what} must be a float, and is not one`);
    }
    return value;
  }
}

const oneLine = (error) =>
  String(error?.message ?? error).replace(/\s+/g, " ").slice(0, 400);

// declaration: the fields of oracles/README.md. run(case): the outputs by name,
// each with dtype, shape and data, or a promise of them.
export async function serve(declaration, run) {
  const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
  console.log = console.warn = console.info = console.error;
  say(declaration);
  let at = 0;
  for await (const line of createInterface({input: process.stdin})) {
    at += 1;
    let question;
    try {
      question = JSON.parse(line);
      if (typeof question.case !== "string") throw new Error("it has no case");
    } catch (error) {
      console.error(`serve.mjs: line ${at} is not a case: ${oneLine(error)}`);
      process.exit(2);
    }
    const answer = {case: question.case};
    try {
      answer.outputs = {};
      const outputs = await run(new Case(question));
      for (const [name, tensor] of Object.entries(outputs)) {
        answer.outputs[name] = encode(tensor);
      }
    } catch (error) {
      delete answer.outputs;
      const kind = error instanceof Unsupported ? "unsupported" : "error";
      answer[kind] = oneLine(error);
    }
    say(answer);
  }
}
