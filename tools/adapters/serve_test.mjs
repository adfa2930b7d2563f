// SPDX-License-Identifier: Apache-2.0
// Tests serve.mjs: node serve_test.mjs
import assert from "node:assert";
import {spawnSync} from "node:child_process";
import {Case, Unsupported, decode, encode} from "./serve.mjs";

// Every bit pattern survives, in the right order.
for (const [dtype, digits] of Object.entries(
  {f64: 16, f32: 8, f16: 4, bf16: 4})) {
  const patterns = [];
  for (let i = 0; i < 65536; ++i) {
    const pattern = i.toString(16).padStart(4, "0");
    patterns.push(pattern.padEnd(digits, "5"));
  }
  const given = {dtype, shape: [256, 256], bits: patterns.join("")};
  assert.deepStrictEqual(encode(decode(given)), given);
}
const {data} = decode({dtype: "f32", shape: [2], bits: "3fc0000040000000"});
assert.deepStrictEqual([...data], [1.5, 2]);
assert.throws(() => decode({dtype: "f8e5m2", shape: [1], bits: "3c"}),
              Unsupported);
assert.throws(() => encode({dtype: "f32", shape: [1], data: [1]}));

// Parameters, and those that a framework cannot receive exactly.
const x = {dtype: "f32", shape: [2, 1], bits: "3f80000040000000"};
const asked = (more) => new Case({operation: "forward_training",
  channel_axis: 1, epsilon: "3fd0000000000000", inputs: {x}, ...more});
assert.strictEqual(asked({}).epsilon, 0.25);
assert.strictEqual(asked({}).weight, 0);
assert.strictEqual(asked({momentum: null, batches_tracked: 3}).weight, 0.25);
assert.strictEqual(asked({momentum: "3fc0000000000000"}).oldWeight(), 0.875);
assert.throws(() => asked({momentum: "3fb999999999999a"}).oldWeight(),
              Unsupported);
assert.strictEqual(asked({}).float32("e", 0.5), 0.5);
assert.throws(() => asked({}).float32("e", 0.1), Unsupported);

// The protocol: an exception is an answer, and a bad line ends the program.
const subject = `
  import {serve, Unsupported} from "${new URL("serve.mjs", import.meta.url)}";
  await serve({subject: "s"}, ({operation, inputs}) => {
    console.log("not for standard output");
    if (operation === "jvp_training") throw new Unsupported("no\\n jvp");
    if (operation === "backward_training") throw new Error("broken");
    return {y: inputs.x};
  });`;
const line = (operation) => JSON.stringify({case: operation, operation,
  channel_axis: 1, epsilon: "3fd0000000000000", inputs: {x}}) + "\n";
const ran = spawnSync(process.execPath, ["--input-type=module", "-e", subject],
  {encoding: "utf8", input: line("forward_training") + line("jvp_training") +
    line("backward_training") + "hello\n" + line("forward_training")});
assert.strictEqual(ran.status, 2, ran.stderr);
assert.deepStrictEqual(ran.stdout.trim().split("\n").map(JSON.parse), [
  {subject: "s"}, {case: "forward_training", outputs: {y: x}},
  {case: "jvp_training", unsupported: "no jvp"},
  {case: "backward_training", error: "broken"}]);
assert.match(ran.stderr, /serve\.mjs: line 4 is not a case: /);
